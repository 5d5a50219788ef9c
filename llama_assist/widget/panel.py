"""`AssistPanel`: the assistant in the output of a cell, made of ipywidgets alone."""

# ipywidgets and IPython carry no types.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.core.getipython import get_ipython
from traitlets import link

from llama_assist.errors import AssistError
from llama_assist.render import render_html
from llama_assist.widget.actions import Actions
from llama_assist.widget.closing import close_all
from llama_assist.widget.compose import TASKS
from llama_assist.widget.notebook import Notebook
from llama_assist.widget.sections import ContextSection, ModelSection, SettingsSection
from llama_assist.widget.server import Server
from llama_assist.widget.state import LAST_RUN, WHOLE, PanelState
from llama_assist.widget.turns import Conversation

SYNC_SECONDS = 0.15  # the last keys before Enter may arrive after it
# Whether a click reaches a kernel that is busy is up to the versions of the front end and of ipykernel.
RUNNING = "a cell runs: an answer that has begun goes on, a click may wait until the cell has ended"
TIPS = {
    "explain": "What the chosen cell does",
    "fix": "The cell again, without its error",
    "document": "The cell again, with docstrings and comments",
    "test": "Tests of what the cell defines",
    "summarize": "What the cell, or the whole notebook, is about",
}


class AssistPanel(widgets.VBox):
    """Ask about the notebook, and have cells explained, fixed, documented, tested and summarized.

    `state` holds everything as traits; the buttons do what the methods do. In JupyterLab, right-click the panel and
    choose "Create New View for Output" to dock it at the side. `close` ends what is under way.
    """

    def __init__(self) -> None:
        shell = get_ipython()
        if shell is None:
            raise AssistError("AssistPanel needs IPython: open it in a notebook, or ask in a terminal with %llama.")
        self.state = PanelState()
        self._server = Server(os.environ, self._say)
        self._actions = Actions(shell, self.state, self._server.client, has_server=self._server.is_there)
        self._make()
        super().__init__(self._parts(), layout=widgets.Layout(padding="4px"))
        self._follow()
        self._actions.open()
        if self._server.is_there:
            self._actions.menu.refresh()
        else:
            self.state.server = "A server of this kernel's own starts with the first question."

    def ask(self, question: str) -> None:
        """Ask a question; the answer comes into `state.turns`."""
        self.state.question = question
        self.do("ask")

    def do(self, task: str) -> None:
        """Begin a task on the chosen cell: ask, explain, fix, document, test or summarize."""
        if task not in TASKS:
            raise ValueError(f"There is no task {task!r}; there are {', '.join(TASKS)}.")
        self._actions.perform(task)

    def stop(self) -> None:
        """End the answer that is being written; what has come stays."""
        self._actions.stop()

    def export(self) -> Path | None:
        """Write the conversation to a new Markdown file beside the notebook, and return where."""
        return self._actions.export()

    def clear(self) -> None:
        """Begin a new conversation."""
        self._actions.clear()

    def close(self) -> None:
        """End every request, follow the notebook no more, and take the panel away."""
        if self.comm is None:
            return
        self._actions.close()
        self._server.stop()
        for each in self._links:
            each.unlink()
        self.state.unobserve_all()
        children = self.children
        super().close()
        close_all(children)

    def _make(self) -> None:
        """Make the widgets that the state changes, or that change the state."""
        self._status = widgets.HTML(layout=widgets.Layout(width="auto"))
        self._origin = widgets.HTML(layout=widgets.Layout(width="auto"))
        self._notice = widgets.HTML(layout=widgets.Layout(width="auto"))
        self._chooser = widgets.Dropdown(description="cell", layout=widgets.Layout(flex="1 1 auto", width="auto"))
        self._chooser.style.description_width = "2.5em"
        self._refresh = self._button("", "Read the notebook again", icon="refresh", width="3em")
        self._tasks = [self._button(TASKS[task], tip, width="auto") for task, tip in TIPS.items()]
        self._box = widgets.Text(
            placeholder="Ask about this notebook, and press Enter", layout=widgets.Layout(flex="1 1 auto", width="auto")
        )
        self._ask = self._button("Ask", "Ask the question", style="primary", width="5em")
        self._stop = self._button("Stop", "End the answer; what has come stays", style="warning", width="5em")
        self._fold = widgets.Accordion(
            [ContextSection(self._actions), ModelSection(self._actions), SettingsSection(self._actions)],
            titles=("What will be sent", "Model", "Settings and export"),
            selected_index=None,
        )

    def _parts(self) -> list[Any]:
        return [
            self._status,
            Conversation(self.state, self._actions.insert),
            self._notice,
            widgets.HBox([self._chooser, self._refresh]),
            self._origin,
            widgets.HBox(self._tasks, layout=widgets.Layout(flex_flow="row wrap")),
            widgets.HBox([self._box, self._ask, self._stop]),
            self._fold,
        ]

    def _follow(self) -> None:
        """Let the widgets follow the state, and the actions the widgets."""
        state, actions = self.state, self._actions
        self._links = [link((state, "question"), (self._box, "value"))]
        self._box.on_msg(self._on_key)
        self._ask.on_click(lambda _: actions.perform("ask"))
        self._stop.on_click(lambda _: actions.stop())
        self._refresh.on_click(lambda _: actions.refresh_cells())
        for button, task in zip(self._tasks, TIPS, strict=True):
            button.on_click(lambda _, task=task: actions.perform(task))
        self._chooser.observe(self._choose, "value")
        state.observe(self._show_cells, ["cells", "choice"])
        state.observe(self._show_words, ["server", "origin", "notice", "is_cell_running"])
        state.observe(self._show_busy, "is_busy")
        self._fold.observe(self._unfold, "selected_index")
        state.observe(
            lambda _: actions.preview(),
            ["question", "cells", "choice", "turns", "preview_task", "max_tokens", "with_variables", "is_previewed"],
        )
        self._show_cells()
        self._show_words()
        self._show_busy()

    def _on_key(self, box: object, content: dict[str, Any], buffers: object) -> None:
        """Ask when Enter is pressed, once the front end has sent the last characters."""
        if content.get("event") == "submit":
            self._actions.work.start("enter", self._ask_soon)

    def _ask_soon(self, run: Any) -> None:
        run.pause(SYNC_SECONDS)
        self._actions.perform("ask")

    def _choose(self, change: Any) -> None:
        if change.new is not None:
            self.state.choice = change.new

    def _show_cells(self, change: object = None) -> None:
        """Offer the cells of the notebook; the choice stays while its cell is there."""
        notebook = Notebook(self.state.cells)
        last = notebook.last_run
        options = [
            (f"the last one that ran{'' if last is None else f': {last.label}'}", LAST_RUN),
            ("the whole notebook", WHOLE),
            *((cell.label, cell.number) for cell in notebook.cells),
        ]
        if self.state.choice not in [number for _, number in options]:
            self.state.choice = LAST_RUN
        self._chooser.unobserve(self._choose, "value")
        if tuple(self._chooser.options) != tuple(options):
            self._chooser.options = options
        self._chooser.value = self.state.choice
        self._chooser.observe(self._choose, "value")

    def _show_words(self, change: object = None) -> None:
        running = f" · {RUNNING}" if self.state.is_cell_running else ""
        self._status.value = render_html("", f"llama-assist · {self.state.server}{running}")
        self._origin.value = render_html("", f"Cells: {self.state.origin}.")
        self._notice.value = render_html("", self.state.notice) if self.state.notice else ""

    def _show_busy(self, change: object = None) -> None:
        for button in (self._ask, *self._tasks):
            button.disabled = self.state.is_busy
        self._stop.disabled = not self.state.is_busy

    def _unfold(self, change: Any) -> None:
        self.state.is_previewed = change.new == 0
        if change.new == 1:
            self._actions.menu.refresh()

    def _say(self, message: str) -> None:
        self.state.notice = message

    @staticmethod
    def _button(text: str, tip: str, *, style: str = "", icon: str = "", width: str) -> Any:
        layout = widgets.Layout(width=width)
        return widgets.Button(description=text, tooltip=tip, button_style=style, icon=icon, layout=layout)
