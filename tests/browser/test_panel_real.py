"""The assistant panel before the real engine and real weights: what is asked is answered, and stop frees the engine."""

from __future__ import annotations

import pytest
from lab import LabServer
from notebook_page import NotebookPage, until
from panel_page import PanelPage
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.weights

CELLS = ["values = [3, 1, 2]", "mean = sum(value) / len(values)\nprint(mean)", "ordered = sorted(values)"]
ANSWERED = 120_000  # milliseconds, of which the first answer needs most to load the model


@pytest.fixture
def panel(page: Page, real_server: LabServer) -> PanelPage:
    return PanelPage(NotebookPage(page, real_server))


def await_answer(panel: PanelPage) -> None:
    expect(panel.turns.last).to_have_attribute("aria-busy", "false", timeout=ANSWERED)
    assert panel.turns.last.get_by_role("alert").count() == 0, panel.turns.last.inner_text()


def test_a_cell_is_explained_and_nothing_is_changed(panel: PanelPage) -> None:
    panel.open("explain.ipynb", CELLS, 2)
    panel.press("Explain")
    await_answer(panel)
    assert "values" in panel.turns.last.inner_text()
    assert panel.lab.sources == CELLS


def test_a_question_is_answered_and_its_prompt_can_be_seen(panel: PanelPage) -> None:
    panel.open("ask.ipynb", CELLS)
    panel.ask("Which cell computes the mean of values?")
    await_answer(panel)
    assert len(panel.turns.last.inner_text()) > 40
    panel.page.evaluate("void jupyterapp.commands.execute('llama-assist:show-prompt')")
    expect(panel.page.locator(".jp-LlamaAssist-prompt pre")).to_contain_text("Which cell computes the mean of values?")


def test_a_cell_that_fails_in_the_kernel_is_fixed_and_runs_then(panel: PanelPage) -> None:
    panel.open("fix.ipynb", CELLS)
    panel.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    panel.page.get_by_role("button", name="Fix with the assistant").click(timeout=60_000)
    await_answer(panel)
    panel.press("Apply")
    until(lambda: "sum(values)" in panel.lab.sources[1], "the fix is written")
    assert panel.mark(1)["written"] == "fix"
    panel.choose(1)
    panel.page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    expect(panel.page.get_by_role("button", name="Fix with the assistant")).to_have_count(0, timeout=30_000)


def test_stop_frees_the_engine(panel: PanelPage) -> None:
    panel.open("stop.ipynb", CELLS)
    panel.ask("Explain each cell in every detail, and write long examples.")
    expect(panel.turns.locator(".jp-LlamaAssist-answer")).to_be_visible(timeout=ANSWERED)
    panel.press("Stop (Escape)")
    expect(panel.turns).to_contain_text("Stopped.")
    until(lambda: panel.lab.server.get("llama-assist/status")["running"] == 0, "the engine is free")
