"""Ghost text over the real pipe: what is sent, what comes back, and what acceptance counts."""

from __future__ import annotations

import pytest
from editor import PLAIN, Editor, span
from lsprotocol import types
from scripted_engine import ScriptedEngine, completion

URI = "file:///home/ada/src/mean.py"
AUTOMATIC = types.InlineCompletionTriggerKind.Automatic
TEXT = "def mean(total, count):\n    return \n\nprint(mean(6, 3))\n"


def test_the_server_says_that_it_completes_inline(editor: Editor) -> None:
    capabilities = editor.start()
    assert capabilities.inline_completion_provider is not None
    assert capabilities.completion_provider is None
    editor.stop()


def test_a_suggestion_is_an_item_at_the_cursor(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, TEXT)
    (item,) = editor.inline(URI, 1, 11)
    assert item.insert_text == "total / count"
    assert item.range == span(1, 11, 11)
    (body,) = engine.asked("completion")
    assert body["prompt"] == "def mean(total, count):\n    return "
    assert body["suffix"] == "\n\nprint(mean(6, 3))\n"
    assert body["document"] == {
        "path": "src/mean.py",
        "language": "python",
        "cell": 0,
        "cells": [{"type": "code", "source": ""}],
    }
    editor.stop()


def test_what_is_asked_for_by_a_key_brings_several_items(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = completion("total / count", "total // count", "total / count")
    editor.start({"candidates": 4, "maxTokens": 32})
    editor.open(URI, TEXT)
    items = editor.inline(URI, 1, 11)
    assert [item.insert_text for item in items] == ["total / count", "total // count"]
    (body,) = engine.asked("completion")
    assert (body["n"], body["manual"], body["max_tokens"]) == (4, True, 32)
    editor.stop()


def test_while_one_types_a_single_sure_item_is_asked_for(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, TEXT)
    editor.inline(URI, 1, 11, kind=AUTOMATIC)
    (body,) = engine.asked("completion")
    assert (body["n"], body["manual"]) == (1, False)
    editor.stop()


def test_the_selected_entry_of_the_list_comes_first(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = completion("(total, count)")
    editor.start()
    editor.open(URI, "from statistics import fmean\nfm\n")
    selected = types.SelectedCompletionInfo(span(1, 0, 2), "fmean")
    (item,) = editor.inline(URI, 1, 2, selected=selected)
    assert (item.insert_text, item.range) == ("fmean(total, count)", span(1, 0, 2))
    (body,) = engine.asked("completion")
    assert body["prompt"] == "from statistics import fmean\nfmean"
    assert body["suffix"] == "\n"
    editor.stop()


def test_accepting_an_item_is_counted(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, TEXT)
    (item,) = editor.inline(URI, 1, 11)
    params = types.ExecuteCommandParams(item.command.command, item.command.arguments)
    editor.request(types.WORKSPACE_EXECUTE_COMMAND, params)
    editor.notify("textDocument/didPartiallyAcceptCompletion", {"acceptedLength": 5})
    editor.stop()
    events = [event for body in engine.asked("events") for event in body["events"]]
    assert events == [
        {"kind": "shown", "characters": 13},
        {"kind": "accepted", "characters": 13},
        {"kind": "accepted_part", "characters": 5},
    ]


def test_typing_into_a_suggestion_asks_no_model(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, TEXT)
    editor.inline(URI, 1, 11)
    editor.change(URI, 2, types.TextDocumentContentChangePartial(span(1, 11, 11), "tot"))
    (item,) = editor.inline(URI, 1, 14)
    assert (item.insert_text, item.range) == ("al / count", span(1, 14, 14))
    assert len(engine.asked("completion")) == 1
    editor.change(URI, 3, types.TextDocumentContentChangePartial(span(1, 14, 14), "x"))
    editor.inline(URI, 1, 15)
    assert len(engine.asked("completion")) == 2
    editor.stop()


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 13), ("utf-16", 10), ("utf-32", 9)])
def test_positions_count_as_the_editor_counts(
    editor: Editor, engine: ScriptedEngine, encoding: str, column: int
) -> None:
    capabilities = editor.start(encodings=["utf-7", encoding])
    assert capabilities.position_encoding == encoding
    editor.open(URI, "x = '🙂é'; y\n")
    (item,) = editor.inline(URI, 0, column)
    assert engine.asked("completion")[0]["prompt"] == "x = '🙂é';"
    assert item.range == span(0, column, column)
    editor.stop()


def test_changes_count_as_the_editor_counts(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start(encodings=["utf-8"])
    editor.open(URI, "x = '🙂'\ny = 1\n")
    editor.change(
        URI,
        2,
        types.TextDocumentContentChangePartial(span(0, 9, 10), "é'"),
        types.TextDocumentContentChangePartial(span(1, 4, 5), "2 + "),
    )
    editor.inline(URI, 1, 8)
    assert engine.asked("completion")[0]["prompt"] == "x = '🙂é'\ny = 2 + "
    editor.stop()


def test_older_editors_get_the_suggestion_in_their_list(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["completion"] = completion("al / count\n\nprint(mean)")
    capabilities = editor.start(capabilities=PLAIN)
    assert capabilities.completion_provider is not None
    editor.open(URI, "def mean(total, count):\n    return tot\n")
    params = types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(1, 14))
    answer = editor.request(types.TEXT_DOCUMENT_COMPLETION, params)
    assert answer.is_incomplete
    (item,) = answer.items
    assert item.label == "total / count …"
    assert item.text_edit == types.TextEdit(span(1, 11, 14), "total / count\n\nprint(mean)")
    assert item.filter_text.startswith("tot")
    assert engine.asked("completion")[0]["manual"] is False
    editor.stop()


def test_a_list_can_be_had_beside_ghost_text(editor: Editor) -> None:
    assert editor.start({"completion": "on"}).completion_provider is not None
    editor.stop()


def test_a_text_that_is_not_open_has_no_suggestions(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    assert editor.inline("file:///home/ada/other.py", 0, 0) == []
    assert not engine.asked("completion")
    editor.stop()
