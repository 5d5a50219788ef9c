"""Only the statement around the cursor is judged: what is broken elsewhere does not matter, long files cost little."""

from __future__ import annotations

import ast

import pytest
from drawn import site

from llama_assist.postprocess.region import narrow


@pytest.mark.parametrize(
    ("drawn", "prefix", "suffix"),
    [
        ("a = 1\nb = (\n    │\n)\nc = 2\n", "b = (\n    ", "\n)\n"),
        ("a = 1\nif b:\n    c()\n    │\nelse:\n    d()\ne()\n", "if b:\n    c()\n    ", "\nelse:\n    d()\n"),
        ("a = 1\nx = │\n\n# note\nb = 2\n", "a = 1\nx = ", "\n\n# note\n"),
        ('a = 1\nx = """│\nb = 2\n"""\nc = 3\n', 'x = """', '\nb = 2\n"""\n'),
    ],
)
def test_a_cell_is_narrowed_to_the_statement(drawn: str, prefix: str, suffix: str) -> None:
    narrowed = narrow(site(drawn))
    assert narrowed.prefix == prefix
    assert narrowed.suffix == suffix


def test_of_a_long_class_the_function_is_judged() -> None:
    body = "".join(f"    def f{number}(self):\n        return {number}\n\n" for number in range(1_000))
    narrowed = narrow(site(f"class A:\n{body}    def g(self):\n        return │\n\n{body}"))
    assert narrowed.prefix.endswith("    def g(self):\n        return ")
    assert len(narrowed.prefix) + len(narrowed.suffix) < 200


def test_of_a_long_literal_the_items_near_the_cursor_are_judged() -> None:
    items = "".join(f"    'k{number}': [{number}, (1, 2)],\n" for number in range(1_000))
    narrowed = narrow(site(f"x = {{\n{items}    'z': │,\n{items}}}\ny = 1\n"))
    assert len(narrowed.prefix) + len(narrowed.suffix) < 9_000
    assert ast.parse(narrowed.prefix + "0" + narrowed.suffix)


def test_of_a_long_text_in_another_language_some_lines_are_judged() -> None:
    lines = "f(1);\n" * 3_000
    narrowed = narrow(site(f"{lines}g(│);\n{lines}", "javascript"))
    assert narrowed.prefix.endswith("f(1);\ng(")
    assert len(narrowed.prefix) + len(narrowed.suffix) < 9_000


def test_other_languages_stay_whole() -> None:
    drawn = site("f();\ng(│);\nh();\n", "javascript")
    assert narrow(drawn) is drawn
