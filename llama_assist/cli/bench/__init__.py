"""`llama-assist bench`: how fast the engine loads, reads, writes and follows typing, alone or beside llama.cpp."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_assist.cli.settings import add_settings, read_settings
from llama_assist.errors import InvalidRequestError

if TYPE_CHECKING:
    from llama_assist.cli.bench.contender import Contender
    from llama_assist.cli.bench.measures import Announce, Bench
    from llama_assist.cli.bench.trace import Keystroke
    from llama_assist.config import Assist

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NUM_RUNS = 5


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("bench", help="measure the engine, alone or beside llama.cpp")
    parser.add_argument("--json", action="store_true", help="print one JSON object with every single figure")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="replay typing: [{seq, context, prefix, suffix}]")
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="run llama.cpp too, on this file of the same weights")
    parser.add_argument("--runs", type=int, default=NUM_RUNS, metavar="N", help=f"runs of each measure ({NUM_RUNS})")
    parser.add_argument("--trace-runs", type=int, default=1, metavar="N", help="passes over the trace (1)")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a table, or JSON; what is being measured is told on stderr."""
    from llama_assist.cli.bench.trace import read_trace

    if arguments.runs < 1 or arguments.trace_runs < 1:
        raise InvalidRequestError("--runs and --trace-runs count from 1.", "runs")
    config = read_settings(arguments)
    trace = read_trace(arguments.trace) if arguments.trace is not None else []
    with _progress() as announce:
        measured = asyncio.run(_measure(config, arguments, trace, announce))
    _print(*measured, as_json=arguments.json)
    return 0


async def _measure(
    config: Assist, arguments: argparse.Namespace, trace: Sequence[Keystroke], announce: Announce
) -> tuple[Bench, list[str], dict[str, str]]:
    """Return the measures, the names of the contenders, and what was compared on what."""
    from llama_assist.cli.bench.measures import Bench
    from llama_assist.cli.bench.ours import Ours
    from llama_assist.cli.bench.setup import describe_setup

    ours = Ours(config)
    contenders: list[Contender] = [ours]
    if arguments.gguf is not None:
        contenders.append(await _make_llama_cpp(ours, config, arguments.gguf))
    bench = Bench(contenders, arguments.runs, announce)
    try:
        await bench.load()
        setup = describe_setup(await ours.assistant.backend.describe(), ours.assistant.backend.status(), arguments.gguf)
        await _measure_loaded(bench, ours, config)
        if trace:
            await bench.replay(trace, arguments.trace_runs)
    finally:
        for contender in contenders:
            await contender.unload()
    return bench, [contender.name for contender in contenders], setup


async def _make_llama_cpp(ours: Any, config: Assist, gguf: Path) -> Contender:
    from llama_assist.cli.bench.llama_cpp import LlamaCpp, LlamaCppOptions, check_llama_cpp
    from llama_assist.cli.bench.setup import available_cores
    from llama_assist.prompt.fim import find_form

    check_llama_cpp(gguf)
    model = await ours.assistant.backend.describe()
    num_threads = config.num_threads or available_cores()
    return LlamaCpp(LlamaCppOptions(gguf, num_threads, config.context_length, find_form(model.family)))


async def _measure_loaded(bench: Bench, ours: Any, config: Assist) -> None:
    """Run what fits into the context of the model; sizes that do not are left out of the table."""
    from llama_assist.cli.bench.measures import LONG_CONTEXT, NEW_TOKENS, PREFILLS, SHORT_CONTEXT
    from llama_assist.cli.bench.texts import SourceTexts

    backend = ours.assistant.backend
    limit = min(config.context_length, (await backend.describe()).context_length)
    texts = SourceTexts(backend.count)
    for num_tokens in PREFILLS:
        if num_tokens + 1 < limit:
            await bench.prefill(texts, num_tokens)
    for num_tokens in (SHORT_CONTEXT, LONG_CONTEXT):
        if num_tokens + NEW_TOKENS < limit:
            await bench.decode(texts, num_tokens)
    bench.memory()


def _print(bench: Bench, names: list[str], setup: dict[str, str], *, as_json: bool) -> None:
    from rich.console import Console

    from llama_assist.cli.bench.report import as_object, as_table

    if as_json:
        print(json.dumps(as_object(bench.measures, names, setup), indent=1))
        return
    print("\n".join(f"{name}: {value}" for name, value in setup.items()))
    Console(soft_wrap=True).print(as_table(bench.measures, names))


@contextmanager
def _progress() -> Iterator[Announce]:
    """Give a function that says on stderr what is being measured."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:
        yield lambda text: status.update(text) if console.is_terminal else console.print(text)
