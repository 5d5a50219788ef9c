"""The part of a cell that a completion can break: the statement around the cursor, whatever stands above and below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llama_assist.postprocess.lexer import OPENERS, lexemes
from llama_assist.postprocess.site import Site, is_clause, is_header, width

_MAX_REGION = 8_000
_OPENING = "if 1:\n"  # makes an indented region whole


def narrow(site: Site) -> Site:
    """Return the site with only the top-level statement around it; of one that is long, only the function around it.

    The cell parses with a completion just if the narrow site does, as far as what was left out parses. Languages
    other than Python stay whole.
    """
    if site.language != "python":
        return site
    narrowed = site
    for column in _columns(site):
        narrowed = _cut(site, column)
        if len(narrowed.prefix) + len(narrowed.suffix) <= _MAX_REGION:
            break
    return narrowed


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
    prefix = "\n".join(site.prefix.split("\n")[_first_line(site, column) :])
    return replace(site, prefix=(_OPENING if column else "") + prefix, suffix=_suffix(site, column))


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
