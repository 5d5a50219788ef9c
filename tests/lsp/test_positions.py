"""Positions to offsets and back, in every unit and for every kind of line break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from llama_assist.lsp.positions import Lines, choose_encoding

ENCODINGS = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(st.sampled_from("aé你🙂 \n\r\x0c\u2028"), max_size=30)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(None, "utf-16"), (["utf-8", "utf-16"], "utf-8"), (["latin-1"], "utf-16"), (["x", "utf-32"], "utf-32")],
)
def test_the_first_unit_that_both_know_is_chosen(offered: list[str] | None, chosen: str) -> None:
    assert choose_encoding(offered) == chosen


def test_enumeration_members_are_names_too() -> None:
    assert choose_encoding([types.PositionEncodingKind.Utf8]) == "utf-8"


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_an_offset_comes_back_from_its_position(encoding: str, text: str) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":  # between these two is no position
            assert lines.offset(lines.position(offset)) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_columns_are_the_encoded_units_of_the_line(encoding: str, text: str) -> None:
    lines = Lines(text, encoding)
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    for line in range(lines.count):
        start, end = lines.line_start(line), lines.line_end(line)
        units = len(text[start:end].encode(f"{encoding}-le" if size > 1 else encoding)) // size
        assert lines.position(end) == types.Position(line, units)


def test_form_feeds_and_separators_end_no_line() -> None:
    lines = Lines("a\x0cb\u2028c\x85d\ne", "utf-16")
    assert lines.count == 2
    assert lines.offset(types.Position(1, 0)) == 8


def test_what_lies_beyond_is_the_end() -> None:
    lines = Lines("ab\r\ncd", "utf-16")
    assert lines.offset(types.Position(0, 99)) == 2
    assert lines.offset(types.Position(9, 0)) == 6


def test_the_middle_of_a_character_is_the_place_before_it() -> None:
    assert Lines("a🙂b", "utf-16").offset(types.Position(0, 2)) == 1
    assert Lines("a🙂b", "utf-8").offset(types.Position(0, 3)) == 1
