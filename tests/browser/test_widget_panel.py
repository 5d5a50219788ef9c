"""The ipywidgets panel in a real JupyterLab, before a server that answers what a test has written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from notebook_page import NotebookPage, until
from panel_shell import tasks
from payloads import PAYLOADS, STREAMED
from playwright.sync_api import Locator, Page
from sse_server import DONE, TOKEN, USAGE, Script, SseServer, answer, delta, event, serve

OPEN = "from llama_assist import AssistPanel\npanel = AssistPanel()\npanel"
RUN = """async index => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = index;
  await jupyterapp.commands.execute('notebook:run-cell');
}"""
START = """index => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = index;
  void jupyterapp.commands.execute('notebook:run-cell');
}"""
SET_SOURCE = """([index, source]) =>
  jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source)"""
HOSTILE = """root => {
  const bad = [];
  for (const node of root.querySelectorAll('.llama-assist *')) {
    if (/^(script|img|iframe|object|embed|video|audio|form|input|svg|math|link|meta|base)$/i.test(node.tagName)) {
      bad.push(node.outerHTML);
    }
    for (const { name, value } of node.attributes) {
      const isLink = name === 'href' && !/^(https?:|mailto:)/.test(value);
      if (isLink || /^on|^(id|name|style|src)$/.test(name) || name.startsWith('data-')) {
        bad.push(node.outerHTML);
      }
    }
  }
  return bad;
}"""


class WidgetPage:
    """A notebook with an open panel."""

    def __init__(
        self, lab: NotebookPage, server: SseServer, name: str, sources: Sequence[str | tuple[str, str]]
    ) -> None:
        self.lab = lab
        self.page: Page = lab.page
        self.server = server
        environment = {"LLAMA_ASSIST_URL": server.url, "LLAMA_ASSIST_KEY": TOKEN}
        self.sources = [f"import os\nos.environ.update({environment})", *sources, OPEN, "1 + 1"]
        lab.server.write_notebook(name, self.sources)
        lab.open(name)
        self.opener = len(self.sources) - 2
        for index in range(len(self.sources) - 1):
            self.run(index)
        self.box.wait_for()

    def run(self, index: int) -> None:
        self.page.evaluate(RUN, index)

    @property
    def panel(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-OutputArea-output .widget-vbox").first

    @property
    def box(self) -> Locator:
        return self.panel.get_by_placeholder("Ask about this notebook, and press Enter")

    def button(self, text: str) -> Locator:
        return self.panel.get_by_role("button", name=text, exact=True)

    def ask(self, question: str) -> None:
        self.box.click()
        self.page.keyboard.insert_text(question)
        self.page.keyboard.press("Enter")

    def await_answers(self, count: int) -> None:
        self.button("Copy").nth(count - 1).wait_for()


@pytest.fixture
def assistant() -> Iterator[SseServer]:
    with serve() as state:
        state.catalogue = {"models": [{"id": "tiny", "present": True, "current": True}], "current": "tiny"}
        state.script = Script(answer("It is in **cell 2**."))
        yield state


def opened(lab: NotebookPage, server: SseServer, name: str, *sources: str | tuple[str, str]) -> WidgetPage:
    return WidgetPage(lab, server, name, sources)


def cited(text: str, *cells: int) -> list[bytes]:
    return [delta(text, finish_reason="stop"), event({"choices": [], "llama_assist": {"cells": cells}}), USAGE, DONE]


def test_a_question_typed_fast_is_asked_whole_and_its_answer_names_cells(
    scripted: NotebookPage, assistant: SseServer
) -> None:
    assistant.script = Script(cited("It is in **cell 2**.", 1))
    panel = opened(scripted, assistant, "widget-ask.ipynb", "total = 3", ("markdown", "# Notes"))
    panel.ask("Where is total, and why?")
    panel.await_answers(1)
    assert tasks(assistant)[-1]["question"] == "Where is total, and why?"
    assert panel.panel.locator("strong").inner_text() == "cell 2"
    sent = tasks(assistant)[-1]["document"]["cells"]
    assert [cell["source"] for cell in sent] == [each if isinstance(each, str) else each[1] for each in panel.sources]
    assert [cell["type"] for cell in sent][2] == "markdown"
    panel.button("cell 2").click()
    until(lambda: panel.panel.locator("select").first.evaluate("it => it.selectedIndex") == 3, "cell 2 is chosen")


def test_the_cells_are_those_that_ran_also_where_they_were_never_saved(
    scripted: NotebookPage, assistant: SseServer
) -> None:
    panel = opened(scripted, assistant, "widget-live.ipynb", "total = 3")
    panel.page.evaluate(SET_SOURCE, [1, "total = 3  # edited"])
    panel.run(1)
    until(lambda: "edited" in panel.panel.locator("option").all_inner_texts()[3], "the chooser follows")
    panel.button("Explain").click()
    panel.await_answers(1)
    document = tasks(assistant)[-1]["document"]
    assert document["cells"][document["cell"]]["source"] == "total = 3  # edited"
    assert "as it was saved, and what ran since" in panel.panel.inner_text()


def test_an_answer_that_has_begun_goes_on_while_a_cell_runs(scripted: NotebookPage, assistant: SseServer) -> None:
    assistant.script = Script([delta("Half of it")], hang=True)
    panel = opened(scripted, assistant, "widget-busy.ipynb", "total = 3", "import time\ntime.sleep(0)")
    panel.button("Explain").click()
    panel.panel.get_by_text("Half of it").wait_for()
    wait = "while panel.state.is_busy:\n    time.sleep(0.02)"
    panel.page.evaluate(SET_SOURCE, [2, f"panel.stop()\n{wait}\ntime.sleep(2)"])
    panel.page.evaluate(START, 2)
    panel.panel.get_by_text("a cell runs: an answer that has begun goes on").wait_for()
    panel.panel.get_by_text("Stopped: the answer is incomplete.").wait_for()
    assert "*" in panel.page.locator(".jp-InputPrompt").nth(2).inner_text()
    assert assistant.closed.wait(10)


def test_an_inserted_cell_appears_below_the_next_one_that_runs(scripted: NotebookPage, assistant: SseServer) -> None:
    assistant.script = Script(answer("```python\ninserted = 1\n```\n"))
    panel = opened(scripted, assistant, "widget-insert.ipynb", "total = 3")
    panel.button("Test").click()
    panel.await_answers(1)
    panel.button("Insert as next cell").click()
    panel.panel.get_by_text("The code waits").wait_for()
    assert scripted.sources == panel.sources
    panel.run(1)
    until(lambda: scripted.sources[2:3] == ["inserted = 1"], "the cell is there")
    assert [source for source in scripted.sources if source != "inserted = 1"] == panel.sources


def test_the_panel_docks_as_a_view_of_its_own_and_both_show_the_answer(
    scripted: NotebookPage, assistant: SseServer
) -> None:
    panel = opened(scripted, assistant, "widget-dock.ipynb", "total = 3")
    panel.panel.click(button="right", position={"x": 300, "y": 4})
    panel.page.get_by_text("Create New View for Cell Output").click()
    docked = panel.page.locator(".jp-LinkedOutputView")
    docked.get_by_placeholder("Ask about this notebook, and press Enter").wait_for()
    docked.get_by_role("button", name="Explain", exact=True).click()
    docked.get_by_text("It is in").wait_for()
    assert panel.page.get_by_text("It is in").count() == 2


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "byte by byte"])
def test_hostile_answers_run_nothing_fetch_nothing_and_link_nowhere_else(
    scripted: NotebookPage, assistant: SseServer, streamed: bool
) -> None:
    page, foreign, dialogs = scripted.page, list[str](), list[Any]()
    page.on("request", lambda each: foreign.append(each.url) if "evil.example" in each.url else None)
    page.on("dialog", lambda each: (dialogs.append(each), each.dismiss()))
    panel = opened(scripted, assistant, f"widget-hostile-{streamed}.ipynb", "total = 3")
    for text in STREAMED if streamed else ["\n\n".join(PAYLOADS[at : at + 12]) for at in range(0, len(PAYLOADS), 12)]:
        assistant.script = Script(answer(*(text if streamed else (text,))))
        before = panel.button("Copy").count()
        panel.button("Explain").click()
        panel.await_answers(before + 1)
        assert not panel.panel.evaluate(HOSTILE)
    page.wait_for_timeout(300)
    assert not foreign
    assert not dialogs


def test_a_page_that_is_loaded_again_shows_the_panel_with_its_conversation(
    scripted: NotebookPage, assistant: SseServer
) -> None:
    panel = opened(scripted, assistant, "widget-reload.ipynb", "total = 3")
    panel.ask("Where?")
    panel.await_answers(1)
    panel.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    panel.page.reload()
    panel.panel.get_by_text("It is in").wait_for(timeout=60_000)
    panel.ask("And why?")
    panel.await_answers(2)
