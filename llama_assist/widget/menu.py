"""The models of the server: which there are, which one answers, and the download of another one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from llama_assist.errors import AssistError
from llama_assist.widget.state import PanelState
from llama_assist.widget.words import described_status
from llama_assist.widget.work import Run, Work

_STAGES = {
    "wait": "waiting for another download",
    "check": "checking what is there",
    "download": "downloading",
    "join": "joining the parts",
    "convert": "converting",
    "verify": "verifying",
}


class Menu:
    """What the menu of models does; the choice holds for all who use the server."""

    def __init__(self, state: PanelState, work: Work, lock: threading.RLock) -> None:
        self._state = state
        self._work = work
        self._lock = lock

    def refresh(self) -> None:
        """Ask the server which models there are, and how it is."""
        self._work.start("models", self._refresh)

    def use(self) -> None:
        """Let the chosen model answer from now on, for all who use the server; download it first if it is not there."""
        if self._state.model:
            self._state.is_switching = True
            self._work.start("switch", self._switch)

    def stop(self) -> None:
        """End the download; it can be resumed."""
        self._work.stop("switch")

    def waiting(self, run: Run) -> str:
        """Return what an answer waits for before it begins."""
        status = run.client.status()
        self._state.server = described_status(status)
        if status.get("state") in ("stopped", "loading"):
            return "The model is being loaded; that takes some seconds …"
        return "Reading the notebook …"

    def _refresh(self, run: Run) -> None:
        try:
            catalogue, status = run.client.catalogue(), run.client.status()
        except AssistError as error:
            if not run.is_stopped:
                self._state.server = str(error)
            return
        with self._lock:
            self._state.models = tuple(catalogue.get("models", ()))
            known = [str(model["id"]) for model in self._state.models]
            if self._state.model not in known:
                self._state.model = str(catalogue.get("current", "")) if catalogue.get("current") in known else ""
            self._state.server = described_status(status)

    def _switch(self, run: Run) -> None:
        id = self._state.model
        entry: Mapping[str, Any] = next((each for each in self._state.models if each["id"] == id), {})
        try:
            if not entry.get("present", True):
                self._download(run, id)
            self._state.stage = f"{id} is being loaded …"
            run.client.load(id)
            self._state.stage = ""
        except AssistError as error:
            self._state.stage = "Stopped; it can be resumed." if run.is_stopped else str(error)
        except KeyboardInterrupt:
            self._state.stage = "Stopped; it can be resumed."
        finally:
            with self._lock:
                self._state.progress = -1.0
                self._state.is_switching = False
            self.refresh()

    def _download(self, run: Run, id: str) -> None:
        for report in run.until_stopped(run.client.download(id)):
            progress = report.get("progress")
            if progress is not None:
                self._state.stage = _stage(progress)
                total = progress.get("total")
                self._state.progress = min(1.0, progress["done"] / total) if total else 0.0


def _stage(progress: Mapping[str, Any]) -> str:
    name = _STAGES.get(str(progress.get("file", "")), str(progress.get("file", "")))
    total = progress.get("total")
    if not total:
        return name
    return f"{name}: {progress['done'] / 1e6:,.0f} of {total / 1e6:,.0f} MB"
