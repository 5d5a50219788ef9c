"""How long retrieval takes in a notebook of 200 cells: `python tests/benchmarks/retrieval_speed.py`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from statistics import median

from llama_assist.cli.questions import read_questions
from llama_assist.context.retrieve import Retriever
from llama_assist.types import Document

NUM_CELLS = 200
BUDGET = 1000
FOLDER = Path(__file__).parent.parent / "data" / "qa"


def count(text: str) -> int:
    """Stand in for a tokenizer."""
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def main() -> None:
    """Print the first time, that of other questions to the same notebook, and that after an edit of one cell."""
    questions = read_questions(sorted(FOLDER.glob("questions*.jsonl")))
    documents = {asked.document.path: asked.document for asked in questions}
    cells = tuple(cell for document in documents.values() for cell in document.cells)[:NUM_CELLS]
    retriever, document = Retriever(), Document(cells)
    first = _time(retriever, document, questions[0].question)
    warm = [_time(retriever, document, asked.question) for asked in questions]
    edited = [
        _time(retriever, Document((*cells[:-1], cells[number])), asked.question)
        for number, asked in enumerate(questions)
    ]
    print(f"{len(cells)} cells; first {first:.1f} ms, warm {_summary(warm)}, after an edit {_summary(edited)}")


def _time(retriever: Retriever, document: Document, question: str) -> float:
    started = time.perf_counter()
    retriever.retrieve(document, question, BUDGET, count)
    return (time.perf_counter() - started) * 1e3


def _summary(times: list[float]) -> str:
    return f"median {median(times):.1f} ms, longest {max(times):.1f} ms"


if __name__ == "__main__":
    main()
