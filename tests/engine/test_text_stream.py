"""Whatever way tokens cut a text, the same characters come out, and none of them broken."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.engine.text import TextStream

ALPHABET = "ab\n é你🙂"
TEXTS = st.text(ALPHABET, max_size=30)
STOPS = st.lists(st.text(ALPHABET, max_size=4), max_size=4)


def stream(pieces: list[bytes], stop: list[str], forced: bytes = b"") -> tuple[str, bool]:
    """Push pieces until the text stops, as the engine does; return the whole text and whether it stopped."""
    text = TextStream(forced, stop)
    shown = ""
    for piece in pieces:
        part = text.push(piece)
        part.encode()
        shown += part
        if text.stopped:
            break
    return shown + text.flush(), text.stopped


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(borders)]


def until_first_stop(text: str, stop: list[str]) -> tuple[str, bool]:
    """The plain rule: read character by character, end as soon as a stop string is complete."""
    for end in range(1, len(text) + 1):
        starts = [end - len(mark) for mark in stop if mark and text[:end].endswith(mark)]
        if starts:
            return text[: min(starts)], True
    return text, False


@given(TEXTS, STOPS, st.lists(st.integers(0, 10_000), max_size=30))
def test_any_split_gives_the_same_text_and_the_same_end(text: str, stop: list[str], places: list[int]) -> None:
    assert stream(cut(text.encode(), places), stop) == until_first_stop(text, stop)


@given(TEXTS, TEXTS, STOPS, st.lists(st.integers(0, 10_000), max_size=30))
def test_what_stands_there_already_is_taken_off_and_ends_nothing(
    forced: str, text: str, stop: list[str], places: list[int]
) -> None:
    pieces = cut((forced + text).encode(), places)
    assert stream(pieces, stop, forced.encode()) == until_first_stop(text, stop)


def test_a_character_is_held_back_until_it_is_whole() -> None:
    text = TextStream()
    assert [text.push(bytes([byte])) for byte in "é🙂".encode()] == ["", "é", "", "", "", "🙂"]


def test_half_a_character_at_the_end_is_dropped() -> None:
    text = TextStream()
    assert text.push("a🙂".encode()[:3]) == "a"
    assert text.flush() == ""


def test_bytes_that_are_no_text_are_replaced() -> None:
    text = TextStream()
    assert text.push(b"a\xffb") == "a�b"


def test_the_beginning_of_a_stop_string_is_held_back_and_then_shown() -> None:
    text = TextStream(stop=["\n\n"])
    assert text.push(b"x\n") == "x"
    assert text.push(b"y") == "\ny"
    assert not text.stopped


def test_what_is_held_back_is_shown_at_the_end() -> None:
    text = TextStream(stop=["END"])
    assert text.push(b"the EN") == "the "
    assert text.flush() == "EN"
    assert text.flush() == ""


def test_nothing_follows_a_stop_string() -> None:
    text = TextStream(stop=["."])
    assert text.push(b"a. b") == "a"
    assert text.stopped
    assert text.push(b"c") == ""
    assert text.flush() == ""


def test_of_several_stop_strings_the_one_that_is_complete_first_counts() -> None:
    for pieces in ([b"xabc"], [b"x", b"a", b"b", b"c"], [b"xab", b"c"]):
        assert stream(pieces, ["abc", "b"]) == ("xa", True)
        assert stream(pieces, ["b", "ab"]) == ("x", True)


def test_an_empty_stop_string_stops_nothing() -> None:
    assert stream([b"abc"], [""]) == ("abc", False)


@pytest.mark.parametrize("seed", range(5))
def test_long_texts_survive_byte_by_byte(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice("def f(x):\n  你好 👩‍👩‍👧 e\u0301 größe") for _ in range(500))
    assert stream([bytes([byte]) for byte in text.encode()], ["never"]) == (text, False)
