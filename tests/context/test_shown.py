"""Passages as a model reads them."""

from __future__ import annotations

from notebooks import count

from llama_assist.context.passages import Passage
from llama_assist.context.shown import fill, show
from llama_assist.types import Cell, Document

DOCUMENT = Document((Cell("a\nb\nc"), Cell("text", "markdown")))
PIECES = [Passage(0, number, "code", text) for number, text in enumerate("abc")]


def texts(*passages: Passage) -> list[str]:
    return [block.text for block in show(DOCUMENT, passages, count)]


def test_neighbours_are_joined_and_gaps_are_marked() -> None:
    assert texts(PIECES[1], PIECES[0]) == ["Cell 1:\n```python\na\nb\n```"]
    assert texts(PIECES[0], PIECES[2]) == ["Cell 1:\n```python\na\n...\nc\n```"]


def test_an_output_is_a_block_of_its_own() -> None:
    assert texts(PIECES[0], Passage(0, 3, "output", "7")) == [
        "Cell 1:\n```python\na\n```",
        "Output of cell 1:\n```\n7\n```",
    ]


def test_text_cannot_close_its_fence() -> None:
    (shown,) = texts(Passage(1, 0, "text", "```\nnot code"))
    assert shown.startswith("Cell 2:\n````markdown\n")


def test_what_does_not_fit_is_skipped_for_what_does() -> None:
    long, short = Passage(0, 0, "code", "word " * 100), Passage(1, 0, "text", "short")
    taken, blocks = fill(DOCUMENT, [long, short], 40, count)
    assert taken == [short]
    assert sum(block.tokens for block in blocks) <= 40
