"""Work that takes long, as the editor shows it; nothing where the editor shows no progress."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

TITLE = "llama-assist"


class Progress:
    """Shows progress in the editor of `server`, a language server of pygls."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @asynccontextmanager
    async def shown(
        self, message: str, token: types.ProgressToken | None = None
    ) -> AsyncIterator[Callable[[str], None]]:
        """Show `message` while the block runs; yield what changes it.

        With `token` the editor has its own place for it. Where the user cancels there, the task that runs the block
        is cancelled.
        """
        if token is None:
            token = await self._made()
        if token is None:
            yield lambda text: None
            return
        board = self._server.work_done_progress
        task = asyncio.current_task()
        board.begin(token, types.WorkDoneProgressBegin(title=TITLE, message=message, cancellable=True))
        board.tokens[token].add_done_callback(lambda done: task.cancel() if task is not None else None)
        try:
            yield lambda text: board.report(token, types.WorkDoneProgressReport(message=text))
        finally:
            board.tokens.pop(token, None)
            board.end(token, types.WorkDoneProgressEnd())

    async def _made(self) -> types.ProgressToken | None:
        """Return a token that the editor has taken."""
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return None
        token = str(uuid.uuid4())
        try:
            await self._server.work_done_progress.create_async(token)
        except JsonRpcException:
            return None  # the editor would rather not
        return token
