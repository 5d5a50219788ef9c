from __future__ import annotations

import pytest

from llama_assist.context.cursor import anchor, names_on, scope_at
from llama_assist.context.outline import outline
from llama_assist.syntax import parse

SOURCE = """limit = 3

class Table:
    def read(self, path, *, strict=True):
        rows = []
        for row in open(path):
            ▮
        return rows

def other(hidden):
    return hidden
"""


def _split(text: str) -> tuple[str, str]:
    prefix, suffix = text.split("▮")
    return prefix, suffix


def test_typing_on_a_line_does_not_change_the_anchored_text() -> None:
    prefix, suffix = _split(SOURCE)
    texts = {anchor(prefix + "rows.append(row"[:end], suffix).text for end in range(16)}

    assert len(texts) == 1


def test_the_line_is_put_aside_with_what_follows_the_cursor_on_it() -> None:
    place = anchor("a = 1\n  foo(b", ")\nc = 2")

    assert (place.text, place.line) == ("a = 1\n  0\nc = 2", "  foo(b)")
    assert place.text[place.offset] == "0"


def test_the_scope_has_the_enclosing_headers_and_local_names() -> None:
    place = anchor(*_split(SOURCE))
    scope = scope_at(outline(parse(place.text, "python")), place.offset)

    assert scope.enclosing == ("class Table:", "def read(self, path, *, strict=True):")
    assert {"self", "path", "strict", "rows", "row", "read"} <= scope.names
    assert "hidden" not in scope.names


@pytest.mark.parametrize("text", ["▮", "x = 1\n▮", "▮\nx = 1", "f((:\n  ▮", "'''\n▮", "é漢🎉\n▮é"])
def test_any_place_has_a_scope(text: str) -> None:
    place = anchor(*_split(text))

    assert scope_at(outline(parse(place.text, "python")), place.offset).enclosing == ()


def test_near_lines_hold_the_line_itself() -> None:
    place = anchor("a\nb\nc\nd", "d\ne\nf\ng")

    assert place.near(2).split("\n") == ["b", "c", "dd", "e", "f"]


def test_names_on_a_line_are_not_attributes() -> None:
    assert names_on("model.fit(train, key=df.price") == ["model", "train", "key", "df"]
