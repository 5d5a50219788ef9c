"""`llama-assist eval keystrokes`: type into the holes of a file as a person would, and count what was saved."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from llama_assist.cli.settings import add_settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llama_assist.cli.holes import Hole
    from llama_assist.cli.typist import Key, Typist
    from llama_assist.config import Assist
    from llama_assist.inline_prompt import Recipe

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NUM_HOLES = 30
KEY_MS = 300.0
LAYOUTS = ("anchored", "plain", "psm", "spm", "none", "comment", "placeholder")


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("keystrokes", help="type into holes key by key, as a person would")
    parser.add_argument("holes", metavar="HOLES.jsonl", type=Path, help="as of `eval completions`, with `expected`")
    parser.add_argument("--limit", type=int, default=NUM_HOLES, metavar="N", help=f"the first N holes ({NUM_HOLES})")
    parser.add_argument("--key-ms", type=float, default=KEY_MS, metavar="MS", help=f"time between keys ({KEY_MS:.0f})")
    parser.add_argument("--by-word", action="store_true", help="take the next word too, where it alone is right")
    parser.add_argument("--layout", choices=LAYOUTS, default="anchored", help="form of the prompt")
    parser.add_argument("--out", metavar="KEYS.jsonl", type=Path, help="file to write, a line for each request")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Type, and print a table by kind of hole."""
    from llama_assist.cli.holes import read_holes
    from llama_assist.cli.typist import Typist
    from llama_assist.inline_prompt import Recipe

    typist, recipe = Typist(arguments.key_ms, arguments.by_word), Recipe(layout=arguments.layout)
    holes = [hole for hole in read_holes(arguments.holes, arguments.limit) if hole.expected]
    typed = asyncio.run(_type_all(read_settings(arguments), recipe, holes, typist))
    keys = [key for each in typed for key in each]
    if arguments.out is not None:
        arguments.out.write_text("".join(json.dumps(asdict(key)) + "\n" for key in keys), encoding="utf-8")
    print(table(holes, keys, arguments.key_ms))
    return 0


async def _type_all(config: Assist, recipe: Recipe, holes: Sequence[Hole], typist: Typist) -> list[list[Key]]:
    from llama_assist.cli.session import open_session
    from llama_assist.cli.typist import type_hole

    async with open_session(config, recipe) as session:
        return [await type_hole(session, hole, typist) for hole in holes]


def table(holes: Sequence[Hole], keys: Sequence[Key], key_ms: float) -> str:
    """Return the figures by kind for people.

    `in time`: there was something to show, or it was clear that there is nothing, before the next key; `ms`: median
    of those; `read`: median prompt tokens not cached, within a line and after Enter; `wasted`: mean tokens that a
    cancelled request had written; `saved`: characters taken, less a key for each time, of all that were to be typed.
    """
    names = ("kind", "holes", "keys", "in time", "ms", "read", "Enter", "wasted", "shown", "right", "saved")
    lines = [f"a key every {key_ms:.0f} ms", "".join(f"{name:>9}" for name in names)]
    for kind in ("all", *dict.fromkeys(hole.kind for hole in holes)):
        chosen = [hole for hole in holes if kind in ("all", hole.kind)]
        lines.append(_line(kind, chosen, [key for key in keys if kind in ("all", key.kind)]))
    return "\n".join(lines)


def _line(kind: str, holes: Sequence[Hole], keys: Sequence[Key]) -> str:
    warm = [key for key in keys if not key.is_first]
    answered = [key.answered_ms for key in warm if key.answered_ms is not None]
    cancelled = [key for key in warm if key.answered_ms is None]
    shown = [key for key in keys if key.shown]
    saved = sum(key.accepted - 1 for key in keys if key.accepted) / sum(len(hole.expected or "") for hole in holes)
    figures = (
        f"{kind:>9}{len(holes):9}{len(warm):9}",
        f"{100 * len(answered) / max(1, len(warm)):9.1f}{_median(answered):9.0f}",
        f"{_median(key.tokens_read for key in warm if not key.is_line_start):9.0f}",
        f"{_median(key.tokens_read for key in warm if key.is_line_start):9.0f}",
        f"{sum(key.tokens_written for key in cancelled) / max(1, len(cancelled)):9.1f}",
        f"{100 * len(shown) / max(1, len(keys)):9.1f}",
        f"{100 * sum(key.accepted > 0 for key in shown) / max(1, len(shown)):9.1f}",
        f"{100 * saved:9.1f}",
    )
    return "".join(figures)


def _median(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else float("nan")
