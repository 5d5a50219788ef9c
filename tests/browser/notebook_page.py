"""What a user does in a page of JupyterLab, and what he sees there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lab import TOKEN, LabServer
from playwright.sync_api import Page

WAIT = 15.0  # seconds; generous, since nothing here measures
SOURCES = "() => jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
GHOST = "() => Array.from(document.querySelectorAll('.jp-GhostText')).map(e => e.innerText).join('|')"
OPEN = """async path => {
  await jupyterapp.commands.execute('docmanager:open', { path });
}"""  # the widget that the command returns is more than the driver can carry
ACTIVE_CELL = """async index => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index);
  while (!notebook.activeCell.editor) {
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  notebook.mode = 'edit';
  notebook.activeCell.editor.focus();
}"""
CURSOR = """([line, column]) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCell.editor.setCursorPosition({ line, column });
}"""


def until(check: Callable[[], Any], what: str, seconds: float = WAIT) -> Any:
    """Return the first true value of `check`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"It did not happen: {what}")


class NotebookPage:
    """One page with one or more notebooks."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server

    def open(self, name: str) -> None:
        """Load the page with one notebook, and wait until its cells can be edited."""
        self.page.goto(f"{self.server.url}/lab/tree/{name}?reset&token={TOKEN}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=60_000)
        self._until_ready(name)

    def open_beside(self, name: str) -> None:
        """Open a further notebook in the same page."""
        self.show(name)
        self._until_ready(name)

    def show(self, name: str) -> None:
        """Open a document, or bring it to the front."""
        self.page.evaluate(OPEN, name)

    def _until_ready(self, name: str) -> None:
        ready = """name => {
          const widget = window.jupyterapp?.shell.currentWidget;
          return widget?.context?.path === name && widget.content.widgets?.length > 0
            && ['idle', 'unknown'].includes(widget.sessionContext.kernelDisplayStatus);
        }"""
        self.page.wait_for_function(ready, arg=name, timeout=60_000)
        self.page.evaluate("() => jupyterapp.restored")
        self.page.wait_for_selector(".jp-Notebook:visible .jp-CodeCell [data-language]")  # else Enter does not indent
        self.page.wait_for_timeout(500)  # the host reads the settings of the providers

    def edit(self, index: int = 0) -> None:
        """Put the cursor at the end of a cell."""
        self.page.evaluate(ACTIVE_CELL, index)
        self.page.keyboard.press("Control+End")

    def set_cursor(self, line: int, column: int) -> None:
        self.page.evaluate(CURSOR, [line, column])

    def type(self, text: str, delay: float = 5) -> None:
        """Type with `delay` milliseconds between the keys."""
        self.page.keyboard.type(text, delay=delay)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def sources(self) -> list[str]:
        return list(self.page.evaluate(SOURCES))

    @property
    def ghost(self) -> str:
        return str(self.page.evaluate(GHOST))

    def await_ghost(self, text: str | None = None, seconds: float = WAIT) -> str:
        """Return the ghost text when there is one, and it is `text` where that is given."""
        wanted = "a suggestion" if text is None else f"the suggestion {text!r}"
        try:
            return str(
                until(lambda: (ghost := self.ghost) and (text is None or ghost == text) and ghost, wanted, seconds)
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; shown is {self.ghost!r}, the cells are {self.sources!r}") from None

    def await_no_ghost(self) -> None:
        until(lambda: not self.ghost, "the suggestion goes away")
