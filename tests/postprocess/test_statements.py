"""A completion as statements."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.statements import finished_part


@pytest.mark.parametrize(
    ("drawn", "text", "part"),
    [
        ("│", "a = 1\nb = foo(\n    c,\n", "a = 1"),
        ("│", "a = 1\nb = foo(\n    c,\n)\nd", "a = 1\nb = foo(\n    c,\n)"),
        ("x = │", "foo(a", ""),
        ("x = │", '"""a\nb', ""),
        ("foo(│)", "\n    a,\n", "\n    a,"),
    ],
)
def test_only_whole_statements_are_finished(drawn: str, text: str, part: str) -> None:
    assert finished_part(site(drawn), text) == part
