"""The whole notebook within a budget: every cell under its number, the long ones reduced until all of them fit."""

from __future__ import annotations

from collections.abc import Sequence

from llama_assist.context.blocks import Block, block
from llama_assist.context.focus import variable_blocks
from llama_assist.context.numbered import LABEL_TOKENS, fence_language, numbered, output_text
from llama_assist.context.prose import heading, plain
from llama_assist.context.reduce import reduce
from llama_assist.context.tokens import Count
from llama_assist.syntax import canonical, sound
from llama_assist.types import Cell, Document

_VARIABLES_SHARE = 0.15
_LEAST_TOKENS = 24


def whole_notebook(document: Document, count: Count, *, outputs: bool = False) -> list[Block]:
    """Return every cell that holds anything, uncut, and the schemas of the variables."""
    blocks = [each for index in _filled(document) for each in _cell(document, index, count, outputs)]
    return blocks + _variables(document, 1 << 30, count)


def reduced_notebook(document: Document, budget: int, count: Count, *, outputs: bool = False) -> list[Block]:
    """Return at most `budget` tokens of the notebook: short cells whole, long ones cut to the same length.

    Where even that is too much, the middle of the notebook is left out.
    """
    last = _variables(document, int(budget * _VARIABLES_SHARE), count)
    room = budget - sum(each.tokens for each in last)
    indices = _filled(document)
    whole = {index: _cell(document, index, count, outputs) for index in indices}
    cap = _level([_tokens(whole[index]) for index in indices], room)
    shown = [each for index in indices for each in _within(document, index, whole[index], cap, count)]
    while shown and _tokens(shown) > room:
        del shown[len(shown) // 2]
    return shown + last


def cells_before(document: Document, budget: int, count: Count) -> list[Block]:
    """Return the cells up to and with `document.cell`, the last ones first to fit, and the variables."""
    last = _variables(document, int(budget * _VARIABLES_SHARE), count)
    left = budget - sum(each.tokens for each in last)
    shown: list[Block] = []
    for index in reversed([index for index in _filled(document) if index <= document.cell]):
        found = _within(document, index, _cell(document, index, count, outputs=False), left, count)
        if not found:
            break
        shown = found + shown
        left -= _tokens(found)
    return shown + last


def _filled(document: Document) -> list[int]:
    return [index for index, cell in enumerate(document.cells) if cell.source.strip()]


def _tokens(blocks: Sequence[Block]) -> int:
    return sum(each.tokens for each in blocks)


def _variables(document: Document, budget: int, count: Count) -> list[Block]:
    return variable_blocks(document.variables, canonical(document.language), budget, count)


def _cell(document: Document, index: int, count: Count, outputs: bool) -> list[Block]:
    cell = document.cells[index]
    text = numbered(index, sound(cell.source).strip("\n"), fence_language(cell, document.language))
    shown = output_text(index, cell.outputs) if outputs else ""
    return block(text, "cell", (index,), count) + block(shown, "output", (index,), count)


def _within(document: Document, index: int, whole: list[Block], cap: int, count: Count) -> list[Block]:
    """Return a cell whole, or reduced to `cap` tokens; its output goes first."""
    if _tokens(whole) <= cap:
        return whole
    if _tokens(whole[:1]) <= cap:
        return whole[:1]
    cell = document.cells[index]
    language = fence_language(cell, document.language)
    room = cap - LABEL_TOKENS
    text = _prose(cell, room, count) if cell.type != "code" else reduce(cell.source, (), room, count, language)
    found = block(numbered(index, text, language) if text else "", "cell", (index,), count)
    return found if _tokens(found) <= cap else []


def _prose(cell: Cell, budget: int, count: Count) -> str:
    """Return as many of the first lines of a text as fit, or its headings."""
    lines = plain(cell.source)
    kept: list[str] = []
    for line in lines:
        if count("\n".join([*kept, line])) > budget:
            break
        kept.append(line)
    return "\n".join(kept or [line for line in lines if heading(line)][:1])


def _level(costs: Sequence[int], budget: int) -> int:
    """Return the length to which cells must be cut so that all of them together have `budget` tokens."""
    left, remaining = budget, len(costs)
    for cost in sorted(costs):
        if cost * remaining > left:
            break
        left -= cost
        remaining -= 1
    return max(left // remaining, _LEAST_TOKENS) if remaining else budget
