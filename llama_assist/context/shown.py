"""Passages as a model reads them: under the numbers of their cells, in the notebook's order, within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from llama_assist.context.blocks import Block, block
from llama_assist.context.numbered import fence_language, numbered, output_block
from llama_assist.context.passages import Passage
from llama_assist.context.tokens import Count
from llama_assist.types import Document

_GAP = "..."
_LEAST = 16  # no passage has fewer tokens with the number of its cell and its fences


def fill(
    document: Document, ranked: Sequence[Passage], budget: int, count: Count
) -> tuple[list[Passage], tuple[Block, ...]]:
    """Take passages from the first to the last as long as they fit; return them as taken, and as blocks in order."""
    taken: list[Passage] = []
    left = budget
    for passage in ranked:
        if left < _LEAST:
            break
        cost = _tokens(show(document, [passage], count))
        if cost <= left:
            taken.append(passage)
            left -= cost
    blocks = show(document, taken, count)
    while _tokens(blocks) > budget:
        taken.pop()
        blocks = show(document, taken, count)
    return taken, blocks


def show(document: Document, passages: Iterable[Passage], count: Count) -> tuple[Block, ...]:
    """Return passages as blocks, one for what is shown of a cell and one for what is shown of its output."""
    ordered = sorted(passages, key=lambda passage: (passage.cell, passage.number))
    groups = groupby(ordered, key=lambda passage: (passage.cell, passage.kind == "output"))
    return tuple(each for _, group in groups for each in _block(document, list(group), count))


def _block(document: Document, passages: Sequence[Passage], count: Count) -> Iterator[Block]:
    cell, kind = passages[0].cell, passages[0].kind
    text = "\n".join(_lines(passages))
    if kind == "output":
        yield from block(output_block(cell, text), "output", (cell,), count)
        return
    language = fence_language(document.cells[cell], document.language)
    yield from block(numbered(cell, text, language), "cell", (cell,), count)


def _lines(passages: Sequence[Passage]) -> Iterator[str]:
    """Yield the texts, with a mark where something between two of them is left out."""
    following = passages[0].number
    for passage in passages:
        if passage.number != following:
            yield _GAP
        yield passage.text
        following = passage.number + 1


def _tokens(blocks: Iterable[Block]) -> int:
    return sum(each.tokens for each in blocks)
