"""Reads the notebook of one kernel whenever it is asked to, and notices which cells ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llama_assist.kernel.session import Session
from llama_assist.widget.notebook import Notebook, NotebookCell, SavedFile, from_history, with_runs

_VS_CODE = "__vsc_ipynb_file__"  # the name under which VS Code tells its kernels where the notebook is
MAX_IDS = 10_000


class Reader:
    """The notebook of one shell. `began` and `changed` are called around each cell, until `stop`."""

    def __init__(self, shell: Any, began: Callable[[], None], changed: Callable[[], None]) -> None:
        self.session = Session(shell)
        self._shell = shell
        self._began = began
        self._changed = changed
        self._ids: dict[int, str] = {}
        self._file = SavedFile()
        self.live: tuple[NotebookCell, ...] | None = None  # of the document that the server shares

    def listen(self) -> None:
        """Begin to notice what runs."""
        self.session.listen()
        self._shell.events.register("pre_run_cell", self._begin)
        self._shell.events.register("post_run_cell", self._end)

    def stop(self) -> None:
        """Notice nothing more."""
        self.session.stop()
        for event, callback in (("pre_run_cell", self._begin), ("post_run_cell", self._end)):
            if callback in self._shell.events.callbacks[event]:
                self._shell.events.unregister(event, callback)

    @property
    def path(self) -> str:
        """Where the notebook is stored, as far as the kernel was told."""
        return self.session.path or str(self.session.namespace.get(_VS_CODE, ""))

    def read(self) -> Notebook:
        """Return the notebook as it is now, as far as the kernel can know."""
        if self.live is not None:
            return Notebook(self.live, f"{_name(self.path)} as the server shares it live, unsaved edits included")
        history = self.session.history()
        saved = self._file.cells(self.path)
        if saved is None:
            return from_history(history)
        cells = with_runs(saved, history, dict(self._ids), self._shell.history_manager.input_hist_raw)
        return Notebook(cells, _origin(self.path, len(cells) - len(saved)))

    def _begin(self, info: Any) -> None:
        if info.store_history:
            # Versions of IPython differ in when they count on; the input is stored after this event in all of them.
            self._note(len(self._shell.history_manager.input_hist_raw), info)
        self._began()

    def _end(self, result: Any) -> None:
        if result.execution_count is not None:  # of the cell that has opened the panel, there was no beginning
            self._note(result.execution_count, result.info)
        self._changed()

    def _note(self, count: int, info: Any) -> None:
        """Take in which cell of the notebook runs under a number."""
        id = getattr(info, "cell_id", None)
        if isinstance(id, str):
            self._ids[count] = id
            while len(self._ids) > MAX_IDS:
                del self._ids[min(self._ids)]


def _origin(path: str, num_unsaved: int) -> str:
    text = f"{_name(path)} as it was saved, and what ran since; edits that were neither saved nor run are not seen"
    if num_unsaved:
        text += f"; {num_unsaved} cells at the end ran but are not in the file: save it for their true numbers"
    return text


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
