from __future__ import annotations

import pytest
from context_golden import count

from llama_assist.context import reduce
from llama_assist.context.outline import outline
from llama_assist.context.reduce import Reducible
from llama_assist.syntax import parse

SOURCE = '''import os

def used(path):
    """Read."""
    lines = open(path).readlines()
    return [line.strip() for line in lines if line]

def unused(path):
    """Write."""
    with open(path, "w") as file:
        file.write("text" * 100)

first = used("a.txt")
second = used("b.txt")
'''


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert reduce(SOURCE, {"used"}, 1_000, count) == SOURCE.strip("\n")


def test_bodies_of_unused_functions_go_first() -> None:
    text = reduce(SOURCE, {"used"}, count(SOURCE) - 5, count)

    assert "def unused(path):\n    ..." in text
    assert "lines = open(path).readlines()" in text
    assert not parse(text, "python").has_error


def test_then_all_bodies_go() -> None:
    text = reduce(SOURCE, {"used"}, 75, count)

    assert "def used(path):\n    ..." in text
    assert "second = used" in text


def test_then_statements_go_but_those_that_define_used_names_stay() -> None:
    text = reduce(SOURCE, {"first"}, 24, count)

    assert 'first = used("a.txt")' in text
    assert "unused" not in text
    assert "# ..." in text


@pytest.mark.parametrize("budget", range(0, 130, 7))
def test_no_budget_is_exceeded_and_no_statement_is_cut(budget: int) -> None:
    text = reduce(SOURCE, (), budget, count)

    assert count(text) <= budget
    assert not parse(text, "python").has_error


def test_a_text_of_an_unknown_language_is_cut_at_lines() -> None:
    source = "\n".join(f"LINE NUMBER {number}" for number in range(50))

    text = reduce(source, (), 20, count, "cobol")

    assert text.split("\n")[0] == "..."
    assert text.endswith("LINE NUMBER 49")


@pytest.mark.parametrize(
    "literal",
    [
        '"' + "A" * 500 + '"',
        '"""' + "many words of text " * 30 + '"""',
        'f"' + "漢" * 200 + '"',
        "[" + ", ".join(str(number) for number in range(300)) + "]",
        "[" + ", ".join(f"({number}, 'a')" for number in range(100)) + "]",
        "{" + ", ".join(f"'key{number}': {number}" for number in range(100)) + "}",
        "'" + "\\n" * 300 + "'",
    ],
)
def test_a_long_literal_is_cut_to_its_beginning(literal: str) -> None:
    text = reduce(f"value = {literal}\nother = 1\n", (), 10_000, count)

    assert len(text) < 200
    assert "..." in text
    assert text.endswith("\nother = 1")
    assert text.encode()


def test_a_list_of_calls_is_code_and_stays() -> None:
    source = "model = Sequential([" + ", ".join(f"Layer({number})" for number in range(40)) + "])"

    assert reduce(source, (), 10_000, count) == source


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("config = {" + ", ".join(f"'k{i}': {{'a': {i}}}" for i in range(60)) + "}", "config = {'k0': {'a': 0}, "),
        ("data = [first, " + ", ".join(map(str, range(100))) + "]", "data = [first, 0, 1, "),
        ("text = (" + "\n".join(f"'line {i} of many'" for i in range(30)) + ")", "text = ('line 0 of many' '...')"),
    ],
)
def test_long_data_is_cut_whatever_it_begins_with(source: str, kept: str) -> None:
    short = Reducible(outline(parse(source, "python"))).text
    assert short.startswith(kept)
    assert len(short) < 200
    assert short[-1] == source[-1]


def test_a_long_collection_of_calls_is_code_and_stays() -> None:
    source = "layers = [" + ", ".join(f"Dense({i}, activation='relu')" for i in range(20)) + "]"
    assert Reducible(outline(parse(source, "python"))).text == source
