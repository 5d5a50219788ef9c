"""The server of a panel: the one that started its kernel, or one of its own where a kernel has none, as in VS Code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from llama_assist.client import Client
from llama_assist.connect import connect
from llama_assist.connect_local import LocalServer


class Server:
    """Gives clients, from any thread. `say` gets short lines about the start of a server of its own."""

    def __init__(self, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._environ = environ
        self._local = LocalServer(say)
        self._lock = threading.Lock()

    @property
    def is_there(self) -> bool:
        """Whether there is a server already, so that asking it starts none."""
        return "LLAMA_ASSIST_URL" in self._environ or "JPY_PARENT_PID" in self._environ

    def client(self) -> Client:
        """Return a client of the server; raise `ConnectError`, which says what to do."""
        with self._lock:
            return connect(self._environ, self._local.client)

    def stop(self) -> None:
        """End the server, if it is the panel's own."""
        self._local.stop()
