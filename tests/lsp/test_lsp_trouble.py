"""Trouble is told once, over the real pipe too, and typing goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from editor import Editor
from lsprotocol import types
from scripted_engine import ScriptedEngine, refusal
from sse_server import Script

from llama_assist.errors import BusyError, ConnectError, SupersededError
from llama_assist.lsp.trouble import QUIET_SECONDS, RETRY_SECONDS, Trouble

URI = "file:///home/ada/a.py"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_trouble_is_told_once() -> None:
    said: list[str] = []
    trouble = Trouble(said.append, Clock())
    for _ in range(3):
        trouble.report(ConnectError("No server."))
    trouble.report(BusyError("Full."))
    assert said == ["No server.", "Full."]


def test_it_is_told_again_when_it_comes_back_much_later() -> None:
    said: list[str] = []
    clock = Clock()
    trouble = Trouble(said.append, clock)
    trouble.report(ConnectError("No server."))
    trouble.is_over()
    trouble.report(ConnectError("No server."))
    assert len(said) == 1
    trouble.is_over()
    clock.now += QUIET_SECONDS
    trouble.report(ConnectError("No server."))
    assert len(said) == 2


def test_nothing_is_tried_again_at_once() -> None:
    clock = Clock()
    trouble = Trouble(lambda text: None, clock)
    trouble.report(ConnectError("No server."))
    assert not trouble.is_worth_trying
    clock.now += RETRY_SECONDS
    assert trouble.is_worth_trying
    trouble.report(BusyError("Full.", retry_after=9))
    clock.now += RETRY_SECONDS
    assert not trouble.is_worth_trying
    trouble.is_over()
    assert trouble.is_worth_trying


def test_a_request_that_a_newer_one_replaced_is_no_trouble() -> None:
    said: list[str] = []
    trouble = Trouble(said.append, Clock())
    trouble.report(SupersededError("Newer."))
    assert not said
    assert trouble.is_worth_trying


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "rate_limit_exceeded", "The queue is full."),
        (503, "engine_unavailable", "The model is being loaded."),
        (503, "model_error", "The weights are not on this machine."),
    ],
)
def test_a_refusal_is_shown_once_and_typing_goes_on(
    editor: Editor, engine: ScriptedEngine, status: int, code: str, words: str
) -> None:
    engine.scripts["completion"] = refusal(status, code, words)
    editor.start()
    editor.open(URI, "abc")
    for column in range(3):
        assert editor.inline(URI, 0, column) == []
        assert editor.inline(URI, 0, column, kind=types.InlineCompletionTriggerKind.Automatic) == []
    assert editor.messages() == [f"llama-assist: {words}"]
    assert all(body["manual"] for body in engine.asked("completion"))
    editor.stop()


def test_a_wrong_key_is_named(make_editor: Callable[..., Editor]) -> None:
    editor = make_editor({"LLAMA_ASSIST_KEY": "wrong"})
    editor.start()
    editor.open(URI, "abc")
    assert editor.inline(URI, 0, 1) == []
    assert editor.inline(URI, 0, 2) == []
    (message,) = editor.messages()
    assert "refused the token" in message
    editor.stop()


def test_a_server_that_is_not_there_is_named(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start({"url": "http://127.0.0.1:9/llama-assist/"})
    editor.open(URI, "abc")
    assert editor.inline(URI, 0, 1) == []
    (message,) = editor.messages()
    assert "cannot be reached" in message
    editor.stop()


def test_without_a_server_and_without_leave_to_start_one_it_says_what_to_do(
    make_editor: Callable[..., Editor], tmp_path: object
) -> None:
    editor = make_editor({"JUPYTER_RUNTIME_DIR": str(tmp_path)}, without=("LLAMA_ASSIST_URL", "LLAMA_ASSIST_KEY"))
    editor.start({"start": False})
    editor.open(URI, "abc")
    assert editor.inline(URI, 0, 1) == []
    (message,) = editor.messages()
    assert "llama-assist serve" in message
    editor.stop()


def test_what_was_chosen_gets_its_answer_each_time(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = refusal(429, "rate_limit_exceeded", "The queue is full.")
    editor.start()
    editor.open(URI, "abc")
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    params = types.ExecuteCommandParams("llama-assist.perform", [{"task": "explain", "uri": URI, "range": where}])
    for _ in range(2):
        editor.request(types.WORKSPACE_EXECUTE_COMMAND, params)
    assert editor.messages() == ["llama-assist: The queue is full."] * 2
    editor.stop()


def test_a_server_that_came_back_is_found_without_a_word(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, "abc")
    assert editor.inline(URI, 0, 1)
    engine.in_order("completion", [Script([], status=403), engine.scripts["completion"]])
    assert editor.inline(URI, 0, 2)
    assert not editor.messages()
    editor.stop()


def test_wrong_settings_are_told_at_the_start(editor: Editor) -> None:
    editor.start({"candidate": 2})
    (message,) = [params.message for params in editor.until(types.WINDOW_SHOW_MESSAGE)]
    assert message.startswith("llama-assist: `candidate` is no setting")
    editor.stop()


def test_loading_shows_progress(editor: Editor, engine: ScriptedEngine) -> None:
    engine.server.status["state"] = "loading"
    editor.start({"preload": True})
    said = editor.until(types.PROGRESS, lambda said: said[-1:] and said[-1].value["kind"] == "end")
    assert said[0].value["message"] == "Loading tiny"
    assert engine.asked("model") == [{"action": "load", "id": ""}]
    editor.stop()


def test_a_model_that_is_loaded_needs_no_progress(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, "abc")
    editor.inline(URI, 0, 1)
    editor.stop()
    assert not engine.asked("model")
    assert types.PROGRESS not in editor.said
