"""An answer that is followed to its end, whatever the end is; and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from llama_assist.errors import EngineCrashedError
from llama_assist.kernel.answer import Answer, Interrupted, follow
from llama_assist.types import Usage


class Recorder:
    """A view that only remembers."""

    def __init__(self) -> None:
        self.updates: list[str] = []
        self.finished: list[str] = []

    def update(self, answer: Answer) -> None:
        self.updates.append(answer.text)

    def finish(self, answer: Answer) -> None:
        self.finished.append(answer.text + answer.note)


def stream(*items: Any) -> Generator[dict[str, Any], None, None]:
    for item in items:
        if isinstance(item, BaseException):
            raise item
        yield {"model": "tiny", "choices": [{"index": 0, "delta": {"content": item}}]}


def test_following_shows_each_piece_and_the_end() -> None:
    view, answer = Recorder(), Answer()
    follow(stream("a", "b"), answer, view)
    assert view.updates == ["a", "ab"]
    assert view.finished == ["ab"]


def test_an_interrupt_closes_the_stream_before_the_view_is_touched() -> None:
    events: list[str] = []

    def chunks() -> Generator[dict[str, Any], None, None]:
        try:
            yield from stream("a")
            raise KeyboardInterrupt
        finally:
            events.append("closed")

    view = Recorder()
    view.finish = lambda answer: events.append("shown")  # type: ignore[method-assign]
    answer = Answer()
    with pytest.raises(Interrupted):
        follow(chunks(), answer, view)
    assert events == ["closed", "shown"]
    assert answer.interrupted


def test_an_interrupt_while_showing_closes_the_stream() -> None:
    chunks = stream("a", "b")
    view = Recorder()

    def interrupted(answer: Answer) -> None:
        raise KeyboardInterrupt

    view.update = interrupted  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        follow(chunks, Answer(), view)
    assert chunks.gi_frame is None
    assert view.finished == ["aInterrupted: the answer is incomplete."]


def test_an_error_of_the_stream_goes_on_up_after_the_last_state_is_shown() -> None:
    view = Recorder()
    with pytest.raises(EngineCrashedError):
        follow(stream("a", EngineCrashedError("x")), Answer(), view)
    assert view.finished == ["aStopped by an error: the answer is incomplete."]


def test_an_answer_cut_by_its_limit_says_so() -> None:
    answer = Answer()
    answer.add({"choices": [{"delta": {"content": "a"}, "finish_reason": "length"}]})
    assert "--max-tokens" in answer.note


def test_an_empty_answer_says_so() -> None:
    view = Recorder()
    follow(stream(""), Answer(), view)
    assert view.finished == ["The model answered nothing."]


def test_usage_is_taken_from_the_last_chunk() -> None:
    answer = Answer()
    for chunk in ({"choices": [], "usage": None}, {"choices": [], "usage": {"prompt_tokens": 3}}):
        answer.add(chunk)
    assert answer.usage == Usage(prompt_tokens=3)


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_the_streams_of_the_wire_fixtures_are_understood(kind: str) -> None:
    folder = Path(__file__).parent.parent / "wire"
    answer = Answer()
    for chunk in json.loads((folder / f"{kind}_stream.json").read_text(encoding="utf-8")):
        answer.add(chunk)
    whole = json.loads((folder / f"{kind}_reply.json").read_text(encoding="utf-8"))
    choice = whole["choices"][0]
    assert answer.text == (choice["message"]["content"] if kind == "chat" else choice["text"])
    assert answer.model == whole["model"]
    assert answer.finish_reason == choice["finish_reason"]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == whole["usage"]["prompt_tokens"]


def test_the_details_of_a_task_become_numbers_of_cells_and_a_proposal() -> None:
    answer = Answer(first=1)
    answer.add({"choices": [], "llama_assist": {"cells": [0, 4], "code": {"text": "x = 1"}, "found": True}})
    assert answer.cells == (1, 5)
    assert answer.cell_text == "x = 1"


def test_details_without_code_leave_no_proposal() -> None:
    answer = Answer()
    answer.add({"choices": [], "llama_assist": {"code": None, "refused": True}})
    assert answer.cell_text == ""


def test_the_code_of_an_answer_is_its_first_finished_block() -> None:
    answer = Answer(text="So:\n```python\na = 1\n```\n```python\nb = 2\n```\n")
    assert answer.cell_text == "a = 1"
    assert Answer(text="```python\na =").cell_text == ""


def test_a_completion_is_shown_with_the_code_that_it_goes_on_from() -> None:
    answer = Answer(text="1", code_before="x = ")
    assert answer.shown == "```python\nx = 1"
    answer.end()
    assert answer.shown == "```python\nx = 1\n```"
    assert answer.cell_text == "x = 1"


@pytest.mark.parametrize("fence", ["```", "````"])
def test_translated_text_stands_in_no_fence(fence: str) -> None:
    answer = Answer(task="translate", text=f"{fence}markdown\nHallo\n{fence}")
    assert answer.shown == "Hallo"


def test_the_footer_tells_model_tokens_and_time_at_the_end() -> None:
    answer = Answer(model="tiny", usage=Usage(12, 3), cells=(2, 5), subject="fix of cell 2")
    assert answer.footer == ""
    answer.end()
    answer.seconds = 1.25
    assert answer.footer == "fix of cell 2 · cells: 2, 5 · tiny · 12 + 3 tokens · 1.2 s"


def test_an_answer_that_found_nothing_says_how_to_ask_the_model_alone() -> None:
    answer = Answer()
    answer.add({"choices": [], "llama_assist": {"found": False}})
    assert "--no-context" in answer.note


def test_tokens_of_several_requests_are_added_up() -> None:
    answer = Answer()
    for _ in range(2):
        answer.add({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})
    assert answer.usage == Usage(6, 2)
