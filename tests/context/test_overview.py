"""A whole notebook in few words."""

from __future__ import annotations

from notebooks import SALES

from llama_assist.context.overview import overview
from llama_assist.context.passages import PieceCache
from llama_assist.types import Cell, Document


def test_the_first_text_and_the_headings_come_before_code() -> None:
    shown = overview(SALES, PieceCache())
    assert [passage.cell for passage in shown][:3] == [0, 3, 5]
    assert {passage.cell for passage in shown} == set(range(len(SALES.cells)))


def test_a_body_is_left_out_and_a_long_text_is_cut_with_a_mark() -> None:
    cells = (Cell("Opening " * 200, "markdown"), Cell("def f(x):\n    return x * 7"))
    first, second = overview(Document(cells), PieceCache())
    assert first.text.endswith(" ...")
    assert len(first.text) < 700
    assert second.text == "def f(x): ..."
