"""One kernel as the assistant sees it: its cells with what they showed, its errors, variables and present cell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llama_assist.kernel.failures import Failures
from llama_assist.kernel.history import History, read_history
from llama_assist.kernel.reruns import Reruns


class Session:
    """Reads one IPython shell; `listen` makes it notice errors, until `stop`."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.failures = Failures()
        self._reruns = Reruns()

    def listen(self) -> None:
        """Begin to note errors, with the last one from before."""
        self.failures.note_earlier(self._shell.history_manager.input_hist_raw, self._shell.transform_cell)
        self._shell.events.register("post_run_cell", self._note_result)

    def stop(self) -> None:
        """Note errors no more."""
        if self._note_result in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self._note_result)

    def _note_result(self, result: Any) -> None:
        earlier = self._reruns.note_result(result)
        if earlier is not None:
            self.failures.forget(earlier)
        self.failures.note_result(result)

    @property
    def namespace(self) -> Mapping[str, Any]:
        """The variables of the notebook."""
        return self._shell.user_ns  # type: ignore[no-any-return]

    @property
    def path(self) -> str:
        """Where the notebook is stored, as far as the kernel was told."""
        return os.environ.get("JPY_SESSION_NAME", "")

    def names(self) -> list[str]:
        """Return the names that the user has given, without those of IPython."""
        hidden = self._shell.user_ns_hidden
        return [name for name in self.namespace if not name.startswith("_") and name not in hidden]

    def history(self) -> History:
        """Return the cells that were run, with the values they showed and the errors they ended with.

        Of a cell that was edited and run again only the last run counts, where the front end names its cells.
        """
        manager = self._shell.history_manager
        outputs = {**manager.output_hist_reprs, **self.failures.words()}
        outdated = self._reruns.outdated
        inputs = ["" if number in outdated else text for number, text in enumerate(manager.input_hist_raw)]
        return read_history(inputs, outputs)

    def transform(self, source: str) -> str:
        """Return a cell as the Python that IPython makes of it."""
        return str(self._shell.transform_cell(source))

    def insert(self, code: str) -> None:
        """Offer `code` as the next cell; nothing is run."""
        self._shell.set_next_input(code, replace=False)

    def store(self, value: object, *names: str) -> None:
        """Give the notebook a value under these names."""
        self._shell.push(dict.fromkeys(names, value), interactive=False)


def without_outputs(history: History) -> History:
    """Return the history with the sources alone."""
    return replace(history, cells=tuple(replace(cell, output="") for cell in history.cells))
