"""One assistant for the length of a command, with a watch on its model; the engine ends with it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from llama_assist.assistant import Assistant
from llama_assist.backends import Backend, choose
from llama_assist.cli.holes import Hole, Prediction
from llama_assist.cli.reply import Reply
from llama_assist.config import Assist
from llama_assist.inline_prompt import DEFAULT_RECIPE, Recipe
from llama_assist.postprocess.minimum import is_too_short
from llama_assist.postprocess.site import Site
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Job, ModelInfo, Status

Show = Callable[[str], None]


class WatchedBackend:
    """Passes everything on, and remembers of the last answer when tokens came: filters may hold them back.

    `tokens_read` of its prompt were not cached; None until that is known.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.token_times: list[float] = []
        self.tokens_read: int | None = None

    def begin(self) -> None:
        """Forget the last answer."""
        self.token_times.clear()
        self.tokens_read = None

    async def describe(self) -> ModelInfo:
        """Return what the backend says."""
        return await self._backend.describe()

    def count(self, text: str) -> int:
        """Return what the backend counts."""
        return self._backend.count(text)

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        """Pass on the chunks; the times are those of `time.perf_counter`."""
        async with aclosing(self._backend.generate(job)) as chunks:
            async for chunk in chunks:
                self.token_times.extend(time.perf_counter() for _ in chunk.logprobs)
                if chunk.usage is not None:
                    self.tokens_read = chunk.usage.prompt_tokens - chunk.usage.cached_tokens
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


class Session:
    """Asks one thing at a time and follows each answer to its end; `show` gets pieces of text as they come."""

    def __init__(self, backend: Backend, config: Assist, recipe: Recipe = DEFAULT_RECIPE) -> None:
        self.backend = WatchedBackend(backend)
        self.config = config
        self._assistant = Assistant(self.backend, config, recipe)

    async def complete(self, request: CompletionRequest, show: Show | None = None) -> Reply:
        """Complete as the editor would."""
        return await self._follow(self._assistant.complete(request), show)

    async def predict(self, hole: Hole, max_tokens: int) -> Prediction:
        """Return what the editor would be offered at the hole."""
        reply = await self.complete(hole.request(max_tokens))
        return Prediction(
            id=hole.id,
            text=reply.text,
            ttft_ms=round(reply.first_text_ms, 1),
            total_ms=round(reply.total_ms, 1),
            prompt_tokens=reply.usage.prompt_tokens,
            cached_tokens=reply.usage.cached_tokens,
            shown=self._is_shown_unasked(hole, reply),
        )

    def _is_shown_unasked(self, hole: Hole, reply: Reply) -> bool:
        """Tell whether the reply, which was asked for, would be shown to somebody who only types."""
        is_sure = float(str(reply.debug["confidence"])) >= self.config.min_confidence
        return is_sure and not is_too_short(Site(hole.prefix, hole.suffix).settled, reply.text)

    async def chat(self, request: ChatRequest, show: Show | None = None) -> Reply:
        """Answer as the chat would."""
        return await self._follow(self._assistant.chat(request), show)

    async def generate(self, job: Job) -> Reply:
        """Run the model alone, without context or filters."""
        return await self._follow(self.backend.generate(job))

    async def _follow(self, chunks: AsyncGenerator[Chunk, None], show: Show | None = None) -> Reply:
        reply = Reply()
        self.backend.begin()
        started = time.perf_counter()
        async with aclosing(chunks) as running:
            async for chunk in running:
                reply.add(chunk, (time.perf_counter() - started) * 1e3)
                if show is not None and chunk.text:
                    show(chunk.text)
        reply.token_ms = [(then - started) * 1e3 for then in self.backend.token_times]
        return reply


def make_backend(config: Assist) -> Backend:
    """Return the backend that the settings name, as the server makes it; nothing is started."""
    return choose.make_backend(config)


@asynccontextmanager
async def open_session(config: Assist, recipe: Recipe = DEFAULT_RECIPE) -> AsyncIterator[Session]:
    """Give a session whose model is loaded; raise `ModelError` or `EngineUnavailableError`."""
    session = Session(make_backend(config), config, recipe)
    try:
        await session.backend.start()
        yield session
    finally:
        await session.backend.stop()
