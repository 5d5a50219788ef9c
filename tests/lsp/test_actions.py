"""Code actions and hover: free until chosen; then an edit, or a page, or a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from editor import PLAIN, Editor, span
from lsprotocol import types
from scripted_engine import ScriptedEngine, task

URI = "file:///home/ada/a.py"
TEXT = "import os\n\n\ndef mean(values):\n    return sum(values) / len(valeus)\n\n\nprint(mean([1]))\n"
DIAGNOSTIC = types.Diagnostic(
    span(4, 30, 36), 'Undefined name "valeus"', severity=types.DiagnosticSeverity.Error, code="F821", source="ruff"
)


def actions(editor: Editor, *diagnostics: types.Diagnostic, only: list[str] | None = None) -> list[types.CodeAction]:
    context = types.CodeActionContext(list(diagnostics), only=only)  # type: ignore[arg-type]
    params = types.CodeActionParams(types.TextDocumentIdentifier(URI), span(4, 30, 30), context)
    found = editor.request(types.TEXT_DOCUMENT_CODE_ACTION, params)
    return [editor.structured(action, types.CodeAction) for action in found]


def choose(editor: Editor, action: types.CodeAction) -> None:
    assert action.command is not None
    params = types.ExecuteCommandParams(action.command.command, action.command.arguments)
    editor.request(types.WORKSPACE_EXECUTE_COMMAND, params)


def hover(editor: Editor, line: int, character: int) -> Any:
    params = types.HoverParams(types.TextDocumentIdentifier(URI), types.Position(line, character))
    return editor.request(types.TEXT_DOCUMENT_HOVER, params)


def kinds(found: list[types.CodeAction]) -> list[str]:
    return [str(getattr(action.kind, "value", action.kind)) for action in found]


def test_actions_are_offered_without_asking_the_model(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start()
    editor.open(URI, TEXT)
    assert kinds(actions(editor)) == ["refactor.rewrite", "refactor.test", "explain"]
    assert kinds(actions(editor, DIAGNOSTIC)) == ["quickfix", "refactor.rewrite", "refactor.test", "explain"]
    assert kinds(actions(editor, DIAGNOSTIC, only=["quickfix"])) == ["quickfix"]
    assert kinds(actions(editor, only=["refactor"])) == ["refactor.rewrite", "refactor.test"]
    assert not engine.server.requests
    editor.stop()


def test_a_fix_is_asked_for_with_the_diagnostics_and_applied(editor: Editor, engine: ScriptedEngine) -> None:
    code = "def mean(values):\n    return sum(values) / len(values)"
    engine.scripts["task"] = task("The name is misspelt.", code={"text": code, "action": "replace"})
    editor.start()
    editor.open(URI, TEXT)
    fix = actions(editor, DIAGNOSTIC)[0]
    assert fix.title == 'Fix with llama-assist: Undefined name "valeus"'
    assert fix.edit is None
    choose(editor, fix)
    (body,) = engine.asked("task")
    assert body["task"] == "fix"
    assert body["document"]["cell"] == 1
    assert [cell["source"] for cell in body["document"]["cells"]] == [
        "import os\n\n\n",
        "def mean(values):\n    return sum(values) / len(valeus)",
        "\n\n\nprint(mean([1]))\n",
    ]
    assert body["error"] == {
        "name": "ruff F821",
        "value": 'Undefined name "valeus"',
        "traceback": '  File "here", line 2\n    return sum(values) / len(valeus)',
    }
    (applied,) = editor.said[types.WORKSPACE_APPLY_EDIT]
    (change,) = applied.edit.document_changes
    assert (change.text_document.uri, change.text_document.version) == (URI, 1)
    (edit,) = change.edits
    assert edit.range == types.Range(types.Position(4, 0), types.Position(5, 0))
    assert edit.new_text == "    return sum(values) / len(values)\n"
    editor.stop()


def test_older_editors_get_plain_changes(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("", code={"text": "def mean(values):\n    return 0", "action": "replace"})
    editor.start(capabilities=PLAIN)
    editor.open(URI, TEXT)
    choose(editor, actions(editor)[0])
    (applied,) = editor.said[types.WORKSPACE_APPLY_EDIT]
    assert list(applied.edit.changes) == [URI]
    editor.stop()


def test_a_test_comes_below(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("", code={"text": "assert mean([2]) == 2", "action": "insert"})
    editor.start()
    editor.open(URI, TEXT)
    choose(editor, actions(editor)[1])
    (edit,) = editor.said[types.WORKSPACE_APPLY_EDIT][0].edit.document_changes[0].edits
    assert edit.range == span(4, 36, 36)
    assert edit.new_text == "\n\n\nassert mean([2]) == 2"
    editor.stop()


def test_an_explanation_is_a_page_and_stays_in_the_hover(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("Cell 2 uses `os` from cell 1.")
    editor.start()
    editor.open(URI, TEXT)
    assert hover(editor, 3, 5) is None
    choose(editor, actions(editor)[-1])
    (shown,) = editor.said[types.WINDOW_SHOW_DOCUMENT]
    page = Path(unquote(urlsplit(shown.uri).path))
    assert page.read_text() == "This code uses `os` from the code above."
    found = hover(editor, 3, 5)
    assert found.contents.value == "This code uses `os` from the code above."
    assert found.contents.kind == types.MarkupKind.PlainText
    assert hover(editor, 7, 0) is None
    assert len(engine.asked("task")) == 1
    editor.stop()
    assert not page.exists()


def test_an_editor_without_pages_gets_a_message(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start(capabilities=PLAIN)
    editor.open(URI, TEXT)
    choose(editor, actions(editor)[-1])
    assert editor.messages() == ["It divides."]
    editor.stop()


def test_hover_asks_where_that_is_wanted(editor: Editor, engine: ScriptedEngine) -> None:
    editor.start({"hover": "explain"})
    editor.open(URI, TEXT)
    assert hover(editor, 3, 5).contents.value == "It divides."
    assert hover(editor, 4, 9).contents.value == "It divides."
    assert len(engine.asked("task")) == 1
    editor.stop()


def test_what_is_switched_off_is_not_offered(editor: Editor) -> None:
    capabilities = editor.start({"hover": "off", "codeActions": False})
    assert capabilities.hover_provider is None
    assert capabilities.code_action_provider is None
    editor.stop()


def test_no_code_is_said_and_nothing_is_changed(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("No different fix was found.", code=None, refused=True)
    editor.start()
    editor.open(URI, TEXT)
    choose(editor, actions(editor, DIAGNOSTIC)[0])
    assert editor.messages() == ["llama-assist: No different fix was found."]
    assert types.WORKSPACE_APPLY_EDIT not in editor.said
    editor.stop()


def test_code_that_has_changed_meanwhile_is_left_alone(editor: Editor, engine: ScriptedEngine) -> None:
    code = {"text": "def mean(values):\n    return 0", "action": "replace"}
    engine.scripts["task"] = task("", code=code)
    engine.hold("task")
    editor.start()
    editor.open(URI, TEXT)
    command = actions(editor)[0].command
    assert command is not None
    params = types.ExecuteCommandParams(command.command, command.arguments)
    done = editor.send(types.WORKSPACE_EXECUTE_COMMAND, params)
    engine.wait_for("task")
    editor.change(URI, 2, types.TextDocumentContentChangePartial(span(4, 4, 4), "x"))
    assert editor.inline(URI, 0, 0) is not None  # by now the change has been read
    engine.release()
    done.result(60)
    assert editor.messages() == ["llama-assist: The code has changed while the model wrote; nothing was changed."]
    editor.stop()


def test_an_editor_that_refuses_a_change_is_heard(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("", code={"text": "def mean(values):\n    return 0", "action": "replace"})
    editor.start()
    editor.applies = False
    editor.open(URI, TEXT)
    choose(editor, actions(editor)[0])
    assert editor.messages() == ["llama-assist: The editor did not take the change."]
    editor.stop()


def test_in_a_notebook_an_action_is_about_the_cell(editor: Editor, engine: ScriptedEngine) -> None:
    engine.scripts["task"] = task("", code={"text": "assert mean([2]) == 2", "action": "insert"})
    editor.start()
    book, first, second = "file:///home/ada/book.ipynb", "cell:first", "cell:second"
    kind = types.NotebookCellKind.Code
    notebook = types.NotebookDocument(
        book, "jupyter-notebook", 1, [types.NotebookCell(kind, first), types.NotebookCell(kind, second)]
    )
    texts = [
        types.TextDocumentItem(first, "python", 1, "import statistics"),
        types.TextDocumentItem(second, "python", 4, "def mean(v):\n    return statistics.mean(v)\n\nmean([1])"),
    ]
    editor.notify(types.NOTEBOOK_DOCUMENT_DID_OPEN, types.DidOpenNotebookDocumentParams(notebook, texts))
    where = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
    params = types.ExecuteCommandParams("llama-assist.perform", [{"task": "test", "uri": second, "range": where}])
    editor.request(types.WORKSPACE_EXECUTE_COMMAND, params)
    document = engine.asked("task")[0]["document"]
    assert (document["path"], document["cell"]) == ("book.ipynb", 1)
    assert [cell["source"] for cell in document["cells"]] == [item.text for item in texts]
    (change,) = editor.said[types.WORKSPACE_APPLY_EDIT][0].edit.document_changes
    assert (change.text_document.uri, change.text_document.version) == (second, 4)
    assert change.edits[0] == types.TextEdit(span(3, 9, 9), "\n\nassert mean([2]) == 2")
    editor.stop()
