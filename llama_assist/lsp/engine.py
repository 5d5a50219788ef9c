"""Requests to the model: with progress while it loads, and with trouble told in the user's words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from llama_assist.client import Client
from llama_assist.errors import AssistError
from llama_assist.lsp.link import Link
from llama_assist.lsp.progress import Progress
from llama_assist.lsp.trouble import Trouble

Answer = TypeVar("Answer")
FRESH_SECONDS = 60.0  # an engine that answered so lately is taken for loaded


class Engine:
    """The model behind the server. What it refuses is told to the user once, and raised."""

    def __init__(self, link: Link, trouble: Trouble, progress: Progress) -> None:
        self.trouble = trouble
        self._link = link
        self._progress = progress
        self._answered = -FRESH_SECONDS
        self._loading: asyncio.Task[None] | None = None

    async def ask(self, work: Callable[[Client], Answer], *, is_chosen: bool = False) -> Answer:
        """Return what `work` makes of a client; raise `AssistError` after it was told.

        What the user has chosen from a menu gets its answer each time, not once.
        """
        if time.monotonic() - self._answered >= FRESH_SECONDS:
            self.watch_loading()
        try:
            answer = await self._link.ask(work)
        except AssistError as error:
            self.trouble.report(error, always=is_chosen)
            raise
        self._answered = time.monotonic()
        self.trouble.is_over()
        return answer

    def watch_loading(self, *, even_if_stopped: bool = True) -> None:
        """Show progress until the model is loaded; with `even_if_stopped` load it where nobody does."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.ensure_future(self._load(even_if_stopped))

    async def count(self, events: Iterable[Mapping[str, object]]) -> None:
        """Send what became of suggestions."""
        await self._link.ask(lambda client: client.report(list(events)))

    async def _load(self, even_if_stopped: bool) -> None:
        try:
            status = await self._link.ask(lambda client: client.status())
            if status.get("state") == "ready" or (status.get("state") == "stopped" and not even_if_stopped):
                return
            async with self._progress.shown(f"Loading {status.get('model', 'the model')}"):
                await self._link.ask(lambda client: client.load())
        except AssistError as error:
            self.trouble.report(error)


def collect(client: Client, body: Mapping[str, object]) -> list[str]:
    """Return the texts of the candidates of a completion, best first."""
    texts: dict[int, str] = {}
    for chunk in client.complete(body):
        for choice in chunk.get("choices", ()):
            index = int(choice.get("index", 0))
            texts[index] = texts.get(index, "") + str(choice.get("text") or "")
    return [texts[index] for index in sorted(texts)]


def perform(client: Client, body: Mapping[str, object], grown: Callable[[str], None]) -> tuple[str, dict[str, Any]]:
    """Return the text of a task and what the server tells of it; `grown` gets the text so far, in this thread."""
    text, details = "", dict[str, Any]()
    for chunk in client.task(body):
        for choice in chunk.get("choices", ()):
            text += str(choice.get("delta", {}).get("content") or "")
        details = chunk.get("llama_assist") or details
        grown(text)
    return text, details
