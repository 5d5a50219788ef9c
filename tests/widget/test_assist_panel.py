"""The panel before a scripted server: what its buttons send, what it shows, and what is left when it is closed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from panel_shell import Shell, panel_threads, server, shell, tasks, until
from payloads import PAYLOADS
from sse_server import DONE, TOKEN, Script, SseServer, answer, delta, event

from llama_assist import wire
from llama_assist.errors import AssistError
from llama_assist.render import render_html
from llama_assist.widget import AssistPanel
from llama_assist.widget import panel as panel_module
from llama_assist.widget.state import WHOLE

__all__ = ["server", "shell"]

FAILING = "1 / 0"
MODELS = [
    {"id": "tiny", "present": True, "current": True, "size_bytes": 5_000_000, "state": "installed"},
    {"id": "huge", "present": False, "current": False, "size_bytes": 9_000_000_000, "state": "available"},
]


@pytest.fixture
def opened(shell: Shell, server: SseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[AssistPanel]]:
    """The panels that a test opens; each must leave neither threads nor widgets."""
    monkeypatch.setattr(panel_module, "get_ipython", lambda: shell)
    monkeypatch.setenv("LLAMA_ASSIST_URL", server.url)
    monkeypatch.setenv("LLAMA_ASSIST_KEY", TOKEN)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    server.catalogue = {"models": MODELS, "current": "tiny"}
    panels: list[AssistPanel] = []
    yield panels
    for panel in panels:
        panel.close()
    assert not panel_threads()


@pytest.fixture
def panel(opened: list[AssistPanel], shell: Shell) -> AssistPanel:
    shell.run("total = 3")
    shell.run("total", output="3")
    opened.append(AssistPanel())
    return opened[0]


def done(panel: AssistPanel, count: int = 1) -> Any:
    """Return the newest turn when so many are done."""
    until(lambda: len(panel.state.turns) == count and not panel.state.is_busy, f"{count} answers are there")
    return panel.state.turns[-1]


def find(panel: AssistPanel, kind: type, text: str) -> Any:
    """Return the newest widget of a kind with this description."""
    found = [each for each in every(panel) if isinstance(each, kind) and each.description == text]
    assert found, f"There is no {kind.__name__} {text!r}."
    return found[-1]


def every(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def shown(panel: AssistPanel) -> str:
    return "\n".join(each.value for each in every(panel) if isinstance(each, widgets.HTML))


def press(panel: AssistPanel, text: str) -> None:
    button = find(panel, widgets.Button, text)
    assert not button.disabled
    button.click()


def proposal(text: str, code: str | None, **details: object) -> list[bytes]:
    found = None if code is None else {"text": code, "language": "python", "parses": True, "action": "insert"}
    last = event({"model": "tiny", "choices": [], "llama_assist": {"code": found, "cells": [], **details}})
    return [*answer(text)[:-1], last, DONE]


def test_a_question_is_answered_with_its_cells_cited(panel: AssistPanel, server: SseServer) -> None:
    server.script = Script(proposal("In cell 2.", None, cells=[1]))
    find(panel, widgets.Text, "").value = "Where is total?"
    press(panel, "Ask")
    turn = done(panel)
    assert (turn.subject, turn.text, turn.cells) == ("Where is total?", "In cell 2.", (2,))
    assert render_html("In cell 2.", turn.note) in shown(panel)
    assert "tiny · 12 + 3 tokens" in turn.note
    request, _ = wire.task_request(tasks(server)[-1])
    assert [cell.source for cell in request.document.cells] == ["total = 3", "total"]
    assert request.document.cells[1].outputs == ("3",)
    assert panel.state.question == ""
    press(panel, "cell 2")
    assert panel.state.choice == 2


def test_enter_asks_with_the_characters_that_arrive_after_it(panel: AssistPanel, server: SseServer) -> None:
    box = find(panel, widgets.Text, "")
    box.value = "Where is tot"
    box._handle_custom_msg({"event": "submit"}, [])
    box.value = "Where is total?"
    assert done(panel).subject == "Where is total?"


def test_a_second_question_carries_the_first_with_its_answer(panel: AssistPanel, server: SseServer) -> None:
    panel.ask("First?")
    done(panel)
    panel.do("explain")
    done(panel, 2)
    panel.ask("Second?")
    done(panel, 3)
    assert tasks(server)[-1]["messages"] == [
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "Hello *world*"},
    ]
    panel.clear()
    panel.ask("Third?")
    done(panel)
    assert "messages" not in tasks(server)[-1]


@pytest.mark.parametrize(
    ("button", "task"),
    [("Explain", "explain"), ("Document", "document"), ("Test", "test"), ("Summarize", "summarize"), ("Fix", "fix")],
)
def test_each_button_sends_its_task_on_the_chosen_cell(
    panel: AssistPanel, server: SseServer, button: str, task: str
) -> None:
    find(panel, widgets.Dropdown, "cell").value = 1
    press(panel, button)
    assert done(panel).subject == f"{button} cell 1"
    request, _ = wire.task_request(tasks(server)[-1])
    assert (request.task, request.document.cell) == (task, 0)
    assert all(not cell.outputs for cell in request.document.cells)


def test_the_chooser_follows_what_runs(panel: AssistPanel, shell: Shell, server: SseServer) -> None:
    chooser = find(panel, widgets.Dropdown, "cell")
    assert chooser.label == "the last one that ran: 2 · total"
    shell.run("fresh = 1")
    assert chooser.label == "the last one that ran: 3 · fresh = 1"
    chooser.value = 1
    shell.run("more = 1")
    assert chooser.value == 1
    assert "4 · more = 1" in [label for label, _ in chooser.options]
    press(panel, "Explain")
    done(panel)
    assert tasks(server)[-1]["document"]["cell"] == 0


def test_fix_sends_the_error_and_never_offers_the_same_again(
    panel: AssistPanel, shell: Shell, server: SseServer
) -> None:
    server.script = Script(proposal("```python\n1 / 1\n```\n", "1 / 1"))
    shell.user_ns["total"] = 3
    shell.run(FAILING, error=ZeroDivisionError("division by zero"))
    press(panel, "Fix")
    assert done(panel).code == "1 / 1"
    assert tasks(server)[-1]["error"]["name"] == "ZeroDivisionError"
    press(panel, "Fix")
    done(panel, 2)
    assert tasks(server)[-1]["avoid"] == ["1 / 1"]
    press(panel, "Insert as next cell")
    assert shell.offered == ["1 / 1"]
    assert "below the next one that you run" in panel.state.notice


def test_summarize_is_of_the_whole_notebook_or_of_one_cell(panel: AssistPanel, server: SseServer) -> None:
    panel.state.choice = 1
    panel.do("summarize")
    done(panel)
    assert [cell["source"] for cell in tasks(server)[-1]["document"]["cells"]] == ["total = 3"]
    panel.state.choice = WHOLE
    panel.do("summarize")
    assert done(panel, 2).subject == "Summarize the notebook"
    assert [cell["source"] for cell in tasks(server)[-1]["document"]["cells"]] == ["total = 3", "total"]
    panel.do("explain")
    assert "Choose one cell" in panel.state.notice
    assert len(panel.state.turns) == 2


def test_temperature_length_and_types_go_along_where_they_are_set(
    panel: AssistPanel, shell: Shell, server: SseServer
) -> None:
    shell.user_ns["total"] = 3
    panel.do("explain")
    done(panel)
    plain = tasks(server)[-1]
    assert plain["temperature"] == 0.0
    assert "max_completion_tokens" not in plain
    assert "variables" not in plain["document"]
    panel.state.set_trait("temperature", 0.7)
    panel.state.max_tokens, panel.state.with_variables = 50, True
    panel.do("explain")
    done(panel, 2)
    sent = tasks(server)[-1]
    assert (sent["temperature"], sent["max_completion_tokens"]) == (0.7, 50)
    assert sent["document"]["variables"] == [{"name": "total", "type": "int"}]


def test_stop_frees_the_server_keeps_what_came_and_says_so(panel: AssistPanel, server: SseServer) -> None:
    server.script = Script([delta("Half "), delta("of it")], hang=True)
    panel.ask("Why?")
    until(lambda: panel.state.turns[-1].text, "the answer begins")
    assert find(panel, widgets.Button, "Ask").disabled
    press(panel, "Stop")
    turn = done(panel)
    assert server.closed.wait(10)
    assert turn.text.startswith("Half ")
    assert "Stopped: the answer is incomplete." in turn.note
    server.script = Script(answer("Again"))
    panel.ask("Why?")
    assert done(panel, 2).text == "Again"


def test_stop_works_while_the_model_is_still_reading(panel: AssistPanel, server: SseServer) -> None:
    server.script = Script(mute=True)
    panel.ask("Why?")
    until(lambda: tasks(server), "the question is out")
    panel.stop()
    assert server.closed.wait(10)
    assert "Stopped" in done(panel).note


def test_closing_a_panel_ends_its_requests_and_its_threads(panel: AssistPanel, server: SseServer, shell: Shell) -> None:
    before = set(threading.enumerate()) - set(panel_threads())
    server.script = Script([delta("Half")], hang=True)
    panel.ask("Why?")
    until(lambda: panel.state.turns[-1].text, "the answer begins")
    assert panel_threads()
    panel.close()
    assert server.closed.wait(10)
    assert not panel_threads()
    assert {thread for thread in threading.enumerate() if thread in before} <= before
    assert not any(shell.events.callbacks.values())
    panel.close()
    panel.ask("Anyone?")
    assert not panel_threads()


def test_closed_panels_leave_no_widgets_behind(panel: AssistPanel) -> None:
    registry = widgets.widget._instances
    panel.ask("Why?")
    done(panel)
    press(panel, "Copy")
    mine = set(registry)
    panel.close()
    assert not {registry[key].__class__.__name__ for key in mine & set(registry)} & {"AssistPanel", "HTML", "Button"}
    assert not [key for key in mine & set(registry) if registry[key].__class__.__name__ not in ("Layout",)]


def test_two_panels_do_not_disturb_each_other(
    panel: AssistPanel, opened: list[AssistPanel], server: SseServer, shell: Shell
) -> None:
    other = AssistPanel()
    opened.append(other)
    server.script = Script([delta("Half")], hang=True)
    panel.ask("Why?")
    until(lambda: panel.state.turns[-1].text, "the answer begins")
    server.script = Script(answer("Whole"))
    other.ask("What?")
    assert done(other).text == "Whole"
    assert panel.state.is_busy
    other.close()
    shell.run("fresh = 1")
    assert panel.state.is_busy
    assert panel.state.cells[-1].source == "fresh = 1"
    panel.stop()
    assert done(panel).text == "Half"


def test_a_server_that_refuses_is_told_at_the_question(panel: AssistPanel, server: SseServer) -> None:
    body = json.dumps({"error": {"message": "The queue is full.", "code": "rate_limit_exceeded"}}).encode()
    server.script = Script([body], status=429, headers={"Content-Type": "application/json"}, is_chunked=False)
    panel.ask("Why?")
    assert done(panel).note == "The queue is full."
    assert not panel.state.turns[-1].text


def test_an_error_in_the_middle_keeps_what_came(panel: AssistPanel, server: SseServer) -> None:
    error = event({"error": {"message": "The engine ended.", "code": "engine_crashed"}})
    server.script = Script([delta("Half"), error])
    panel.ask("Why?")
    turn = done(panel)
    assert (turn.text, turn.note) == ("Half", "The engine ended.")


def test_without_a_question_nothing_is_sent(panel: AssistPanel, server: SseServer) -> None:
    press(panel, "Ask")
    assert panel.state.notice == "Write a question first."
    assert not tasks(server)


def test_what_will_be_sent_is_shown_with_the_tokens_of_each_part(panel: AssistPanel, server: SseServer) -> None:
    sent = [{"cell": 1, "kind": "focus", "tokens": 5}, {"cell": None, "kind": "question", "tokens": 7}]
    preview = {"task": "ask", "messages": [{"role": "user", "content": "<b>Why?</b>"}], "tokens": 40, "sent": sent}
    server.script = Script(
        [json.dumps(preview).encode()], headers={"Content-Type": "application/json"}, is_chunked=False
    )
    fold = next(each for each in every(panel) if isinstance(each, widgets.Accordion))
    fold.selected_index = 0
    until(lambda: "Write a question first" in shown(panel), "the panel says what is missing")
    panel.state.question = "Why?"
    until(lambda: "cell 2, the chosen cell" in shown(panel), "the preview is there")
    assert tasks(server)[-1]["preview"] is True
    assert "<strong>40</strong>" in shown(panel)
    area = next(each for each in every(panel) if isinstance(each, widgets.Textarea))
    assert area.value == "--- user ---\n<b>Why?</b>"
    fold.selected_index = None
    panel.state.question = "More?"
    assert len(tasks(server)) == 1


def test_the_menu_has_the_models_with_their_state_and_changes_the_model(panel: AssistPanel, server: SseServer) -> None:
    menu = find(panel, widgets.Dropdown, "model")
    until(lambda: menu.options, "the models are there")
    assert [label for label, _ in menu.options] == ["tiny · in use · 5 MB", "huge · to be downloaded · 9,000 MB"]
    until(lambda: panel.state.server == "tiny is ready", "the state is there")
    menu.value = "huge"
    progress = [
        event({"progress": {"file": "download", "done": done, "total": 9_000_000_000}}) for done in (0, 4_500_000_000)
    ]
    server.script = Script(progress, hang=True)
    press(panel, "Download and use")
    until(lambda: panel.state.progress == 0.5, "half of it is there")
    assert panel.state.stage == "downloading: 4,500 of 9,000 MB"
    press(panel, "Stop download")
    until(lambda: not panel.state.is_switching, "the download ends")
    assert server.closed.wait(10)
    assert panel.state.stage == "Stopped; it can be resumed."
    assert panel.state.progress < 0


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 40))
def test_hostile_answers_become_inert_html(panel: AssistPanel, server: SseServer, start: int) -> None:
    for number, payload in enumerate(PAYLOADS[start : start + 40], 1):
        server.script = Script(answer(payload))
        panel.ask(f"q {payload}")
        turn = done(panel, number)
        assert render_html(turn.text, turn.note) in shown(panel)
        assert render_html("\n".join(f"> {line}" for line in turn.subject.split("\n"))) in shown(panel)


def test_copy_shows_the_source_to_be_copied_and_hides_it_again(panel: AssistPanel) -> None:
    panel.ask("Why?")
    done(panel)
    press(panel, "Copy")
    assert next(each.value for each in every(panel) if isinstance(each, widgets.Textarea)) == "Hello *world*"
    assert "Ctrl+C" in shown(panel)
    press(panel, "Copy")
    assert "Ctrl+C" not in shown(panel)


def test_the_conversation_is_exported_beside_the_notebook(
    panel: AssistPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "work.ipynb"))
    assert panel.export() is None
    panel.ask("Why?")
    done(panel)
    press(panel, "Export conversation")
    assert (tmp_path / "work-conversation.md").read_text().count("Hello *world*") == 1
    assert panel.export() == tmp_path / "work-conversation-2.md"
    assert panel.state.notice == f"Written to {tmp_path / 'work-conversation-2.md'}."


def test_outside_of_ipython_the_panel_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_module, "get_ipython", lambda: None)
    with pytest.raises(AssistError, match="open it in a notebook"):
        AssistPanel()


def shared(*sources: str) -> dict[str, Any]:
    """Return what a server answers that shares the notebook; its numbers are floats, as shared documents have them."""
    cells = [
        {"id": source, "cell_type": "code", "source": source, "execution_count": 1.0, "outputs": []}
        for source in sources
    ]
    return {"notebook": {"cells": cells, "nbformat": 4.0}, "sharing": True}


def test_edits_that_were_neither_saved_nor_run_are_seen_where_the_server_shares_the_notebook(
    opened: list[AssistPanel], server: SseServer, shell: Shell
) -> None:
    server.document = shared("a = 1", "b = 2")
    panel = AssistPanel()
    opened.append(panel)
    until(lambda: "as the server shares it live, unsaved edits included" in panel.state.origin, "the panel says so")
    panel.state.choice = 2
    server.document = shared("new = 0", "a = 1  # edited", "b = 2")
    panel.do("explain")
    assert done(panel).subject == "Explain cell 3"
    document = tasks(server)[-1]["document"]
    assert [cell["source"] for cell in document["cells"]] == ["new = 0", "a = 1  # edited", "b = 2"]
    assert document["cell"] == 2


def test_a_server_that_shares_nothing_is_asked_for_documents_once(
    panel: AssistPanel, server: SseServer, shell: Shell
) -> None:
    until(lambda: not panel._actions._may_be_live, "the server has answered")
    for number in range(3):
        shell.run(f"x = {number}")
    panel.ask("Why?")
    done(panel)
    assert len([request for request in server.requests if "/document?" in request.path]) == 1


def test_while_a_cell_runs_the_panel_says_what_to_expect(panel: AssistPanel, shell: Shell) -> None:
    seen: list[str] = []
    panel.state.observe(lambda change: seen.append(shown(panel)), "is_cell_running")
    shell.run("slow = 1")
    assert ["a cell runs: an answer that has begun goes on" in text for text in seen] == [True, False]


def test_an_unknown_task_is_refused(panel: AssistPanel) -> None:
    with pytest.raises(ValueError, match="There is no task 'dance'"):
        panel.do("dance")
