"""The way to the running server: found once, asked from threads, and given up at once where the editor cancels."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from llama_assist.client import Client
from llama_assist.connect import client_of, connect, running_servers
from llama_assist.connect_local import LocalServer
from llama_assist.errors import AssistError, ConnectError
from llama_assist.lsp.settings import Settings

Answer = TypeVar("Answer")
PATIENCE = 2.0  # seconds for a running server to say that it has the extension
NUM_THREADS = 16  # requests that wait for the server at once; one more waits for a thread


class Link:
    """Asks the server that `find` returns a client of; looks again when it is gone."""

    def __init__(self, find: Callable[[], Client]) -> None:
        self._find = find
        self._found: asyncio.Task[Client] | None = None
        self._threads = ThreadPoolExecutor(NUM_THREADS, "llama-assist")

    async def ask(self, work: Callable[[Client], Answer]) -> Answer:
        """Return what `work` makes of a client of its own, in a thread.

        Cancelling closes its connection at once, by which the model stops. Where the server that was found before is
        gone, another one is looked for once. Raises what `work` raises, and `ConnectError` where there is no server.
        """
        is_old = self._found is not None
        try:
            return await self._once(work)
        except ConnectError:
            if not is_old:
                raise
        return await self._once(work)

    async def _once(self, work: Callable[[Client], Answer]) -> Answer:
        client = (await self._server()).another()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, client)
        except ConnectError:
            self._found = None
            raise
        finally:
            client.end()

    async def _server(self) -> Client:
        """Return the client; however many ask, one looks, and goes on though all of them give up."""
        if self._found is None:
            self._found = asyncio.ensure_future(asyncio.to_thread(self._find))
        looking = self._found
        try:
            return await asyncio.shield(looking)
        finally:
            has_failed = looking.done() and (looking.cancelled() or looking.exception() is not None)
            if has_failed and self._found is looking:
                self._found = None


def finder(settings: Settings, local: LocalServer, environ: Mapping[str, str] = os.environ) -> Callable[[], Client]:
    """Return what finds the server: the one that is named, else one that runs, else one that is started."""
    named = {"LLAMA_ASSIST_URL": settings.url, "LLAMA_ASSIST_KEY": settings.key}
    known = {**environ, **{name: value for name, value in named.items() if value}}

    def other() -> Client:
        client = _running()
        if client is not None:
            return client
        if not settings.start:
            raise ConnectError(
                "No server of llama-assist runs on this machine. Start JupyterLab or `llama-assist serve`, "
                "or let the editor set `start` to true."
            )
        return local.client()

    return lambda: connect(known, other)


def _running() -> Client | None:
    """Return a client of a server that this user runs with the extension; each is asked with its own token."""
    for server in running_servers():
        if hasattr(os, "getuid") and server.owner != os.getuid():
            continue
        try:
            client = client_of(server)
            usual, client.timeout = client.timeout, PATIENCE
            client.status()
        except AssistError:
            continue  # it has no token, or not the extension, or does not answer
        client.timeout = usual
        return client
    return None
