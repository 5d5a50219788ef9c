"""What an action is about, and how its code comes back into the text."""

from __future__ import annotations

import pytest
from lsprotocol import types

from llama_assist.lsp.documents import Text
from llama_assist.lsp.targets import find_target, inserted, moved, replaced

FILE = """import os

LIMIT = (
    3
)


@cache
def load(path):
    return open(path)


class Reader:
    def read(self, size):
        if size:
            return size

        return 0
"""


def text(source: str, language: str = "python", version: int = 1) -> Text:
    return Text("file:///a.py", language, version, source, "utf-16")


def at(line: int, character: int = 0, end: tuple[int, int] | None = None) -> types.Range:
    last = (line, character) if end is None else end
    return types.Range(types.Position(line, character), types.Position(*last))


def source_at(line: int, character: int = 0, end: tuple[int, int] | None = None) -> str:
    target = find_target(text(FILE), at(line, character, end), is_cell=False)
    assert target is not None
    return target.source


def apply(old: Text, edit: types.TextEdit) -> str:
    start, end = old.lines.span(edit.range)
    return old.text[:start] + edit.new_text + old.text[end:]


@pytest.mark.parametrize(
    ("line", "character", "first", "last"),
    [
        (0, 4, "import os", "import os"),
        (3, 4, "LIMIT = (", ")"),
        (8, 11, "@cache", "    return open(path)"),
        (7, 1, "@cache", "    return open(path)"),
        (12, 8, "class Reader:", "        return 0"),
        (14, 20, "def read(self, size):", "    return 0"),
    ],
)
def test_the_innermost_function_class_or_statement_is_meant(line: int, character: int, first: str, last: str) -> None:
    lines = source_at(line, character).split("\n")
    assert (lines[0], lines[-1]) == (first, last)


def test_selected_lines_are_taken_whole() -> None:
    assert source_at(14, 10, (15, 12)) == "if size:\n    return size"
    assert source_at(0, 3, (1, 0)) == "import os"


def test_blank_lines_are_about_nothing() -> None:
    assert find_target(text(FILE), at(1), is_cell=False) is None
    assert find_target(text(""), at(0), is_cell=True) is None


def test_in_a_notebook_the_cell_is_meant() -> None:
    target = find_target(text("x = 1\n\ny = 2\n"), at(0), is_cell=True)
    assert target is not None
    assert target.source == "x = 1\n\ny = 2"


def test_without_a_grammar_the_line_is_meant() -> None:
    target = find_target(text("one\ntwo\n", "klingon"), at(1, 1), is_cell=False)
    assert target is not None
    assert target.source == "two"


def test_code_comes_back_with_its_indentation_as_the_smallest_edit() -> None:
    old = text(FILE)
    target = find_target(old, at(13, 10), is_cell=False)
    assert target is not None
    new = target.source.replace("    return 0", "    return -1")
    edit = replaced(old, target, new)
    assert edit is not None
    assert edit.range == types.Range(types.Position(17, 0), types.Position(18, 0))
    assert apply(old, edit) == FILE.replace("        return 0", "        return -1")


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        ("a\nb\nc", "a\nx\nc", "a\nx\nc"),
        ("a\nb\nc", "a\nb\nx", "a\nb\nx"),
        ("a\nb\nc", "a", "a"),
        ("a", "x\ny", "x\ny"),
        ("a\n", "x\na", "x\na\n"),
        ("a\nb\nc\n", "a\nc", "a\nc\n"),
        ("a\r\nb\r\n", "a\nx\nb", "a\r\nx\r\nb\r\n"),
    ],
)
def test_every_replacement_gives_the_new_text(before: str, code: str, after: str) -> None:
    old = text(before, "klingon")
    target = find_target(old, at(0, 0, (9, 0)), is_cell=True)
    assert target is not None
    edit = replaced(old, target, code)
    assert edit is not None
    assert apply(old, edit) == after


def test_no_change_is_no_edit() -> None:
    old = text("a\nb\n")
    target = find_target(old, at(0), is_cell=True)
    assert target is not None
    assert replaced(old, target, "a\nb") is None


def test_new_code_comes_below_the_whole_statement() -> None:
    old = text(FILE)
    target = find_target(old, at(13, 10), is_cell=False)
    assert target is not None
    assert apply(old, inserted(old, target, "assert Reader().read(0) == 0", is_cell=False)) == (
        FILE.rstrip("\n") + "\n\n\nassert Reader().read(0) == 0\n"
    )


def test_in_a_cell_one_blank_line_is_enough() -> None:
    old = text("def f():\n    return 1\n")
    target = find_target(old, at(0), is_cell=True)
    assert target is not None
    assert apply(old, inserted(old, target, "assert f()", is_cell=True)) == "def f():\n    return 1\n\nassert f()\n"


def test_a_target_is_found_where_it_went() -> None:
    old = text("a = 1\nb = 2\n")
    target = find_target(old, at(1), is_cell=False)
    assert target is not None
    now = moved(text("# new\na = 1\nb = 2\n"), old, target)
    assert now is not None
    assert now.start == target.start + 6
    assert moved(text("a = 1\nb = 3\n"), old, target) is None
    assert moved(text("x\nb = 2\nb = 2\n"), old, target) is None
