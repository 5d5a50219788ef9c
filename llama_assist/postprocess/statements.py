"""A completion as statements: where each begins and ends, whatever brackets and strings it goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llama_assist.postprocess.lexer import Scan, State, in_text
from llama_assist.postprocess.site import Site, width

_CONTINUED = re.compile(r"(?:%>%|\|>|&&|\|\||[+,=]|<-)[ \t]*$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a completion, or what there is of it so far; the first one begins with what was typed.

    `start` and `end` are offsets in the completion; `column` is that of the statement's first character in the cell.
    """

    start: int
    end: int
    text: str
    column: int
    is_blank: bool
    is_finished: bool


def statements(site: Site, text: str, read: Scan) -> Iterator[Statement]:
    """Yield what stands between newlines at which nothing is open but what the suffix closes."""
    start = 0
    for mark in read.marks:
        if mark.text == "\n" and _is_complete(site, mark.state, text[start : mark.start]):
            yield _statement(site, text, start, mark.start, is_finished=True)
            start = mark.end
    yield _statement(site, text, start, len(text), is_finished=False)


def finished_part(site: Site, text: str) -> str:
    """Return the statements of a growing completion that are whole: what more text will not change."""
    ends = [line.end for line in statements(site, text, site.read(text)) if line.is_finished and not line.is_blank]
    return text[: ends[-1]] if ends else ""


def _statement(site: Site, text: str, start: int, end: int, *, is_finished: bool) -> Statement:
    piece = text[start:end]
    whole = piece if start else site.statement + piece
    return Statement(start, end, whole, width(whole), not piece.strip(), is_finished)


def _is_complete(site: Site, state: State, text: str) -> bool:
    depth = len(site.wanted)
    if site.language != "python":
        if _CONTINUED.search(text):
            return False
        if site.state[-1:] == ("{",):
            depth = max(depth, len(site.state))
    return len(state) <= depth and not in_text(state)
