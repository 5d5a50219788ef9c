"""Brackets and quotes stay balanced with what stands before and after the cursor."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.brackets import balance


@pytest.mark.parametrize(
    ("drawn", "text", "kept"),
    [
        ("foo(│)", "a, b)", "a, b"),
        ("foo(bar(│))", "a))", "a"),
        ("foo([│])", "a, (b)]", "a, (b)"),
        ("foo('│')", "a', 'b')", "a"),
        ("x = 1 + │", "2)", "2"),
        ("print(│\n    foo(a),\n)", "foo(b))", "foo(b)"),
        ("x = │\n    [1],\n)\n", "foo(b.bar())", "foo("),
        ("x = │\n    [1],\n)\n", "foo(b).bar(c)", "foo(b).bar("),
    ],
)
def test_a_closer_too_many_ends_the_completion(drawn: str, text: str, kept: str) -> None:
    assert balance(site(drawn), text) == kept


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        ("foo(│", "a, b)"),
        ("foo(│)", "bar(a)[0]"),
        ("foo('│", "a', 'b')"),
        ("foo(│)", "')'"),
        ("x = │\n    [1],\n)\n", "foo("),
    ],
)
def test_a_balanced_completion_stays(drawn: str, text: str) -> None:
    assert balance(site(drawn), text) == text
