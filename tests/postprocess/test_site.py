"""What the text around the cursor says about it."""

from __future__ import annotations

import pytest
from drawn import site


@pytest.mark.parametrize(
    ("drawn", "wanted"),
    [
        ("foo(│)", ("(",)),
        ("foo(│", ()),
        ("print(f'{a.b(│):.1f}')", ("(", "f'", "{", "(")),
        ("x = '│'", ("'",)),
        ("s = f'{x│'", ("f'",)),
        ("s = f'{x(│'", ("f'",)),
        ("s = f'{x(│}'", ("f'", "{")),
        ("print(f'{x│')", ("(", "f'")),
        ("x = '│", ()),
        ("foo('│, 'b')", ()),
        ("x = │\n    [1, 2]\n)\n", ("(",)),
        ('"""A │\n"""\n', ('"""',)),
        ("# it's (│\nfoo()", ()),
        ("!echo (\nfoo(│)", ("(",)),
    ],
)
def test_the_suffix_says_what_must_be_open_after_the_completion(drawn: str, wanted: tuple[str, ...]) -> None:
    assert site(drawn).wanted == wanted


@pytest.mark.parametrize(
    ("drawn", "column"),
    [
        ("for x in y:\n    │", 0),
        ("    if x:  # why\n        │", 4),
        ("def f(\n    a,\n):\n    │", 0),
        ("def f(a,\n      b):│", 0),
        ("class A:│", 0),
        ("x = {'a':\n    │", None),
        ("x = 1\n│", None),
        ("if x:\n    # a comment\n    │", 0),
    ],
)
def test_a_header_above_opens_a_block(drawn: str, column: int | None) -> None:
    assert site(drawn).header == column


@pytest.mark.parametrize(
    ("drawn", "unit"),
    [
        ("if x:\n  y\n│", "  "),
        ("if x:\n\ty\n│", "\t"),
        ("if x:\n    y\nfoo(a,\n       b)\n│", "    "),
        ("x = 1\n│", ""),
    ],
)
def test_the_cell_has_its_own_step_of_indentation(drawn: str, unit: str) -> None:
    assert site(drawn).unit == unit


def test_a_cursor_before_a_line_of_code_gets_a_line_of_its_own() -> None:
    drawn = site("def f():\n│    return 1\n")
    assert drawn.settled.lines_below == ("    return 1",)
    assert drawn.settled.rest == ""


@pytest.mark.parametrize("drawn", ["foo(\n│)", "x = 1\n│", "x = 1│ + 2"])
def test_other_cursors_stay_where_they_are(drawn: str) -> None:
    assert site(drawn).settled.suffix == site(drawn).suffix


def test_a_very_long_file_is_read_from_the_last_function_on() -> None:
    above = "def f(x):\n    return [x]\n\n" * 2_000
    drawn = site(above + "class A:\n    def g(self):\n        y = (│\n")
    assert drawn.state == ("(",)
    assert drawn.statements_above == ("class A:", "    def g(self):")
    number, text = drawn.numbered_above[-1]
    assert text == "    def g(self):"
    assert drawn.prefix.split("\n")[number] == text
