"""The assistant panel of a page, before answers that a test writes itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from notebook_page import NotebookPage, until
from playwright.sync_api import Locator, Page, Route

from llama_assist.render import render_html

TASKS = "**/llama-assist/v1/tasks*"
MARK = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.getMetadata('llama_assist') ?? null"
SHOW_ERROR = """index => {
  const cell = jupyterapp.shell.currentWidget.content.widgets[index];
  const output = { output_type: 'error', ename: 'NameError', evalue: "name 'pirnt' is not defined",
                   traceback: ["\\u001b[31mNameError\\u001b[0m: name 'pirnt' is not defined"] };
  cell.model.sharedModel.setOutputs([output]);
}"""


def events(text: str, **note: Any) -> str:
    """Return an answer as the server streams it: two pieces, the last one with the rendered text and `note`."""
    half = len(text) // 2
    last = {"html": render_html(text), "cells": [], "sent": [], "code": None, "refused": False, **note}
    pieces: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": text[:half]}, "finish_reason": None}]},
        {
            "choices": [{"index": 0, "delta": {"content": text[half:]}, "finish_reason": "stop"}],
            "llama_assist": last,
        },
    ]
    lines = [json.dumps({"id": "1", "object": "chat.completion.chunk", "model": "tiny", **piece}) for piece in pieces]
    return "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])


def proposed(text: str, cell: int, action: str = "replace", parses: bool = True) -> dict[str, Any]:
    """Return what an answer says of the code that it proposes."""
    return {"text": text, "language": "python", "parses": parses, "action": action, "cell": cell}


class PanelPage:
    """What a user does with the panel, and what he sees there."""

    def __init__(self, lab: NotebookPage) -> None:
        self.lab = lab
        self.page: Page = lab.page
        self.requests: list[dict[str, Any]] = []
        self._stop_answering: Callable[[], None] = lambda: None

    def answer(self, text: str, **note: Any) -> None:
        """Let every request from now on be answered with `text`."""
        self._route(lambda route: route.fulfill(content_type="text/event-stream", body=events(text, **note)))

    def refuse(self, status: int, message: str) -> None:
        """Let every request from now on be refused."""
        error = {"message": message, "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}
        self._route(lambda route: route.fulfill(status=status, json={"error": error}))

    def hold(self) -> None:
        """Let every request from now on wait for an answer that never comes."""
        self._route(lambda route: None)

    def _route(self, handle: Callable[[Route], None]) -> None:
        def record(route: Route) -> None:
            self.requests.append(json.loads(route.request.post_data or "{}"))
            handle(route)

        self.page.unroute(TASKS)
        self.page.route(TASKS, record)

    def open(self, name: str, sources: Sequence[str | tuple[str, str]], active: int = 0) -> None:
        """Open a new notebook, with the panel beside it and the cell `active` chosen."""
        self.lab.server.write_notebook(name, sources)
        self.lab.open(name)
        self.page.evaluate("jupyterapp.commands.execute('llama-assist:ask')")
        self.panel.wait_for()
        self.choose(active)

    def choose(self, cell: int) -> None:
        """Make a cell the active one."""
        self.page.evaluate("index => { jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", cell)

    def show_error(self, cell: int) -> None:
        """Give a cell the output of a run that failed."""
        self.page.evaluate(SHOW_ERROR, cell)

    def ask(self, question: str) -> None:
        self.box.fill(question)
        self.box.press("Enter")

    def press(self, label: str) -> None:
        """Press a button of the panel."""
        self.panel.get_by_role("button", name=label, exact=True).click()

    def await_requests(self, count: int = 1) -> None:
        """Wait until so many requests are out; the page must have its turn, for its events to come."""
        until(lambda: self.page.wait_for_timeout(20) or len(self.requests) >= count, f"{count} requests are out")

    def undo(self, cell: int) -> None:
        """Undo one step in a cell, as its user does."""
        self.lab.edit(cell)
        self.page.keyboard.press("Control+z")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#llama-assist-panel")

    @property
    def box(self) -> Locator:
        return self.panel.get_by_role("textbox")

    @property
    def turns(self) -> Locator:
        return self.panel.locator(".jp-LlamaAssist-turn")

    @property
    def active(self) -> int:
        """The index of the active cell."""
        return int(self.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex"))

    def mark(self, cell: int) -> Any:
        """Return what the metadata of a cell says of who wrote it."""
        return self.page.evaluate(MARK, cell)
