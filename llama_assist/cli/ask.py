"""`llama-assist eval questions`: ask about notebooks, and compare with the cells that hold the answers."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from llama_assist.cli.settings import add_settings, read_settings
from llama_assist.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_assist.assistant import Assistant
    from llama_assist.backends import Backend
    from llama_assist.cli.ask_report import Answer
    from llama_assist.cli.questions import Asked
    from llama_assist.config import Assist
    from llama_assist.context.retrieve import Retrieved
    from llama_assist.types import TaskRequest

    Keep = Callable[[Answer], None]
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BUDGET = 1000


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("questions", help="ask about notebooks whose answers are known")
    parser.add_argument(
        "questions",
        metavar="QUESTIONS.jsonl",
        type=Path,
        nargs="+",
        help="a line each: id, question, notebook, gold and also (cells); notebooks.jsonl or .ipynb files beside it",
    )
    parser.add_argument("--budget", type=int, default=BUDGET, metavar="N", help=f"tokens to retrieve ({BUDGET})")
    parser.add_argument("--answers", action="store_true", help="let the model answer, too, and look at what it cites")
    parser.add_argument("--out", metavar="ANSWERS.jsonl", type=Path, help="file to write, a line for each answer")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a table of what is retrieved, and one of the answers if they are wanted."""
    from llama_assist.cli.ask_report import answer_table, retrieval_table
    from llama_assist.cli.questions import read_questions
    from llama_assist.cli.session import make_backend

    questions = read_questions(arguments.questions)
    config = read_settings(arguments)
    backend = make_backend(config)
    with _written(arguments.out) as keep:
        structured, plain = asyncio.run(_retrieve_all(backend, questions, arguments.budget))
        print(retrieval_table(f"retrieval within {arguments.budget} tokens", questions, structured, plain), flush=True)
        if arguments.answers:
            answers = asyncio.run(_answer_all(backend, config, questions, keep))
            print(answer_table(f"\nanswers of {config.model}", questions, answers))
    return 0


async def _retrieve_all(
    backend: Backend, questions: Sequence[Asked], budget: int
) -> tuple[list[Retrieved], list[Retrieved]]:
    """Return what is retrieved with structure and by words alone; loads the tokenizer and no model."""
    from llama_assist.context.retrieve import Retriever

    await backend.describe()
    both = (Retriever(), Retriever(structure=False))
    structured, plain = (
        [retriever.retrieve(asked.document, asked.question, budget, backend.count) for asked in questions]
        for retriever in both
    )
    return structured, plain


async def _answer_all(backend: Backend, config: Assist, questions: Sequence[Asked], keep: Keep) -> list[Answer]:
    from llama_assist.assistant import Assistant

    assistant = Assistant(backend, config)
    answers: list[Answer] = []
    await backend.start()
    try:
        for asked in questions:
            answers.append(await _answer(assistant, asked))
            keep(answers[-1])
    finally:
        await backend.stop()
    return answers


async def _answer(assistant: Assistant, asked: Asked) -> Answer:
    """Ask as a user would, from the panel or the magic."""
    from llama_assist.cli.ask_report import Answer
    from llama_assist.context.citations import admits

    text, started = "", time.perf_counter()
    debug: dict[str, object] = {}
    async with aclosing(assistant.perform(_request(asked))) as chunks:
        async for chunk in chunks:
            text += chunk.text
            debug = dict(chunk.debug) if chunk.debug is not None else debug
    cells = tuple(cast("Sequence[int]", debug.get("cells", ())))
    says_no = admits(text) or debug.get("found") is False
    return Answer(asked.id, text, cells, says_no, round((time.perf_counter() - started) * 1e3, 1))


def _request(asked: Asked) -> TaskRequest:
    from llama_assist.types import TaskRequest

    return TaskRequest("ask", asked.document, asked.question)


@contextmanager
def _written(path: Path | None) -> Iterator[Keep]:
    """Give a function that writes an answer to the file at once, if there is to be one."""
    if path is None:
        yield lambda answer: None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be written: {error}", "out") from error
    with file:
        yield lambda answer: print(answer.line(), end="", file=file, flush=True)
