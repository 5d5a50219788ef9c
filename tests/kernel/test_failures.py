"""What is kept of the errors of cells: the user's own frames, until the cell succeeds."""

from __future__ import annotations

import json
import linecache
import sys

import pytest

from llama_assist.kernel.failures import Failures, own_traceback

SOURCE = "def parse(text):\n    return json.loads(text)\n\nparse('{')\n"


def failure(source: str, name: str = "<ipython-input-3>") -> BaseException:
    """Return the error that a cell ends with."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        exec(compile(source, name, "exec"), {"json": json})
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


def test_the_traceback_has_the_frames_of_the_user_and_none_of_a_library() -> None:
    text = own_traceback(failure(SOURCE))
    assert "parse('{')" in text
    assert "return json.loads(text)" in text
    assert "decoder.py" not in text
    assert text.splitlines()[-1].startswith("json.decoder.JSONDecodeError: Expecting property name")


def test_the_newest_error_is_the_last_one_until_its_cell_succeeds() -> None:
    failures = Failures()
    failures.note(3, SOURCE, failure(SOURCE))
    failures.note(4, "1 / 0", failure("1 / 0"))
    failures.note(5, "x = 1", None)
    assert failures.last is not None
    assert (failures.last.number, failures.last.last_line) == (4, "ZeroDivisionError: division by zero")
    failures.note(6, "1 / 0", None)
    assert failures.last.number == 3
    assert failures.of(4) is None
    assert list(failures.words()) == [3]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
def test_to_be_stopped_is_no_error(error: BaseException) -> None:
    failures = Failures()
    failures.note(3, "loop()", error)
    assert failures.last is None


def test_our_own_magics_never_count() -> None:
    failures = Failures()
    failures.note(3, "%%llama\nwhy?", ValueError("x"))
    assert failures.last is None


def test_an_error_whose_words_cannot_be_had_is_kept_without_them() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    failures = Failures()
    failures.note(1, "x", MuteError())
    assert failures.last is not None
    assert failures.last.last_line == "MuteError"


def test_the_error_from_before_belongs_to_the_cell_that_it_went_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "last_value", failure(SOURCE, "<ipython-input-2>"), raising=False)
    failures = Failures()
    failures.note_earlier(["", "x = 1", SOURCE, "y = 2"], lambda source: source)
    assert failures.last is not None
    assert failures.last.number == 2


def test_an_error_from_before_of_an_unknown_cell_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "last_value", failure(SOURCE, "<ipython-input-9>"), raising=False)
    failures = Failures()
    failures.note_earlier(["", "x = 1"], lambda source: source)
    assert failures.last is None


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (SOURCE, "return json.loads(text)"),
        ("x = 1\ny = [x, 2)\n", "y = [x, 2)"),
        ("json.loads('{')", "json.loads('{')"),
    ],
)
def test_the_line_that_failed_is_the_last_one_of_the_user(source: str, line: str) -> None:
    failures = Failures()
    failures.note(3, source, failure(source))
    assert failures.last is not None
    assert failures.last.line == line
