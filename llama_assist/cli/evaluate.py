"""`llama-assist eval`: `completions` fills the holes of a file through the editor's own path."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from llama_assist.cli import ask, keystrokes
from llama_assist.cli.settings import add_settings, read_settings
from llama_assist.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_assist.cli.holes import Hole, Prediction
    from llama_assist.config import Assist
    from llama_assist.inline_prompt import Recipe

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

MAX_TOKENS = 64
PARTS = (
    *("variables", "imports", "signatures", "above", "below", "related", "markdown"),
    *("repetition", "gap", "duplicates", "overlap", "balance", "indentation", "syntax", "unfinished"),
    *("copies", "names", "needed"),
)


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("eval", help="measure what the assistant is worth")
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    completions = kinds.add_parser("completions", help="fill holes cut from notebooks")
    completions.add_argument(
        "holes",
        metavar="HOLES.jsonl",
        type=Path,
        help="a line each: id, cells (type, source), cell, prefix, suffix",
    )
    completions.add_argument(
        "--out", metavar="PREDICTIONS.jsonl", type=Path, required=True, help="file to write, a line for each hole"
    )
    completions.add_argument("--limit", type=int, metavar="N", help="the first N holes only")
    completions.add_argument(
        "--max-tokens", type=int, default=MAX_TOKENS, metavar="N", help=f"most tokens to write ({MAX_TOKENS})"
    )
    completions.add_argument(
        "--report", action="store_true", help="print a table by kind, where the holes say what was expected"
    )
    completions.add_argument(
        "--ablation", action="store_true", help="print a table of what each part is worth, as Markdown, and end"
    )
    completions.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help=f"leave a part out, to see its worth: {', '.join(PARTS)}; may be given several times",
    )
    completions.add_argument("--layout", choices=keystrokes.LAYOUTS, default="anchored", help="form of the prompt")
    add_settings(completions)
    completions.set_defaults(run=run)
    keystrokes.add_parser(kinds)
    ask.add_parser(kinds)


def run(arguments: argparse.Namespace) -> int:
    """Write a prediction for each hole as soon as it is there; an interrupted run keeps what it has."""
    from llama_assist.cli.holes import read_holes
    from llama_assist.cli.report import rows, table
    from llama_assist.inline_prompt import Recipe

    unknown = sorted(set(arguments.without).difference(PARTS))
    if unknown:
        raise InvalidRequestError(f"There is no part {unknown[0]!r} to leave out. Known are {', '.join(PARTS)}.")
    holes = read_holes(arguments.holes, arguments.limit)
    config = read_settings(arguments)
    if arguments.ablation:
        print(asyncio.run(_ablate(config, holes, arguments)))
        return 0
    recipe = Recipe(frozenset(arguments.without), arguments.layout)
    predictions: list[Prediction] = []
    with _open(arguments.out) as out, _progress_bar(len(holes)) as advance:

        def keep(prediction: Prediction) -> None:
            predictions.append(prediction)
            out.write(prediction.line())
            out.flush()
            advance()

        asyncio.run(_predict_all(config, recipe, holes, arguments.max_tokens, keep))
    if arguments.report:
        print(table(_title(arguments), rows(holes, predictions)))
    return 0


def _title(arguments: argparse.Namespace) -> str:
    left_out = f", without {', '.join(arguments.without)}" if arguments.without else ""
    return f"{arguments.layout}{left_out}"


def _open(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be written: {error}", "out") from error


async def _predict_all(
    config: Assist, recipe: Recipe, holes: Sequence[Hole], max_tokens: int, keep: Callable[[Prediction], None]
) -> None:
    from llama_assist.cli.session import open_session

    async with open_session(config, recipe) as session:
        for hole in holes:
            keep(await session.predict(hole, max_tokens))


async def _ablate(config: Assist, holes: Sequence[Hole], arguments: argparse.Namespace) -> str:
    """Return the table; what the default recipe predicts is written as ever."""
    from llama_assist.cli.ablation import DEFAULT, ablate, ablation_table
    from llama_assist.cli.session import open_session

    with _open(arguments.out) as out, _progress_bar(len(holes)) as advance:
        async with open_session(config) as session:
            predictions = await ablate(session.backend, config, holes, arguments.max_tokens, advance)
        out.writelines(prediction.line() for prediction in predictions[DEFAULT])
    return ablation_table(holes, predictions)


@contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[], None]]:
    """Give a function that moves a bar on stderr by one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("holes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("holes", total=total)
        yield lambda: bar.advance(task)
