"""What is open where: brackets, strings and comments, in code that may be broken."""

from __future__ import annotations

import pytest

from llama_assist.postprocess.lexer import closing, scan, wanted


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("foo(bar[1], {'a': (", ("(", "{", "(")),
        ("print('(', \"[\")", ()),
        ("x = 'it", ("'",)),
        ("x = 'it\ny = (", ("(",)),
        ('"""Doc (\n  more', ('"""',)),
        ("x = 1  # see (this", ("#",)),
        ("x = 1  # see (this\ny = [", ("[",)),
        (r"x = 'it\'s (' + (", ("(",)),
        ('print(f"{a.b(', ("(", 'f"', "{", "(")),
        ('print(f"{{ {a:>10}', ("(", 'f"')),
        ("x = rb'''\n'", ("'''",)),
    ],
)
def test_brackets_count_only_in_code(text: str, state: tuple[str, ...]) -> None:
    assert scan(text, "python").state == state


def test_a_bracket_left_open_above_ends_where_a_statement_begins() -> None:
    assert scan("x = foo(1,\n\ndef bar(a):\n    return [", "python").state == ("[",)


@pytest.mark.parametrize(
    ("suffix", "state"),
    [
        (")\nfoo()", ("(",)),
        ("])\n", ("(", "[")),
        (", x)", ("(",)),
        ("\n    b=2,\n)\n", ("(",)),
        ("\nfoo(x)\n", ()),
        ("\ndef f():\n    return 1)\n", ()),
    ],
)
def test_a_suffix_wants_what_it_closes(suffix: str, state: tuple[str, ...]) -> None:
    assert wanted(suffix, "python") == state


@pytest.mark.parametrize(
    ("language", "text", "state"),
    [
        ("javascript", "f(a, { // (\n b: `x (", ("(", "{", "`")),
        ("cpp", "/* ( */ foo[", ("[",)),
        ("sql", "select (a -- (\n", ("(",)),
        ("bash", "echo $# (", ("(",)),
        ("julia", "a' * (", ("(",)),
        ("r", "x <- c('(', ", ("(",)),
        ("markdown", "it's (a", ()),
    ],
)
def test_each_language_has_its_own_strings_and_comments(language: str, text: str, state: tuple[str, ...]) -> None:
    assert scan(text, language).state == state


def test_closing_a_state_writes_the_innermost_first() -> None:
    assert closing(("(", 'f"', "{", "[")) == ']}")'


def test_endless_nesting_ends() -> None:
    assert len(scan("(" * 10_000, "python").state) == 100
