"""What the buttons of a panel do: each changes the state, and what takes time happens in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from llama_assist.errors import AssistError, InvalidRequestError
from llama_assist.kernel.answer import Answer, follow
from llama_assist.widget.compose import MAX_AVOID, Order, Wish, compose
from llama_assist.widget.export import as_markdown, save
from llama_assist.widget.menu import Menu
from llama_assist.widget.notebook import Notebook, read_cells
from llama_assist.widget.reader import Reader
from llama_assist.widget.state import PanelState, Turn
from llama_assist.widget.words import note_of
from llama_assist.widget.work import Connect, Run, Work

PREVIEW_PAUSE = 0.4  # seconds without a change before a preview is asked for
SECONDS_TO_END = 5.0

INSERTED = (
    "The code waits: it becomes a cell below the next one that you run here. "
    "A kernel can add a cell only when one runs; to have it at once, copy it."
)


class Actions:
    """The actions of one panel; `close` ends what it has under way. They may be called from any thread."""

    def __init__(self, shell: Any, state: PanelState, connect: Connect, *, has_server: bool = True) -> None:
        self.state = state
        self.lock = threading.RLock()
        self.reader = Reader(shell, self._begin, self._end)
        self.work = Work(connect, self._fail)
        self.menu = Menu(state, self.work, self.lock)
        self._offered: dict[str, list[str]] = {}
        self._may_be_live = has_server  # until the server says that it shares no documents

    def open(self) -> None:
        """Begin to follow the notebook."""
        self.reader.listen()
        self.refresh_cells()

    def close(self) -> None:
        """Follow the notebook no more, and end every request with its thread."""
        self.reader.stop()
        self.work.close(SECONDS_TO_END)

    def refresh_cells(self) -> None:
        """Read the notebook again."""
        with self.lock:
            self._read()
        if self._may_be_live:
            self.work.start("live", self._look)

    def perform(self, task: str) -> None:
        """Begin a task on the chosen cell, or answer the question; nothing happens while another answer is written."""
        with self.lock:
            if self.state.is_busy:
                return
            wish = Wish(task, self.state.question, self.state.choice)
            try:
                order = self._compose(wish)
            except InvalidRequestError as error:
                self.state.notice = str(error)
                return
            turn = Turn(task=task, subject=order.subject)
            self.state.question = ""
            self.state.turns = (*self.state.turns, turn)
            self.state.is_busy = True
        self.work.start("answer", partial(self._answer, wish, order, turn))

    def stop(self) -> None:
        """End the answer that is being written; what has come stays."""
        self.work.stop("answer")

    def preview(self) -> None:
        """Ask what would be sent, as soon as nothing has changed for a moment."""
        if self.state.is_previewed:
            self.work.start("preview", self._preview)

    def insert(self, turn: Turn) -> None:
        """Offer the code of an answer as the next cell; nothing is run."""
        self.reader.session.insert(turn.code)
        self.state.notice = INSERTED

    def clear(self) -> None:
        """Begin a new conversation."""
        with self.lock:
            self.stop()
            self.state.turns = ()
            self.state.notice = ""

    def export(self) -> Path | None:
        """Write the conversation to a new Markdown file beside the notebook; None where there is nothing to write."""
        with self.lock:
            notebook = Path(self.reader.path)
            if not self.state.turns:
                self.state.notice = "There is no conversation to export yet."
                return None
            stem = notebook.stem if self.reader.path else "notebook"
            folder = notebook.parent if self.reader.path and notebook.parent.is_dir() else Path.cwd()
            text = as_markdown(self.state.turns, f"Conversation about {stem}, {time.strftime('%Y-%m-%d %H:%M')}")
            try:
                path = save(text, folder, f"{stem}-conversation")
            except AssistError as error:
                self.state.notice = str(error)
                return None
            self.state.notice = f"Written to {path}."
            return path

    def _begin(self) -> None:
        self.state.is_cell_running = True

    def _end(self) -> None:
        self.state.is_cell_running = False
        self.refresh_cells()

    def _read(self) -> Notebook:
        notebook = self.reader.read()
        if notebook.cells != self.state.cells:
            self.state.cells = notebook.cells
        self.state.origin = notebook.origin
        return notebook

    def _look(self, run: Run) -> None:
        """Read the document that the server shares, if it shares this one."""
        try:
            found = run.client.document(self.reader.path)
        except AssistError:  # what is wrong with the server is told beside the model
            found = {}
        with self.lock:
            self._may_be_live = bool(found.get("sharing", False))
            self.reader.live = read_cells(found.get("notebook"))
            self._read()

    def _renewed(self, run: Run, wish: Wish, order: Order) -> Order:
        """Return the order with the latest edits, where the server knows them; its cell may have moved meanwhile."""
        if not self._may_be_live:
            return order
        chosen = next((cell.id for cell in self.state.cells if cell.number == wish.choice), "")
        self._look(run)
        with self.lock:
            moved = next((cell.number for cell in self.state.cells if chosen and cell.id == chosen), wish.choice)
            return self._compose(replace(wish, choice=moved))

    def _compose(self, wish: Wish) -> Order:
        task = wish.task
        order = compose(wish, self.state, self._read(), self.reader.session, self.reader.path)
        avoid = self._offered.get(order.source, [])[-MAX_AVOID:]
        if task == "fix" and avoid:
            order.body["avoid"] = avoid
        left_out = order.num_left_out
        self.state.notice = f"{left_out} cells were left out: together they are too much to send." if left_out else ""
        return order

    def _answer(self, wish: Wish, order: Order, turn: Turn, run: Run) -> None:
        answer = Answer(task=order.task)
        try:
            order = self._renewed(run, wish, order)
            turn.subject, answer.first = order.subject, order.first
            turn.note = self.menu.waiting(run)
            follow(run.until_stopped(run.client.task(order.body)), answer, Growth(turn, self.lock))
        except AssistError as error:
            turn.note = str(error)
        finally:
            with self.lock:
                if order.task == "fix" and answer.proposal:
                    self._offered.setdefault(order.source, []).append(answer.proposal)
                turn.is_done = True
                self.state.is_busy = False
            self.menu.refresh()

    def _preview(self, run: Run) -> None:
        run.pause(PREVIEW_PAUSE)
        with self.lock:
            wish = Wish(self.state.preview_task, self.state.question, self.state.choice)
            try:
                order = compose(wish, self.state, self._read(), self.reader.session, self.reader.path)
            except InvalidRequestError as error:
                self.state.preview = {"problem": str(error)}
                return
        try:
            order = self._renewed(run, wish, order)
            preview = run.client.preview(order.body) | {"first": order.first}
        except AssistError as error:
            preview = {"problem": str(error)}
        if self.work.is_current("preview", run):
            self.state.preview = preview

    def _fail(self, message: str) -> None:
        self.state.notice = message


class Growth:
    """Writes an answer into its turn while it grows: ten times a second, and less often where showing it is slow."""

    MIN_INTERVAL = 0.1
    MAX_LOAD = 0.2  # of a core: the model needs them more than the picture of its answer does

    def __init__(self, turn: Turn, lock: threading.RLock, clock: Callable[[], float] = time.monotonic) -> None:
        self._turn = turn
        self._lock = lock
        self._clock = clock
        self._next = clock()

    def update(self, answer: Answer) -> None:
        """Show the present state, unless the last one is recent."""
        start = self._clock()
        if start >= self._next:
            self.finish(answer)
            self._next = start + max(self.MIN_INTERVAL, (self._clock() - start) / self.MAX_LOAD)

    def finish(self, answer: Answer) -> None:
        """Show the present state."""
        with self._lock:
            if answer.text:
                self._turn.text = answer.shown
            self._turn.note = note_of(answer) if answer.ended or answer.text else self._turn.note
            self._turn.cells = answer.cells
            self._turn.code = answer.cell_text if answer.ended else ""
