"""A long text is parsed in a window around the focus: a large one if it holds together, a small one if not."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from broken_code import broken_text

from llama_assist.context.outline import outline
from llama_assist.syntax import Parsed, error_nodes, parse

FUNCTION = '''def function_{0}(path, limit={0}):
    """Read."""
    rows = open(path).readlines()

    return rows[:limit]

'''


def code(size: int) -> str:
    return "".join(FUNCTION.format(number) for number in range(size // len(FUNCTION) + 1))


def parsed_part(parsed: Parsed) -> tuple[int, int]:
    """Return from where to where the text was parsed."""
    return len(parsed.data) - len(parsed.data.lstrip()), len(parsed.data.rstrip())


def test_a_short_text_is_parsed_whole_however_broken() -> None:
    text = broken_text(random.Random(1), "characters", 10_000)

    assert parse(text, "python", focus=0).is_whole


def test_without_a_focus_every_text_is_parsed_whole() -> None:
    assert parse(code(100_000), "python").is_whole


def test_a_long_text_that_holds_together_is_parsed_whole() -> None:
    text = code(30_000)

    assert parse(text, "python", focus=0).is_whole
    assert parse(text.replace("return", "return (", 1), "python", focus=0).is_whole


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_of_a_very_long_text_the_lines_around_the_focus_are_parsed(share: float) -> None:
    text = code(200_000)
    focus = int(len(text) * share)
    parsed = parse(text, "python", focus=focus)
    start, end = parsed_part(parsed)

    assert not parsed.is_whole
    assert len(parsed.data) == len(parsed.raw)
    assert 15_000 < end - start < 40_000
    assert start <= focus <= end + 2 + len(text) - len(text.rstrip())
    assert error_nodes(parsed) == []
    assert text[start:].startswith("def function_")


def test_of_a_long_broken_text_a_smaller_part_is_parsed() -> None:
    text = broken_text(random.Random(1), "pasted", 100_000)
    start, end = parsed_part(parse(text, "python", focus=50_000))

    assert 1_000 < end - start <= 16_384


def test_the_window_stays_while_the_focus_moves_a_little() -> None:
    text = code(200_000)
    starts = [parsed_part(parse(text, "python", focus=focus))[0] for focus in range(90_000, 120_000, 500)]

    assert starts == sorted(starts)
    assert sum(before != after for before, after in pairwise(starts)) <= 4


def test_names_and_offsets_of_a_window_are_those_of_the_text() -> None:
    text = "é = 1\n" + code(200_000)
    found = outline(parse(text, "python", focus=100_000))
    statement = found.statements[1]

    assert found.is_open
    assert found.parsed.raw[statement.start :].startswith(b"def function_")
    assert next(iter(statement.defines)) in found.definitions
    assert len(found.definitions) < text.count("def ")


def test_a_window_in_one_endless_line_cuts_it_anywhere() -> None:
    text = "漢" * 40_000

    assert parse(text, "python", focus=20_000).tree is not None


def test_typing_in_a_long_text_is_the_same_as_parsing_it_anew() -> None:
    text = code(100_000)
    old = parse(text, "python", focus=50_000)
    typed = text[:50_000] + "x" + text[50_000:]

    again = parse(typed, "python", old, focus=50_001)

    assert str(again.tree and again.tree.root_node) == str(parse(typed, "python", focus=50_001).tree.root_node)  # type: ignore[union-attr]
