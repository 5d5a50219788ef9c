"""A backend that remembers: a greedy prompt that it has heard is answered with what the model wrote then."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from llama_assist.backends import Backend
from llama_assist.types import Chunk, Job, ModelInfo, Status


class HeardBackend:
    """Lets many variants of filters and context be measured for the price of the prompts that differ.

    Exact, because greedy text depends on the prompt alone; times and cached tokens are those of the first run.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._heard: dict[str, list[Chunk]] = {}

    async def describe(self) -> ModelInfo:
        """Return what the backend says."""
        return await self._backend.describe()

    def count(self, text: str) -> int:
        """Return what the backend counts."""
        return self._backend.count(text)

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        """Stream what was written before; where the listener then left earlier, the model writes it again."""
        chunks = self._heard.setdefault(repr((job.prompt, job.sampling)), [])
        told = 0
        for chunk in list(chunks):
            told += 1
            yield chunk
        if chunks and chunks[-1].finish_reason is not None:
            return
        del chunks[:]
        async with aclosing(self._backend.generate(job)) as written:
            async for chunk in written:
                chunks.append(chunk)
                if len(chunks) > told:
                    yield chunk

    def status(self) -> Status:
        """Return what the backend says."""
        return self._backend.status()

    async def start(self) -> None:
        """Start the backend."""
        await self._backend.start()

    async def stop(self) -> None:
        """Stop the backend."""
        await self._backend.stop()
