"""The assistant panel in a real JupyterLab, before answers that the tests write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from notebook_page import NotebookPage, until
from panel_page import PanelPage, proposed
from payloads import PAYLOADS
from playwright.sync_api import Request, expect

CELLS = ["total = sum(range(10))", ("markdown", "# The end"), "pirnt(total)"]
FIXED = "print(total)"


@pytest.fixture
def panel(scripted: NotebookPage) -> PanelPage:
    return PanelPage(scripted)


def test_an_explanation_is_shown_rendered_and_names_the_cells_that_it_rests_on(panel: PanelPage) -> None:
    panel.open("explain.ipynb", CELLS, 2)
    panel.answer("It prints **the total** of `cell 1`.", cells=[0, 2])
    panel.press("Explain")
    expect(panel.turns.locator("strong")).to_have_text("the total")
    cited = panel.turns.get_by_role("navigation").get_by_role("button")
    expect(cited).to_have_text([f"Cell 1{CELLS[0]}", f"Cell 3{CELLS[2]}"])
    cited.first.click()
    until(lambda: panel.active == 0, "the cited cell is the active one")
    assert panel.requests[0]["document"]["cell"] == 2
    assert panel.lab.sources == [CELLS[0], "# The end", CELLS[2]]


def test_a_question_is_about_the_notebook_as_it_is_on_the_screen(panel: PanelPage) -> None:
    panel.open("ask.ipynb", CELLS)
    panel.lab.edit(0)
    panel.lab.type("  # typed, not saved 😀")
    panel.answer("Nothing.")
    panel.ask("What is typed?")
    expect(panel.turns).to_contain_text("Nothing.")
    panel.ask("And then?")
    panel.await_requests(2)
    assert panel.requests[0]["document"]["cells"][0]["source"] == CELLS[0] + "  # typed, not saved 😀"
    assert [message["content"] for message in panel.requests[1]["messages"]] == ["What is typed?", "Nothing."]
    expect(panel.turns).to_have_count(2)


def test_shift_enter_is_a_new_line_of_the_question(panel: PanelPage) -> None:
    panel.open("lines.ipynb", CELLS)
    panel.answer("Yes.")
    panel.box.press_sequentially("one")
    panel.box.press("Shift+Enter")
    panel.box.press_sequentially("two")
    panel.box.press("Enter")
    expect(panel.turns).to_contain_text("Yes.")
    assert panel.requests[0]["question"] == "one\ntwo"


def test_a_fix_is_offered_below_an_error_shown_as_a_difference_and_one_undo_takes_it_back(panel: PanelPage) -> None:
    panel.open("fix.ipynb", CELLS)
    assert panel.page.get_by_role("button", name="Fix with the assistant").count() == 0
    panel.show_error(2)
    panel.answer("It is `print`.", code=proposed(FIXED, 2))
    panel.page.get_by_role("button", name="Fix with the assistant").click()
    expect(panel.turns.locator("del")).to_contain_text("pirnt(total)")
    expect(panel.turns.locator("ins")).to_contain_text(FIXED)
    assert panel.requests[0]["error"]["name"] == "NameError"
    assert panel.requests[0]["error"]["traceback"] == "NameError: name 'pirnt' is not defined"
    assert panel.lab.sources[2] == CELLS[2]
    panel.press("Apply")
    until(lambda: panel.lab.sources[2] == FIXED, "the fix is written")
    assert panel.mark(2) == {"written": "fix", "model": "tiny"}
    panel.undo(2)
    until(lambda: panel.lab.sources[2] == CELLS[2], "one undo takes the fix back")
    assert panel.mark(2) is None


def test_what_was_typed_before_a_fix_is_another_undo_step(panel: PanelPage) -> None:
    panel.open("undo.ipynb", CELLS, 2)
    panel.lab.edit(2)
    panel.lab.type("  # mine")
    panel.show_error(2)
    panel.answer("It is `print`.", code=proposed(FIXED, 2))
    panel.press("Fix error")
    panel.press("Apply")
    until(lambda: panel.lab.sources[2] == FIXED, "the fix is written")
    panel.undo(2)
    until(lambda: panel.lab.sources[2] == CELLS[2] + "  # mine", "what was typed stays")


def test_a_cell_that_changed_since_the_request_is_not_overwritten(panel: PanelPage) -> None:
    panel.open("stale.ipynb", CELLS, 2)
    panel.answer("Docstring.", code=proposed("# prints\n" + CELLS[2], 2))
    panel.press("Document")
    expect(panel.turns.locator("ins")).to_contain_text("# prints")
    panel.lab.edit(2)
    panel.lab.type("  # mine")
    panel.press("Apply")
    expect(panel.turns.get_by_role("status")).to_contain_text("has changed since")
    expect(panel.turns.locator("del")).to_contain_text("# mine")
    assert panel.lab.sources[2] == CELLS[2] + "  # mine"
    panel.press("Apply")
    until(lambda: panel.lab.sources[2] == "# prints\n" + CELLS[2], "the second click writes")


def test_a_test_becomes_a_new_cell_that_is_not_run_and_goes_with_one_undo(panel: PanelPage) -> None:
    panel.open("test.ipynb", CELLS)
    panel.answer("A test.", code=proposed("assert total == 45", 0, "insert"))
    panel.press("Write test")
    panel.press("Insert")
    until(lambda: panel.lab.sources[1] == "assert total == 45", "the new cell is below")
    assert panel.mark(1) == {"written": "test", "model": "tiny"}
    assert panel.page.evaluate("jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount") is None
    panel.page.evaluate("jupyterapp.commands.execute('notebook:undo-cell-action')")
    until(lambda: len(panel.lab.sources) == 3, "one undo takes the new cell away")


def test_code_that_does_not_parse_is_marked(panel: PanelPage) -> None:
    panel.open("parse.ipynb", CELLS)
    panel.answer("Here.", code=proposed("def f(:", 0, "insert", parses=False))
    panel.press("Next cell")
    expect(panel.turns).to_contain_text("does not parse")


@pytest.mark.parametrize("stop", ["button", "escape"])
def test_stop_closes_the_connection_at_once(panel: PanelPage, stop: str) -> None:
    panel.open(f"stop_{stop}.ipynb", CELLS)
    panel.hold()
    panel.ask("Why?")
    panel.await_requests()
    with panel.page.expect_event("requestfailed", lambda request: "v1/tasks" in request.url):
        panel.box.press("Escape") if stop == "escape" else panel.press("Stop (Escape)")
    expect(panel.turns).to_contain_text("Stopped.")
    expect(panel.panel.get_by_role("button", name="Send (Enter)")).to_be_visible()


def test_each_notebook_has_its_own_conversation(panel: PanelPage) -> None:
    panel.open("first.ipynb", CELLS)
    panel.answer("About the first.")
    panel.press("Explain")
    expect(panel.turns).to_have_count(1)
    panel.lab.server.write_notebook("second.ipynb", ["x = 1"])
    panel.lab.open_beside("second.ipynb")
    expect(panel.turns).to_have_count(0)
    panel.lab.show("first.ipynb")
    expect(panel.turns).to_contain_text("About the first.")


def test_a_refusal_of_the_server_is_shown_and_can_be_tried_again(panel: PanelPage) -> None:
    panel.open("refused.ipynb", CELLS)
    panel.refuse(429, "The queue is full.")
    panel.press("Summarize")
    expect(panel.turns.get_by_role("alert")).to_contain_text("The queue is full.")
    panel.answer("It sums up.")
    panel.press("Try again")
    expect(panel.turns).to_have_count(2)
    expect(panel.turns.last).to_contain_text("It sums up.")


def test_hostile_answers_run_nothing_and_fetch_nothing(panel: PanelPage) -> None:
    panel.open("hostile.ipynb", CELLS)
    watched = watch(panel)
    for count, payload in enumerate(PAYLOADS):
        panel.answer(payload, code=proposed(payload, 0, "insert"))
        panel.ask(payload.strip() or "?")
        expect(panel.turns.nth(count % 20).get_by_role("button", name="Discard")).to_be_visible()
        if count % 20 == 19:
            panel.press("Begin a new conversation")
    panel.page.wait_for_timeout(200)
    assert len(PAYLOADS) > 300
    assert watched == []
    assert panel.page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == "hostile.ipynb"


def test_where_nothing_is_found_the_nearest_cells_are_a_click_away(panel: PanelPage) -> None:
    panel.open("nearest.ipynb", CELLS)
    panel.answer("I found nothing about this in the notebook.", found=False, nearest=[2])
    panel.ask("Where is the moon?")
    expect(panel.turns.get_by_role("navigation", name="Nearest")).to_be_visible()
    panel.turns.get_by_role("navigation").get_by_role("button").click()
    until(lambda: panel.active == 2, "the nearest cell is the active one")


def test_a_link_of_an_answer_leaves_the_page_alone(panel: PanelPage) -> None:
    panel.open("link.ipynb", CELLS)
    panel.page.context.route("https://example.org/**", lambda route: route.fulfill(body="elsewhere"))
    panel.answer("See [this](https://example.org/page).")
    panel.press("Explain")
    with panel.page.context.expect_page() as opened:
        panel.turns.get_by_role("link").click()
    assert opened.value.evaluate("window.opener") is None
    assert "/lab/tree/link.ipynb" in panel.page.url


def watch(panel: PanelPage) -> list[str]:
    """Return a list that fills with whatever a hostile text makes the page do."""
    watched: list[str] = []
    own = panel.lab.server.url

    def see(request: Request) -> None:
        is_api = request.url.startswith(own) and request.resource_type in ("fetch", "xhr")
        if not is_api and not request.url.startswith(f"{own}/static/favicons/"):  # JupyterLab's, of a busy kernel
            watched.append(f"{request.resource_type} {request.url}")

    panel.page.on("request", see)
    panel.page.on("dialog", note_dialog(watched))
    panel.page.on("popup", lambda popup: watched.append(f"popup {popup.url}"))
    panel.page.on("framenavigated", lambda frame: watched.append(f"navigated {frame.url}"))
    return watched


def note_dialog(watched: list[str]) -> Callable[[Any], None]:
    def note(dialog: Any) -> None:
        watched.append(f"dialog {dialog.message}")
        dialog.dismiss()

    return note
