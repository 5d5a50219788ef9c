"""The ends of an answer that a client asks for in llama.cpp's way; what comes after them is not even generated."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from llama_assist.types import Chunk
from llama_assist.wire import Limits


async def limited(
    chunks: AsyncGenerator[Chunk, None], limits: Limits, n: int, clock: Callable[[], float] = time.monotonic
) -> AsyncGenerator[Chunk, None]:
    """Yield the chunks of `n` choices up to the limits; when the last choice has ended the engine is freed."""
    cuts = [_Cut(limits, clock) for _ in range(n)]
    async with aclosing(chunks):
        async for chunk in chunks:
            cut = cuts[chunk.index]
            if cut.is_over:
                continue
            yield cut.take(chunk)
            if all(each.is_over for each in cuts):
                return


class _Cut:
    """One choice, and whether it has met a limit."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.is_over = False
        self._limits = limits
        self._clock = clock
        self._start: float | None = None
        self._text = ""

    def take(self, chunk: Chunk) -> Chunk:
        """Return the chunk, shortened and as the last one where a limit is met."""
        keep = self._until_dedent(chunk.text, self._until_late(chunk.text))
        self._text += chunk.text
        if keep is None:
            self.is_over = chunk.finish_reason is not None
            return chunk
        self.is_over = True
        return replace(chunk, text=chunk.text[:keep], finish_reason="stop")

    def _until_late(self, text: str) -> int | None:
        """Return where `text` ends a line too late; the clock runs from the first text."""
        if self._limits.max_ms is None or not text:
            return None
        now = self._clock()
        self._start = now if self._start is None else self._start
        is_late = (now - self._start) * 1e3 > self._limits.max_ms
        end = text.find("\n")
        return end if is_late and "\n" in self._text and end >= 0 else None

    def _until_dedent(self, text: str, limit: int | None) -> int | None:
        """Return where, before `limit`, the first line below the first begins that is not deep enough."""
        if not self._limits.min_indent:
            return limit
        whole = self._text + text[:limit]
        start = whole.rfind("\n", 0, len(self._text)) + 1 or whole.find("\n") + 1
        while start:
            end = whole.find("\n", start)
            line = whole[start : len(whole) if end < 0 else end]
            if line.strip() and len(line) - len(line.lstrip(" \t")) < self._limits.min_indent:
                return max(0, start - 1 - len(self._text))
            start = end + 1
        return limit
