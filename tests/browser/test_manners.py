"""What a user would otherwise complain about: jumping cells, keys that nobody tells him, suggestions never wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import LabServer, running
from notebook_page import NotebookPage, until
from playwright.sync_api import Browser, Page, expect

HEIGHTS = """() => {
  const heights = [];
  const cell = jupyterapp.shell.currentWidget.content.activeCell.node;
  new ResizeObserver(() => {
    heights.push(cell.offsetHeight);
  }).observe(cell);
  return heights;
}"""


@pytest.fixture
def own_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    settings = {"showAcceptHint": True, "suggestWhileTyping": False}
    yield from running(LabServer(tmp_path_factory.mktemp("manners"), scripted=True, settings=settings))


def test_the_cell_does_not_jump_while_a_suggestion_of_several_lines_is_typed(scripted: NotebookPage) -> None:
    scripted.server.write_notebook("height.ipynb", [""])
    scripted.open("height.ipynb")
    scripted.edit()
    scripted.type("sizes")
    scripted.await_ghost(" = [\n    1,\n    2,\n]")
    heights = scripted.page.evaluate_handle(HEIGHTS)
    scripted.type(" = [", delay=60)
    scripted.await_ghost("\n    1,\n    2,\n]")
    scripted.press("Tab")
    until(lambda: scripted.sources == ["sizes = [\n    1,\n    2,\n]"], "it is accepted")
    scripted.page.wait_for_timeout(300)
    assert len(set(heights.json_value())) == 1


def test_by_hand_only_and_the_keys_are_told_with_the_first_suggestion_once(page: Page, own_server: LabServer) -> None:
    own_server.write_notebook("hand.ipynb", [""])
    lab = NotebookPage(page, own_server)
    lab.open("hand.ipynb")
    lab.edit()
    lab.type("# the mean of all values\ntot", delay=40)
    page.wait_for_timeout(1000)
    assert own_server.records() == []
    lab.press("Alt+\\")
    lab.await_ghost("al = sum(range(10))")
    told = page.locator(".Toastify__toast", has_text="takes a suggestion")
    expect(told).to_contain_text("Tab takes a suggestion, Alt+. its next word, Alt+Shift+. its next line")
    lab.open("hand.ipynb")
    lab.edit()
    lab.type("tot")
    lab.press("Alt+\\")
    lab.await_ghost("al = sum(range(10))")
    page.wait_for_timeout(500)
    expect(told).to_have_count(0)
