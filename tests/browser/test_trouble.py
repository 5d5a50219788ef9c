"""What goes wrong around the editor: it never shows in the text, and suggestions come back by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest
from lab import LabServer, running
from notebook_page import NotebookPage, until
from playwright.sync_api import Browser, Page


@pytest.fixture
def own_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A scripted server that the test may stop."""
    yield from running(LabServer(tmp_path_factory.mktemp("own"), scripted=True))


def test_a_server_that_restarts_loses_no_text(page: Page, own_server: LabServer) -> None:
    own_server.write_notebook("restart.ipynb", [""])
    lab = NotebookPage(page, own_server)
    lab.open("restart.ipynb")
    lab.edit()
    lab.type("tot")
    lab.await_ghost()
    own_server.stop()
    lab.type("al = s")
    lab.type("um")
    own_server.start()
    until(lambda: not page.locator(".jp-Dialog").count() or page.keyboard.press("Escape"), "no dialog is open")
    lab.edit()
    assert lab.sources == ["total = sum"]
    lab.press("Enter")
    lab.type("mean")
    lab.await_ghost(" = sum(values) / len(values)")
    assert lab.sources == ["total = sum\nmean"]


def test_a_full_queue_shows_nothing_and_changes_nothing(scripted: NotebookPage) -> None:
    scripted.server.write_notebook("full.ipynb", [""])
    scripted.open("full.ipynb")
    scripted.edit()
    scripted.type("busy(", delay=40)
    until(lambda: any(each["outcome"] == "BusyError" for each in scripted.server.records("ended")), "it was refused")
    assert scripted.page.locator(".jp-GhostText-errorIndicator").count() == 0
    scripted.press("Control+a", "Backspace")
    scripted.type("tot")
    scripted.await_ghost("al = sum(range(10))")
    assert scripted.sources == ["tot"]


@pytest.mark.weights
def test_a_worker_that_is_killed_comes_back(page: Page, real_server: LabServer) -> None:
    lab = NotebookPage(page, real_server)
    real_server.write_notebook("killed.ipynb", [""])
    lab.open("killed.ipynb")
    lab.edit()
    lab.type("def add(a, b):\nreturn a", delay=40)
    lab.await_ghost(" + b", 90)
    before = real_server.get("llama-assist/status")["restarts"]
    for worker in workers_of(real_server):
        worker.kill()
    lab.press("Tab")
    lab.type("\n\ndef mean(values):\nreturn sum(values) /", delay=40)
    until(lambda: real_server.get("llama-assist/status")["restarts"] == before + 1, "it is started again", 90)
    until(lambda: real_server.get("llama-assist/status")["state"] == "ready", "it is ready", 90)
    lab.type(" le", delay=40)
    lab.await_ghost("n(values)", 90)
    typed = "def add(a, b):\n    return a + b\n\n    def mean(values):\n        return sum(values) / le"
    assert lab.sources == [typed]


def workers_of(server: LabServer) -> list[psutil.Process]:
    children = psutil.Process(server.pid).children()
    found = [child for child in children if "llama_assist.engine.worker" in child.cmdline()]
    assert found
    return found
