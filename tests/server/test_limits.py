"""Answers end where llama.cpp's server would end them, and the model is freed there."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from llama_assist.server.limits import limited
from llama_assist.types import Chunk
from llama_assist.wire import Limits


class Script:
    """Yields pieces of text, one a tick of its clock, and knows whether it was closed."""

    def __init__(self, *texts: str, seconds: float = 1.0) -> None:
        self.texts = texts
        self.now = 0.0
        self.num_sent = 0
        self.is_closed = False
        self._seconds = seconds

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        try:
            for text in self.texts:
                self.now += self._seconds
                self.num_sent += 1
                yield Chunk(text)
            yield Chunk(finish_reason="length")
        finally:
            self.is_closed = True


async def ended(script: Script, limits: Limits) -> tuple[str, str | None]:
    found = [chunk async for chunk in limited(script.chunks(), limits, 1, clock=lambda: script.now)]
    assert script.is_closed
    return "".join(chunk.text for chunk in found), found[-1].finish_reason


@pytest.mark.parametrize(
    ("texts", "indent", "kept"),
    [
        (("x = 1", "\n    y", "\n  z", "never"), 4, "x = 1\n    y"),
        (("x = 1\n    y\nz\n    w",), 4, "x = 1\n    y"),
        (("x = 1\n", "z\n", "never"), 4, "x = 1\n"),
        (("x = 1\n", "  ", "z", "never"), 4, "x = 1\n  "),
        (("x\n\n    y\n\tz",), 2, "x\n\n    y"),
        (("first", "line\n    second"), 4, "firstline\n    second"),
        (("\n\n    y",), 4, "\n\n    y"),
        (("a\nb",), 0, "a\nb"),
    ],
)
async def test_a_line_that_is_not_deep_enough_ends_the_answer(texts, indent, kept):
    script = Script(*texts)
    text, reason = await ended(script, Limits(min_indent=indent))
    assert text == kept
    is_whole = "".join(texts) == kept
    assert reason == ("length" if is_whole else "stop")
    assert "never" not in "".join(script.texts[: script.num_sent])


@pytest.mark.parametrize(
    ("texts", "max_ms", "kept"),
    [
        (("a", "b", "c", "\n", "d", "\n", "never"), 1500, "abc\nd"),
        (("one line that is", " long", " and never cut"), 1, "one line that is long and never cut"),
        (("a\n", "b\n", "c\n", "never"), 1500, "a\nb\nc"),
        (("a\n", "b\n", "c\n"), 99_000, "a\nb\nc\n"),
        (("a\nb\n", "c\nd\n", "never"), 500, "a\nb\nc"),
    ],
)
async def test_time_ends_an_answer_at_the_end_of_a_line_but_never_the_first(texts, max_ms, kept):
    script = Script(*texts)
    text, _ = await ended(script, Limits(max_ms=max_ms))
    assert text == kept
    assert "never" not in script.texts[: script.num_sent] or kept.endswith("cut")


async def test_each_of_several_choices_ends_by_itself():
    async def chunks() -> AsyncGenerator[Chunk, None]:
        for piece in (Chunk("a\n", 0), Chunk("b", 0), Chunk("gone", 0), Chunk("c\n    d", 1), Chunk("\ne", 1)):
            yield piece
        pytest.fail("the engine goes on")

    found = [chunk async for chunk in limited(chunks(), Limits(min_indent=4), 2)]
    assert ["".join(chunk.text for chunk in found if chunk.index == index) for index in (0, 1)] == ["a\n", "c\n    d"]
    assert [chunk.index for chunk in found if chunk.finish_reason == "stop"] == [0, 1]
