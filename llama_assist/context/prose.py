"""Markdown made into what a model needs of it: headings and plain text, without pictures, tags and long lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llama_assist.context.blocks import Block, block, lines_block, signature_lines
from llama_assist.context.notebook import CodeCell
from llama_assist.context.tokens import END, Count, fitting
from llama_assist.types import Cell

_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_NOISE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|<[^<>\n]{0,2000}>|\$\$|^[-=*_|:\s]+$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_MAX_LINE = 240
_SIGNATURES_SHARE = 0.2
_CODE_SHARE = 0.3


def plain(source: str, max_line: int = _MAX_LINE) -> list[str]:
    """Return the lines of a Markdown text without pictures, tags, link targets and empty lines; long lines are cut."""
    lines = []
    for line in _LINK.sub(r"\1", _NOISE.sub("", source)).splitlines():
        words = line.strip()
        if len(words) > max_line:
            words = words[:max_line].rpartition(" ")[0] + " ..."
        if words.strip(" ."):
            lines.append(words)
    return lines


def heading(line: str) -> str:
    """Return the text of a heading line, or an empty string."""
    found = _HEADING.match(line)
    return found[1] if found is not None else ""


def above(cells: Sequence[Cell], at: int) -> tuple[list[str], tuple[int, ...]]:
    """Return the lines of the Markdown cells directly above cell `at`, and the indices of the cells they are from.

    If there is no heading among them, the nearest one above comes first: its section is what the cell is in.
    """
    at = max(0, min(at, len(cells)))
    first = at
    while first > 0 and cells[first - 1].type == "markdown":
        first -= 1
    indices = tuple(range(first, at))
    lines = [line for index in indices for line in plain(cells[index].source)]
    section = -1 if any(heading(line) for line in lines) else _section(cells, first)
    if section < 0:
        return lines, indices
    return [_headings(cells[section])[-1], *lines], (section, *indices)


def _section(cells: Sequence[Cell], end: int) -> int:
    """Return the index of the last cell before `end` with a heading; -1 where there is none."""
    return next((index for index in range(end - 1, -1, -1) if _headings(cells[index])), -1)


def _headings(cell: Cell) -> list[str]:
    if cell.type != "markdown" or "#" not in cell.source:
        return []
    return [line for line in plain(cell.source) if heading(line)]


def shorten(lines: Sequence[str], mark: str, budget: int, count: Count) -> list[str]:
    """Return, as comments that begin with `mark`, the last heading and as many of the last lines as fit."""
    comments = [f"{mark} {heading(line) or line}" for line in lines]
    headings = [index for index, line in enumerate(lines) if heading(line)]
    order = dict.fromkeys([*headings[-1:], *range(len(lines) - 1, -1, -1)])
    return [comments[index] for index in fitting(comments, order, budget, count)]


def prose_blocks(cells: Sequence[Cell], at: int, code: Sequence[CodeCell], budget: int, count: Count) -> list[Block]:
    """Return the context of a Markdown cell: signatures of the code, the prose above, the code cell just above."""
    first = lines_block(signature_lines(code, {}), "signatures", (), int(budget * _SIGNATURES_SHARE), count)
    last = [each for cell in code if cell.index == at - 1 for each in _fenced(cell, int(budget * _CODE_SHARE), count)]
    return first + _prose_above(cells, at, budget - sum(each.tokens for each in first + last), count) + last


def _prose_above(cells: Sequence[Cell], at: int, budget: int, count: Count) -> list[Block]:
    texts: dict[int, str] = {}
    for index in range(min(at, len(cells)) - 1, -1, -1):
        text = _fitting(plain(cells[index].source), budget, count) if cells[index].type == "markdown" else ""
        if text:
            texts[index] = text
            budget -= count(text + END)
    return block(END.join(texts[index] for index in sorted(texts)), "markdown", texts, count)


def _fitting(lines: list[str], budget: int, count: Count) -> str:
    """Return a cell's prose, or only its headings where the whole does not fit."""
    for chosen in (lines, [line for line in lines if heading(line)]):
        text = "\n".join(chosen)
        if count(text + END) <= budget:
            return text
    return ""


def _fenced(cell: CodeCell, budget: int, count: Count) -> list[Block]:
    fence = f"```{cell.facts.outline.parsed.language}\n{{}}\n```"
    text = cell.facts.reducible.reduced(frozenset(), budget, lambda part: count(fence.format(part) + END))
    return block(fence.format(text), "cell", (cell.index,), count) if text else []
