"""`llama-assist bench`: how fast the engine loads, reads, writes and follows typing, alone or beside llama.cpp."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from llama_assist.cli.settings import add_settings, read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NUM_RUNS = 5


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("bench", help="measure the engine, alone or beside llama.cpp")
    parser.add_argument("--json", action="store_true", help="print one JSON object with every single figure")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="replay typing: [{seq, context, prefix, suffix}]")
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="run llama.cpp too, on this file of the same weights")
    parser.add_argument("--runs", type=int, default=NUM_RUNS, metavar="N", help=f"runs of each measure ({NUM_RUNS})")
    parser.add_argument(
        "--prompts", type=Path, metavar="FILE", help="write on behind the cursors of this file too, as eval completions"
    )
    parser.add_argument("--trace-runs", type=int, default=1, metavar="N", help="passes over the trace (1)")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a table, or JSON; what is being measured is told on stderr."""
    from rich.console import Console

    from llama_assist.cli.bench.compare import Plan, compare
    from llama_assist.cli.bench.prompts import read_prompts
    from llama_assist.cli.bench.report import as_object, as_table
    from llama_assist.cli.bench.trace import read_trace

    trace = read_trace(arguments.trace) if arguments.trace is not None else []
    prompts = read_prompts(arguments.prompts) if arguments.prompts is not None else []
    plan = Plan(arguments.runs, trace, arguments.trace_runs, arguments.gguf, prompts)
    with _progress() as announce:
        report = asyncio.run(compare(read_settings(arguments), plan, announce))
    if arguments.json:
        print(json.dumps(as_object(report), indent=1))
        return 0
    print("\n".join(f"{name}: {text}" for name, text in report.setup.items()))
    Console(soft_wrap=True).print(as_table(report))
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Give a function that says on stderr what is being measured."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:
        yield lambda text: status.update(text) if console.is_terminal else console.print(text)
