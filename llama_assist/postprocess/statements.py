"""A completion as statements: where each begins and ends, whatever brackets and strings it goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llama_assist.postprocess.columns import width
from llama_assist.postprocess.lexer import Scan, State, in_text
from llama_assist.postprocess.site import Site

_CONTINUED = re.compile(r"(?:%>%|\|>|&&|\|\||[+,=]|<-)[ \t]*$")

_QUERY_END = re.compile(r";[ \t]*(?:--[^\n]*)?$")
_GAP = re.compile(r"\n[ \t]*\n")
_QUERY_END_OR_GAP = re.compile(rf";|{_GAP.pattern}")
_QUERY = re.compile(r"\s*(?:select|update|delete|insert|create|drop|alter)\b(?=\s)", re.IGNORECASE)
_OPEN_QUERY = re.compile(r"\A\s*(?:insert|create)\b|\b(?:union|all|distinct|except|intersect|as)\s*$", re.IGNORECASE)


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
        if mark.text == "\n" and _is_complete(site, mark.state, text, start, mark.start):
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


def _is_complete(site: Site, state: State, text: str, start: int, end: int) -> bool:
    depth = len(site.wanted)
    if site.language != "python":
        line = text[start:end] if start else site.typed + text[:end]
        if _CONTINUED.search(line) or (_is_query(site) and not _ends_query(site, text, start, end)):
            return False
        if site.state[-1:] == ("{",):
            depth = max(depth, len(site.state))
    return len(state) <= depth and not in_text(state)


def _is_query(site: Site) -> bool:
    """Tell whether a statement goes on over lines until its end is written; one that goes on below has an end."""
    return site.language == "sql" and not site.is_followed


def _ends_query(site: Site, text: str, start: int, end: int) -> bool:
    """Tell whether a statement of SQL ends at the newline at `end`: there is its mark, a gap, or another one begins."""
    whole = text[start:end] if start else _QUERY_END_OR_GAP.split(site.prefix)[-1] + text[:end]
    if not whole.strip() or _QUERY_END.search(whole) or _GAP.match(text, end):
        return True
    return _QUERY.match(whole) is not None and _QUERY.match(text, end) is not None and not _OPEN_QUERY.search(whole)
