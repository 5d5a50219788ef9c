"""What the suffix says next is not said by the completion too."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.overlap import overlap


@pytest.mark.parametrize(
    ("drawn", "text", "kept"),
    [
        ("x = │.mean()", "df.a.mean()", "df.a"),
        ("foo(│x)", "a, x", "a, "),
        ("for x in │:\n    pass", "items:", "items"),
        ("x = a if │ else b", "c else b", "c"),
        ("x = a if │ else b", "c ", "c"),
        ("x = foo(│, b=2)", "a, b=2", "a"),
        ("ax.scatter(│\n    c='m', marker='*')\n", "x, y, c='m', marker='*'", "x, y,"),
    ],
)
def test_the_overlap_goes(drawn: str, text: str, kept: str) -> None:
    assert overlap(site(drawn), text) == kept


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        ("foo(│)", "bar(1)"),
        ("foo(│x)", "max"),
        ("y = │\nfoo(x)\n", "foo(x)"),
        ("x = │  # note", "1"),
        ("x = foo(│\n    a)\n", "b, a"),
        ("x = [\n    │\n    foo(1, 2)]\n", "foo(1, 2),"),
    ],
)
def test_what_belongs_to_the_completion_stays(drawn: str, text: str) -> None:
    assert overlap(site(drawn), text) == text
