"""What became of suggestions, told to the server in batches: kinds and lengths, never a text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from llama_assist.errors import AssistError

BATCH_SECONDS = 2.0
MAX_WAITING = 200

Event = Mapping[str, object]


class Events:
    """Keeps events for a moment and sends them together by `send`."""

    def __init__(self, send: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[Event] = []
        self._timer: asyncio.Task[None] | None = None

    def add(self, kind: str, characters: int) -> None:
        """Take in one event."""
        self._waiting = [*self._waiting, {"kind": kind, "characters": characters}][-MAX_WAITING:]
        if self._timer is None or self._timer.done():
            self._timer = asyncio.ensure_future(self._later())

    async def flush(self) -> None:
        """Send what waits; what cannot be sent waits for the next time."""
        events, self._waiting = self._waiting, []
        if not events:
            return
        try:
            await self._send(events)
        except AssistError:
            self._waiting = [*events, *self._waiting][-MAX_WAITING:]  # the server may be restarting

    async def _later(self) -> None:
        await asyncio.sleep(BATCH_SECONDS)
        await self.flush()
