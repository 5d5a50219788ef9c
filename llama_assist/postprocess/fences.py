"""The fenced code of an answer, also while it is still being written."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPEN = re.compile(r"^ {0,3}(`{3,}|~{3,})([^`\n]*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fence:
    """One block: `start` is where its fence begins, `end` what follows the closing one, None while there is none."""

    start: int
    end: int | None
    code: str
    language: str


def fences(text: str) -> list[Fence]:
    """Return the blocks in order; the last one may be unfinished."""
    found: list[Fence] = []
    position = 0
    while (opening := _OPEN.search(text, position)) is not None:
        mark = opening[1]
        closing = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(text, opening.end())
        code = text[opening.end() : len(text) if end is None else end.start()]
        words = opening[2].split()
        language = words[0].strip("{}.").lower() if words else ""
        found.append(Fence(opening.start(), None if end is None else end.end(), code, language))
        if end is None:
            break
        position = end.end()
    return found
