"""A shell and a server as a panel meets them, for tests without a kernel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.events import EventManager, available_events
from sse_server import TOKEN, Script, SseServer, answer, serve

from llama_assist.client import Client


def until(check: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Return the first true value of `check`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"It did not happen: {what}")


def panel_threads() -> list[threading.Thread]:
    """Return the threads of all panels."""
    return [thread for thread in threading.enumerate() if thread.name == "llama-assist-panel"]


class Shell:
    """What a panel needs of an IPython shell."""

    def __init__(self) -> None:
        self.history_manager = SimpleNamespace(input_hist_raw=[""], output_hist_reprs={})
        self.events = EventManager(self, available_events)  # type: ignore[arg-type]
        self.user_ns: dict[str, Any] = {}
        self.user_ns_hidden: dict[str, Any] = {}
        self.offered: list[str] = []

    def transform_cell(self, source: str) -> str:
        return source

    def set_next_input(self, text: str, *, replace: bool) -> None:
        assert not replace
        self.offered.append(text)

    def run(self, source: str, *, id: str = "", error: BaseException | None = None, output: str = "") -> None:
        """Do what IPython does around a cell; the cell itself does nothing."""
        count = len(self.history_manager.input_hist_raw)
        info = SimpleNamespace(raw_cell=source, store_history=True, cell_id=id or None)
        self.events.trigger("pre_run_cell", info)
        self.history_manager.input_hist_raw.append(source)
        if output:
            self.history_manager.output_hist_reprs[count] = output
        result = SimpleNamespace(execution_count=count, info=info, error_before_exec=None, error_in_exec=error)
        self.events.trigger("post_run_cell", result)


@pytest.fixture
def shell() -> Shell:
    return Shell()


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        state.script = Script(answer("Hello ", "*world*"))
        yield state


def client_of(server: SseServer) -> Callable[[], Client]:
    return lambda: Client(server.url, TOKEN)


def tasks(server: SseServer) -> list[dict[str, Any]]:
    """Return the bodies of the tasks that arrived."""
    return [request.body for request in server.requests if request.path.endswith("/tasks")]
