"""The questions that retrieval is measured by: most of what answers them is found, whatever the tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebooks import count

from llama_assist.cli.questions import Asked, read_questions
from llama_assist.context.retrieve import Retriever

FOLDER = Path(__file__).parent.parent / "data" / "qa"
FILES = sorted(FOLDER.glob("questions*.jsonl"))


def recall(questions: list[Asked], *, structure: bool = True) -> float:
    retriever = Retriever(structure=structure)
    shares = []
    for asked in questions:
        if asked.is_answerable:
            found = retriever.retrieve(asked.document, asked.question, 1000, count)
            shares.append(len(asked.gold & set(found.cells)) / len(asked.gold))
    return sum(shares) / len(shares)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_nine_tenths_of_what_answers_are_found(file: Path) -> None:
    questions = read_questions([file])
    assert recall(questions) >= 0.9
    assert recall(questions) >= recall(questions, structure=False) + 0.1


def test_most_of_what_is_not_there_is_noticed_and_little_else_refused() -> None:
    retriever = Retriever()
    questions = read_questions(FILES)
    found = {asked.id: retriever.retrieve(asked.document, asked.question, 1000, count).found for asked in questions}
    absent = [asked for asked in questions if not asked.is_answerable]
    assert sum(not found[asked.id] for asked in absent) >= 0.6 * len(absent)
    assert sum(not found[asked.id] for asked in questions if asked.is_answerable) <= 0.05 * len(questions)


def test_the_set_names_where_each_notebook_comes_from() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(asked.document.path in readme for asked in read_questions(FILES))
