"""Too short to be worth a glance."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.minimum import is_too_short


@pytest.mark.parametrize(("drawn", "text"), [("foo(│", ")"), ("x │", "= "), ("x = 1\n│", "x"), ("x = │", "  ")])
def test_too_short(drawn: str, text: str) -> None:
    assert is_too_short(site(drawn), text)


@pytest.mark.parametrize(("drawn", "text"), [("foo(│)", "x"), ("x = 1\n│", "df"), ("x[│]", "0"), ("d│", "f")])
def test_short_but_enough(drawn: str, text: str) -> None:
    assert not is_too_short(site(drawn), text)
