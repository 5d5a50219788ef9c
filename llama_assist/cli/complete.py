"""`llama-assist complete`: what the editor would be offered at a cursor of a notebook or source file."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from llama_assist.cli.place import Place, place_in_notebook, place_in_source, read_notebook
from llama_assist.cli.settings import add_settings, read_settings
from llama_assist.errors import InvalidRequestError
from llama_assist.types import CompletionRequest, SamplingParams, cell_index

if TYPE_CHECKING:
    from llama_assist.cli.reply import Reply
    from llama_assist.config import Assist

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

MAX_TOKENS = 64


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("complete", help="complete at a cursor of a notebook or source file")
    parser.add_argument("file", metavar="FILE", type=Path, help="a notebook (.ipynb), or a source file")
    parser.add_argument("--cell", type=int, metavar="N", help="cell of the notebook, counted from 1")
    parser.add_argument("--offset", type=int, metavar="K", help="characters of the cell before the cursor (all)")
    parser.add_argument("--line", type=int, metavar="L", help="line of the source file, counted from 1")
    parser.add_argument("--column", type=int, metavar="C", help="characters of the line before the cursor (all)")
    parser.add_argument("--language", default="python", help="language of the source file (python)")
    parser.add_argument(
        "--max-tokens", type=int, default=MAX_TOKENS, metavar="N", help=f"most tokens to write ({MAX_TOKENS})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object: text, times, counts, what was sent")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the completion to stdout as it comes; times go to stderr."""
    place = find_place(arguments)
    request = CompletionRequest(
        prefix=place.prefix,
        suffix=place.suffix,
        document=place.document,
        sampling=SamplingParams(max_tokens=arguments.max_tokens),
        manual=True,
    )
    asyncio.run(_complete(read_settings(arguments), request, as_json=arguments.json))
    return 0


def find_place(arguments: argparse.Namespace) -> Place:
    """Return the cursor that the flags name; raise `InvalidRequestError` where they do not suit the file."""
    is_notebook = arguments.file.suffix == ".ipynb"
    needed, others = ("cell", ("line", "column")) if is_notebook else ("line", ("cell", "offset"))
    if getattr(arguments, needed) is None or any(getattr(arguments, other) is not None for other in others):
        wanted = "--cell N [--offset K]" if is_notebook else "--line L [--column C]"
        raise InvalidRequestError(f"The cursor in {arguments.file} is given by {wanted}.", needed)
    if is_notebook:
        return place_in_notebook(read_notebook(arguments.file), cell_index(arguments.cell), arguments.offset)
    return place_in_source(arguments.file, arguments.line, arguments.column, arguments.language)


async def _complete(config: Assist, request: CompletionRequest, *, as_json: bool) -> None:
    from llama_assist.cli.screen import Screen
    from llama_assist.cli.session import open_session

    screen = Screen()
    async with open_session(config) as session:
        reply = await session.complete(request, None if as_json else screen.stream(style=""))
    if as_json:
        print(json.dumps(_as_object(reply), ensure_ascii=False))
        return
    screen.line()
    print(reply.describe(), file=sys.stderr)


def _as_object(reply: Reply) -> dict[str, object]:
    return {
        "text": reply.text,
        "finish_reason": reply.finish_reason,
        "ttft_ms": round(reply.first_text_ms, 1),
        "total_ms": round(reply.total_ms, 1),
        "usage": asdict(reply.usage),
        "debug": dict(reply.debug),
    }
