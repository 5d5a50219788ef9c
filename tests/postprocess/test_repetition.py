"""A completion that says the same again ends before it does."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.repetition import repetition


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("print(a)\nprint(a)\nprint(a)\n", "print(a)"),
        ("a = f(a)\n\nprint(a)\n\na = f(a)\n\nprint(a)\n\n", "a = f(a)\n\nprint(a)"),
        ("model, thin=10, thin=10, thin=10, thin=10", "model, thin=10"),
        ("x.mean().mean().mean().mean().mean()", "x.mean()"),
    ],
)
def test_the_second_time_is_cut(text: str, kept: str) -> None:
    assert repetition(site("│"), text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "plt.figure()\nplt.figure()\n",
        "[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]",
        "print('-' * 10)\nprint('a')\nprint('-' * 10)\nprint('b')\n",
        "'------------------------------------'",
        "x = 1\n}\n}\n}\n",
    ],
)
def test_what_code_repeats_by_nature_stays(text: str) -> None:
    assert repetition(site("│"), text) == text
