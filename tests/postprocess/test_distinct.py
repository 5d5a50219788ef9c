"""Candidates that differ only in blanks are one; the surest comes first."""

from __future__ import annotations

from llama_assist.postprocess.distinct import distinct


def test_the_best_comes_first_and_each_once() -> None:
    found = distinct([("a + b", 0.2), ("c", 0.9), ("a  +\n b", 0.5), ("", 1.0), ("  ", 1.0)])
    assert found == [("c", 0.9), ("a  +\n b", 0.5)]


def test_words_that_run_together_are_not_the_same() -> None:
    assert len(distinct([("in x", 0.2), ("inx", 0.1)])) == 2
