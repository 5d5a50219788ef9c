"""The model's own probabilities say how likely a completion is right."""

from __future__ import annotations

from math import exp, log

import pytest

from llama_assist.postprocess.confidence import confidence

TOKENS = [("foo", log(0.5)), ("(x", log(0.25)), (")", log(0.5)), ("\n", log(0.01)), ("bar", log(0.01))]
RAW = "foo(x)\nbar"


def test_one_token_has_its_own_probability() -> None:
    assert confidence("foo", "foo", [("foo", log(0.5))]) == pytest.approx(0.5)


def test_tokens_that_were_cut_off_do_not_count() -> None:
    assert confidence("foo(x)", RAW, TOKENS) == pytest.approx(exp(log(0.5 * 0.25 * 0.5) / 3**0.5))


def test_a_token_that_is_partly_kept_counts() -> None:
    assert confidence("foo(", RAW, TOKENS) == pytest.approx(exp(log(0.5 * 0.25) / 2**0.5))


def test_a_start_that_was_cut_off_does_not_count() -> None:
    assert confidence("bar", RAW, TOKENS) == pytest.approx(0.01)


def test_a_long_sure_text_is_less_sure_than_a_short_one() -> None:
    sure = [("a", log(0.9))] * 16
    assert confidence("a" * 16, "a" * 16, sure) < confidence("a", "a", sure[:1])


def test_without_probabilities_nothing_is_doubted() -> None:
    assert confidence("foo", "foo", []) == 1.0
