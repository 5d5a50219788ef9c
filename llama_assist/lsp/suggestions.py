"""Suggestions at a cursor: from memory, or from the model; a newer request for a text ends the older one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from llama_assist.errors import AssistError
from llama_assist.lsp.documents import Documents, Text
from llama_assist.lsp.engine import Engine, collect
from llama_assist.lsp.events import Events
from llama_assist.lsp.memory import Memory, Spot
from llama_assist.lsp.settings import Settings
from llama_assist.lsp.wire import around, completion_body, other_versions, plain, wire_document


@dataclass(frozen=True, slots=True)
class Selected:
    """What the editor's completion list is about to put in the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to put in the place of `range`; `written` of its characters, at its end, are the model's."""

    text: str
    range: types.Range
    written: int


class Suggestions:
    """Finds suggestions for what is open."""

    def __init__(
        self, documents: Documents, engine: Engine, events: Events, settings: Settings, roots: Sequence[str] = ()
    ) -> None:
        self._documents = documents
        self._engine = engine
        self._events = events
        self._settings = settings
        self._roots = roots
        self._memory = Memory()
        self._running: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def find(
        self, uri: str, position: types.Position, *, manual: bool, selected: types.SelectedCompletionInfo | None = None
    ) -> list[Suggestion]:
        """Return the suggestions, best first; none where there is trouble, which is told."""
        text = self._documents.text(uri)
        if text is None or not (manual or self._engine.trouble.is_worth_trying):
            return []
        over = _selected(text, position, selected)
        before, _ = around(text, over.start)
        _, after = around(text, over.end)
        spot = Spot(uri, other_versions(self._documents, text), before + plain(over.text), after)
        texts = self._memory.find(spot, manual=manual)
        if texts is None:
            texts = await self._newest(uri, self._ask(text, spot, manual))
        where = text.lines.range(over.start, over.end)
        return [Suggestion(over.text + each, where, len(each)) for each in texts if each]

    async def _newest(self, uri: str, work: Coroutine[Any, Any, tuple[str, ...]]) -> tuple[str, ...]:
        """Return what `work` finds; nothing where a newer request comes before that."""
        older = self._running.get(uri)
        if older is not None:
            older.cancel()
        task: asyncio.Task[tuple[str, ...]] = asyncio.ensure_future(work)
        self._running[uri] = task
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            if self._running.get(uri) is task:
                del self._running[uri]
        return () if task.cancelled() else task.result()

    async def _ask(self, text: Text, spot: Spot, manual: bool) -> tuple[str, ...]:
        n = self._settings.candidates if manual else 1
        # The server reads the current cell from prompt and suffix.
        document = wire_document(self._documents, text, [""], 0, self._roots)
        body = completion_body(document, spot.prefix, spot.suffix, n, self._settings.max_tokens, manual)
        try:
            found = await self._engine.ask(lambda client: collect(client, body))
        except AssistError:
            return ()
        texts = tuple(dict.fromkeys(each for each in found if each))
        self._memory.add(spot, texts, manual=manual)
        if texts:
            self._events.add("shown", len(texts[0]))
        return texts


def _selected(text: Text, position: types.Position, given: types.SelectedCompletionInfo | None) -> Selected:
    if given is None:
        offset = text.lines.offset(position)
        return Selected(offset, offset)
    start, end = text.lines.span(given.range)
    return Selected(start, end, given.text)
