"""The item in the status bar, its menu, and the panel in Notebook 7."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lab import TOKEN
from notebook_page import NotebookPage, until
from panel_page import PanelPage
from playwright.sync_api import Locator, expect

STATUS = "**/llama-assist/status*"
MODEL = "**/llama-assist/model*"
PROMPT = "**/llama-assist/prompt*"
CONTENT = """() => {
  const { cells, metadata } = jupyterapp.shell.currentWidget.context.model.toJSON();
  return [cells, Object.keys(metadata)];
}"""
WATCH_STATES = """() => {
  const seen = [];
  const look = () => {
    const found = document.querySelector('.jp-LlamaAssist-status button')?.className.match(/jp-mod-(\\w+)/);
    if (found && seen[seen.length - 1] !== found[1]) {
      seen.push(found[1]);
    }
  };
  look();
  const options = { subtree: true, childList: true, attributes: true };
  new MutationObserver(look).observe(document.querySelector('.jp-LlamaAssist-status'), options);
  return seen;
}"""
USAGE = {"shown": 8, "accepted": 1, "accepted_part": 1, "dismissed": 0, "characters_saved": 30}
MODELS = [
    {"id": "small", "notes": "", "size_bytes": 4e8, "license": "MIT", "fim": True, "present": True, "current": True},
    {"id": "other", "notes": "", "size_bytes": 1e9, "license": "MIT", "fim": True, "present": False, "current": False},
]


@pytest.fixture
def panel(scripted: NotebookPage) -> PanelPage:
    return PanelPage(scripted)


def report(panel: PanelPage, **status: Any) -> None:
    """Let the server say this of itself."""
    body = {"state": "ready", "model": "small", "detail": "", "running": 0, "usage": USAGE, **status}
    panel.page.unroute(STATUS)
    panel.page.route(STATUS, lambda route: route.fulfill(json=body))


def item(panel: PanelPage) -> Locator:
    return panel.page.locator(".jp-LlamaAssist-status button")


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"state": "stopped"}, "off"),
        ({"state": "loading", "detail": "reading weights"}, "loading"),
        ({"state": "ready", "running": 1}, "busy"),
        ({"state": "failed", "detail": "not enough memory"}, "failed"),
    ],
)
def test_the_item_shows_the_model_and_its_state(panel: PanelPage, status: dict[str, Any], shown: str) -> None:
    report(panel, **status)
    panel.open("state.ipynb", ["x = 1"])
    expect(item(panel)).to_contain_text(f"small{shown}")
    expect(item(panel)).to_have_attribute("title", f"Model: small\nState: {shown}" + detail(status))


def detail(status: dict[str, Any]) -> str:
    if status["state"] == "stopped":
        return "; it starts with the first question or suggestion"
    return f" ({status['detail']})" if "detail" in status else ""


def test_the_item_is_busy_while_this_page_is_answered_and_not_after(panel: PanelPage) -> None:
    report(panel)
    panel.open("busy.ipynb", ["x = 1"])
    expect(item(panel)).to_have_class(re.compile("jp-mod-ready"))
    panel.hold()
    panel.ask("Why?")
    expect(item(panel)).to_contain_text("smallbusy")
    panel.press("Stop (Escape)")
    expect(item(panel)).to_have_class(re.compile("jp-mod-ready"))


def test_suggestions_make_the_item_busy(panel: PanelPage) -> None:
    lab = panel.lab
    report(panel)
    lab.server.write_notebook("seen.ipynb", [""])
    lab.open("seen.ipynb")
    lab.edit()
    states = lab.page.evaluate_handle(WATCH_STATES)
    lab.type("tot", delay=30)
    lab.await_ghost()
    until(lambda: states.json_value()[-2:] == ["busy", "ready"], "the item was busy")


def test_another_model_forgets_what_was_suggested(panel: PanelPage) -> None:
    lab = panel.lab
    report(panel)
    lab.server.write_notebook("another.ipynb", [""])
    lab.open("another.ipynb")
    lab.edit()

    def asked_at_the_same_place() -> int:
        lab.type("x")
        lab.await_no_ghost()
        lab.press("Backspace")
        lab.await_ghost("al = sum(range(10))")
        records = lab.server.records()
        return sum(each["path"] == "another.ipynb" and each["prefix"] == "tot" for each in records)

    lab.type("tot")
    lab.await_ghost("al = sum(range(10))")
    assert asked_at_the_same_place() == 1
    report(panel, model="other")
    lab.page.evaluate("void jupyterapp.commands.execute('llama-assist:load')")
    expect(item(panel)).to_contain_text("other", timeout=30_000)
    lab.edit()
    assert asked_at_the_same_place() == 2


def test_figures_stand_in_the_foot_of_the_panel(panel: PanelPage) -> None:
    report(panel)
    panel.open("figures.ipynb", ["x = 1"])
    expect(panel.panel.locator("footer")).to_contain_text("2 of 8 suggestions taken (25 %), 30 characters saved")


def test_suggestions_are_switched_off_for_one_notebook_without_changing_it(panel: PanelPage) -> None:
    panel.open("switch.ipynb", ["x = 1"])
    before = panel.page.evaluate(CONTENT)
    item(panel).click()
    entry = panel.page.locator(".lm-Menu-item", has_text="Inline Suggestions in This Notebook")
    entry.click()
    read = """async () => (await jupyterapp.serviceManager.settings.fetch('llama-assist:plugin')).raw"""
    until(lambda: '"switch.ipynb"' in panel.page.evaluate(read), "the setting is kept")
    assert panel.page.evaluate(CONTENT) == before
    item(panel).click()
    entry.click()
    until(lambda: '"switch.ipynb"' not in panel.page.evaluate(read), "the setting is taken back")


def test_the_menu_is_reached_and_left_by_keys(panel: PanelPage) -> None:
    panel.open("keys.ipynb", ["x = 1"])
    item(panel).focus()
    panel.page.keyboard.press("Enter")
    expect(panel.page.get_by_role("menuitem", name="Show Last Prompt")).to_be_visible()
    panel.page.keyboard.press("Escape")
    expect(panel.page.get_by_role("menuitem", name="Show Last Prompt")).to_have_count(0)


def test_a_model_is_downloaded_and_the_download_can_be_cancelled(panel: PanelPage) -> None:
    def answer(route: Any) -> None:
        if route.request.method == "GET":
            route.fulfill(json={"models": MODELS, "current": "small"})

    panel.page.route(MODEL, answer)
    report(panel)
    panel.open("models.ipynb", ["x = 1"])
    panel.page.evaluate("void jupyterapp.commands.execute('llama-assist:choose-model')")
    with panel.page.expect_request(lambda request: request.method == "POST" and "/model" in request.url) as asked:
        panel.page.get_by_role("button", name="Download other").click()
    assert asked.value.post_data_json == {"action": "download", "id": "other"}
    with panel.page.expect_event("requestfailed", lambda request: "/model" in request.url):
        panel.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(panel.page.get_by_role("button", name="Download other")).to_be_visible()


def test_the_last_prompt_is_shown_as_plain_text(panel: PanelPage) -> None:
    text = "<img src=x onerror=alert(1)>\nexplain"
    prompt = {"text": text, "tokens": 12, "task": "explain", "when": 1760000000, "blocks": []}
    panel.page.route(PROMPT, lambda route: route.fulfill(json=prompt))
    panel.open("prompt.ipynb", ["x = 1"])
    panel.page.evaluate("void jupyterapp.commands.execute('llama-assist:show-prompt')")
    expect(panel.page.locator(".jp-LlamaAssist-prompt pre")).to_have_text(text)
    expect(panel.page.locator(".jp-LlamaAssist-prompt p")).to_contain_text("12 tokens")
    assert panel.page.locator(".jp-LlamaAssist-prompt img").count() == 0


def test_the_panel_works_in_notebook_7(panel: PanelPage) -> None:
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    errors: list[str] = []
    panel.page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    panel.lab.server.write_notebook("seven.ipynb", ["x = 1"])
    panel.answer("It sets `x`.")
    panel.page.goto(f"{panel.lab.server.url}/notebooks/seven.ipynb?token={TOKEN}")
    panel.page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=60_000)
    panel.page.locator(".jp-Notebook .jp-Cell").first.click(button="right", position={"x": 300, "y": 10})
    panel.page.locator(".lm-Menu-item", has_text="Assistant").last.hover()
    panel.page.locator(".lm-Menu-item", has_text="Explain Cell").click()
    expect(panel.turns).to_contain_text("It sets x.")
    assert [error for error in errors if "extensions/llama-assist" in error] == []
