"""Put a completion's lines where the block at the cursor has them, with the cell's own tabs or spaces."""

from __future__ import annotations

import re
from itertools import pairwise

from llama_assist.postprocess.columns import indentation, width
from llama_assist.postprocess.duplicates import at_cursor
from llama_assist.postprocess.lexer import is_prose
from llama_assist.postprocess.site import Site, is_header
from llama_assist.postprocess.statements import statements

_DEFAULT_UNIT = "    "


def indent(site: Site, text: str) -> str:
    """Return the completion with its first line at a column that the cell has there, and its blocks in its style."""
    if is_prose(site.language) or not text.strip():
        return text
    if site.is_line_start and not site.state:
        text = at_cursor(site, text) if re.match(r"[ \t]*\n", text) else text
        text = _placed(site, text)
    return _in_style(site, text)


def _placed(site: Site, text: str) -> str:
    """Move all lines so that the first stands where it may."""
    column = width(site.typed + text)
    wanted = _column(site, column, is_header(text.split("\n")[0], site.language))
    return text if wanted == column else move(site, text, wanted)


def move(site: Site, text: str, wanted: int) -> str:
    """Return the completion with its first line at the column `wanted`, and what belongs to it moved as much."""
    column = width(site.typed + text)
    first, *others = text.lstrip(" \t").split("\n")
    blanks = _blanks(site, wanted)
    first = (blanks.removeprefix(site.typed) if blanks.startswith(site.typed) else "") + first
    return "\n".join([first, *(_moved(line, column, wanted) for line in others)])


def _moved(line: str, column: int, wanted: int) -> str:
    if not line.strip() or width(line) < column:
        return line
    return " " * (width(line) + wanted - column) + line.lstrip(" \t")


def _column(site: Site, column: int, is_header: bool) -> int:
    """Return the column for a statement that was written at `column`: one that the syntax allows, or `column`."""
    typed = width(site.typed)
    if site.header is None:
        levels = block_columns(site)
        return column if column in levels or typed not in levels else typed
    if typed > site.header:
        return typed
    below = width(site.lines_below[0]) if site.is_body_below(site.header) else None
    if column > site.header and (below is None or column <= below):
        return column
    inner = site.header + width((site.unit or _DEFAULT_UNIT) + "x")
    return inner if below is None or (is_header and inner < below) else below


def block_columns(site: Site) -> set[int]:
    """Return the columns of the blocks that are open above the cursor."""
    levels = {0}
    limit: int | None = None
    for statement in reversed(site.statements_above):
        column = width(statement)
        if limit is None or column < limit:
            levels.add(column)
            limit = column
    return levels


def _blanks(site: Site, column: int) -> str:
    """Return blanks up to a column, as the cell writes them."""
    if site.unit == "\t" or (not site.unit and "\t" in site.typed):
        step = width("\tx")
        return "\t" * (column // step) + " " * (column % step)
    return " " * column


def _in_style(site: Site, text: str) -> str:
    """Write the steps of the completion's blocks as the cell writes its own."""
    lines = [line for line in statements(site, text, site.read(text)) if not line.is_blank]
    own = next((below for above, below in pairwise(lines) if is_header(above.text, site.language)), None)
    base = lines[0]
    if not site.unit or own is None or own.column <= base.column:
        return text
    step = own.column - base.column
    if indentation(own.text) == indentation(base.text) + site.unit:
        return text
    pieces, end = [], 0
    for line in lines[1:]:
        steps, odd = divmod(line.column - base.column, step)
        if steps > 0 and not odd:
            pieces += [text[end : line.start], indentation(base.text) + site.unit * steps]
            end = line.start + len(indentation(line.text))
    return "".join([*pieces, text[end:]])
