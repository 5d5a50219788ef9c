"""The part of a cell that a completion can break: the statement around the cursor, whatever stands above and below."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from llama_assist.postprocess.columns import width
from llama_assist.postprocess.lexer import CLOSERS, OPENERS, Mark, closing, lexemes
from llama_assist.postprocess.site import Site, is_clause, is_header

_MAX_REGION = 8_000
_MAX_STATEMENT = 40_000
_OUTER_LINE = re.compile(r"(?<=\n)(?=[^\s)\]}])")
_OPENING = "if 1:\n"  # makes an indented region whole


def narrow(site: Site) -> Site:
    """Return the site with only the top-level statement around it; of one that is long, only the function around it.

    The cell parses with a completion just if the narrow site does, as far as what was left out parses. Of languages
    other than Python, what is long is cut at lines that are not indented.
    """
    if site.language != "python":
        return _near(site)
    mended = narrowed = _mended(site)
    for column in _columns(mended):
        narrowed = _cut(mended, column)
        if len(narrowed.prefix) + len(narrowed.suffix) <= _MAX_REGION:
            break
    narrowed = _inside_brackets(narrowed)
    return narrowed if len(narrowed.prefix) + len(narrowed.suffix) <= _MAX_STATEMENT else _near(narrowed)


def _mended(site: Site) -> Site:
    """Return the site with an end to the brackets that were forgotten above."""
    pieces, end = [], 0
    for distance, closers in site.forgotten:
        at = len(site.prefix) - distance
        pieces += [site.prefix[end:at], closers, "\n"]
        end = at
    return replace(site, prefix="".join([*pieces, site.prefix[end:]])) if pieces else site


def _near(site: Site) -> Site:
    """Return the site with no more than some screens of text before and after the cursor."""
    half = _MAX_REGION // 2
    prefix, suffix = site.prefix, site.suffix
    if max(len(prefix), len(suffix)) <= half:
        return site
    if len(prefix) > half:
        found = _OUTER_LINE.search(prefix, len(prefix) - half, len(prefix) - len(site.typed))
        prefix = prefix[found.start() if found is not None else len(prefix) - half :]
    if len(suffix) > half:
        ends = [found.start() for found in _OUTER_LINE.finditer(suffix, 0, half)]
        suffix = suffix[: ends[-1] if ends else half]
    return replace(site, prefix=prefix, suffix=suffix)


def _inside_brackets(site: Site) -> Site:
    """Return the site with only the nearer items of a long literal or call: the same brackets are open around them."""
    if len(site.prefix) + len(site.suffix) <= _MAX_REGION:
        return site
    half = _MAX_REGION // 2
    before = _until(len(site.prefix) - half, lexemes(site.prefix, site.language))
    after = _until(half, lexemes(site.suffix, site.language, site.wanted))
    first = next((mark for mark in reversed(before) if _ends_item(site.prefix, mark)), None)
    last = next((mark for mark in reversed(after) if _ends_item(site.suffix, mark)), None)
    prefix, suffix = site.prefix, site.suffix
    if first is not None:
        prefix = "".join("f(" if each == "(" else each for each in first.state) + prefix[first.start :]
    if last is not None and first is not None:
        suffix = suffix[: last.end] + closing(last.state)
    return replace(site, prefix=prefix, suffix=suffix)


def _until(end: int, marks: Iterator[Mark]) -> list[Mark]:
    return list(takewhile(lambda mark: mark.end <= end, marks))


def _ends_item(text: str, mark: Mark) -> bool:
    """Tell whether a lexeme is the end of a line inside brackets, behind a whole item."""
    if mark.text != "\n" or not mark.state or any(each not in CLOSERS for each in mark.state):
        return False
    return text[: mark.start].rstrip(" \t\r")[-1:] in (",", *CLOSERS)


def _columns(site: Site) -> Iterator[int]:
    """Yield 0 and the columns of the functions and classes around the cursor, outermost first."""
    yield 0
    inner: list[int] = []
    for statement in reversed(site.statements_above):
        column = width(statement)
        if is_header(statement, site.language) and (not inner or column < inner[0]) and _is_definition(statement):
            inner.insert(0, column)
    yield from (column for column in inner if column > 0)


def _is_definition(statement: str) -> bool:
    return statement.split(None, 1)[0] in ("def", "class", "async", "@")


def _cut(site: Site, column: int) -> Site:
    prefix = (_OPENING if column else "") + "\n".join(site.prefix.split("\n")[_first_line(site, column) :])
    suffix = _suffix(site, column)
    is_same = len(prefix) == len(site.prefix) and len(suffix) == len(site.suffix)
    return site if is_same else replace(site, prefix=prefix, suffix=suffix)


def _first_line(site: Site, column: int) -> int:
    """Return the number of the line where the last statement at `column` begins; a clause goes with what is above."""
    starts = [number for number, text in site.numbered_above if width(text) == column and not is_clause(text)]
    if site.state and width(site.statement) == column and not is_clause(site.statement):
        starts.append(site.prefix.count("\n") - site.statement.count("\n"))
    return starts[-1] if starts else 0


def _suffix(site: Site, column: int) -> str:
    """Return the suffix up to the next statement at `column` or left of it."""
    for mark in lexemes(site.suffix, site.language, site.wanted):
        if mark.text != "\n" or mark.state:
            continue
        line = site.suffix[mark.end :].partition("\n")[0]
        is_statement = line.strip() and not site.is_comment(line) and line.lstrip()[0] not in OPENERS
        if is_statement and width(line) <= column and not is_clause(line):
            return site.suffix[: mark.end]
    return site.suffix
