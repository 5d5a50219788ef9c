"""What the token limit cut in the middle is not shown as if it were whole."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.unfinished import unfinished


@pytest.mark.parametrize(
    ("drawn", "text", "kept"),
    [
        ("│", "import a\nx = a.b\ny = x.someth", "import a\nx = a.b"),
        ("x = foo(│", "\n    a=1,\n    b=2,\n    cc", "\n    a=1,\n    b=2"),
        ("x = foo(│", "a, 'b, c", "a"),
        ("x = │", "some_name", "some_name"),
        ("│", "for a in b:\n    foo(a, bbb", "for a in b:\n    foo(a"),
        ("│", "# Load\nx = foo(a, bbb", "# Load\nx = foo(a"),
    ],
)
def test_the_last_piece_is_taken_off(drawn: str, text: str, kept: str) -> None:
    assert unfinished(site(drawn), text) == kept
