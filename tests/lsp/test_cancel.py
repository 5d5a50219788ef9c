"""Cancellation reaches the engine: a connection that closes is what frees it."""

from __future__ import annotations

import pytest
from editor import Editor, ask
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from scripted_engine import ScriptedEngine
from sse_server import Script, event

URI = "file:///home/ada/a.py"
PIECE = event({"choices": [{"index": 0, "text": "half", "finish_reason": None}]})


def start(editor: Editor) -> None:
    editor.start()
    editor.open(URI, "x = \n")


def test_a_cancelled_request_closes_its_stream(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = Script([PIECE], hang=True)
    start(editor)
    answer = editor.send(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(URI, 0, 4), "first")
    engine.wait_for("completion")
    editor.notify(types.CANCEL_REQUEST, types.CancelParams("first"))
    with pytest.raises(JsonRpcException) as raised:
        answer.result(60)
    assert raised.value.code == types.LSPErrorCodes.RequestCancelled
    assert engine.server.closed.wait(60)
    assert not editor.messages()
    editor.stop()


def test_a_request_that_waits_for_the_first_byte_can_be_cancelled(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = Script(mute=True)
    start(editor)
    answer = editor.send(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(URI, 0, 4), "first")
    engine.wait_for("completion")
    editor.notify(types.CANCEL_REQUEST, types.CancelParams("first"))
    with pytest.raises(JsonRpcException):
        answer.result(60)
    assert engine.server.closed.wait(60)
    editor.stop()


def test_a_newer_request_for_the_same_text_ends_the_older_one(editor: Editor, engine: ScriptedEngine) -> None:
    whole = engine.scripts["completion"]
    engine.scripts["completion"] = Script([PIECE], hang=True)
    start(editor)
    older = editor.send(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(URI, 0, 4))
    engine.wait_for("completion")
    engine.scripts["completion"] = whole
    editor.change(URI, 2, types.TextDocumentContentChangeWholeDocument("y = \n"))
    assert editor.inline(URI, 0, 4)
    assert not older.result(60).items
    assert engine.server.closed.wait(60)
    editor.stop()


def test_a_chosen_action_can_be_cancelled(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = Script([event({"choices": [{"index": 0, "delta": {"content": "It"}}]})], hang=True)
    start(editor)
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    argument = {"task": "explain", "uri": URI, "range": where}
    params = types.ExecuteCommandParams("llama-assist.perform", [argument])
    answer = editor.send(types.WORKSPACE_EXECUTE_COMMAND, params, "chosen")
    engine.wait_for("task")
    editor.notify(types.CANCEL_REQUEST, types.CancelParams("chosen"))
    with pytest.raises(JsonRpcException):
        answer.result(60)
    assert engine.server.closed.wait(60)
    editor.until(types.PROGRESS, lambda said: said[-1].value["kind"] == "end")
    editor.stop()


def test_the_progress_of_an_action_can_be_cancelled(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = Script([event({"choices": [{"index": 0, "delta": {"content": "It"}}]})], hang=True)
    start(editor)
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    params = types.ExecuteCommandParams("llama-assist.perform", [{"task": "explain", "uri": URI, "range": where}])
    answer = editor.send(types.WORKSPACE_EXECUTE_COMMAND, params)
    engine.wait_for("task")
    (begun,) = editor.until(types.PROGRESS)[:1]
    assert begun.value["cancellable"] is True
    editor.notify(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, types.WorkDoneProgressCancelParams(begun.token))
    with pytest.raises(JsonRpcException):
        answer.result(60)
    assert engine.server.closed.wait(60)
    editor.stop()


def test_an_editor_that_goes_away_leaves_nothing_running(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = Script([PIECE], hang=True)
    start(editor)
    answer = editor.send(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(URI, 0, 4))
    engine.wait_for("completion")
    editor.hang_up()
    assert engine.server.closed.wait(60)
    assert answer.exception(60) is not None
