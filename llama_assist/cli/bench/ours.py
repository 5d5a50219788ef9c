"""Our engine as a contender: timed where an editor's request enters, so tokenizing and context count too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import psutil

from llama_assist.cli.bench.contender import Timing, peak_bytes_of
from llama_assist.cli.reply import follow
from llama_assist.cli.session import make_assistant
from llama_assist.config import Assist
from llama_assist.types import Chunk, Job, Prompt, SamplingParams

if TYPE_CHECKING:
    from llama_assist.assistant import Assistant
    from llama_assist.cli.bench.trace import Keystroke

_WORKER = "llama_assist.engine.worker"


class Ours:
    """A new backend with each `load`, as a new server would have it."""

    name = "llama_assist"

    def __init__(self, config: Assist) -> None:
        self._config = config
        self.assistant: Assistant = make_assistant(config)

    async def load(self) -> None:
        self.assistant = make_assistant(self._config)
        await self.assistant.backend.start()

    async def unload(self) -> None:
        await self.assistant.backend.stop()

    async def generate(self, text: str, max_tokens: int) -> Timing:
        job = Job(Prompt((text,)), SamplingParams(max_tokens=max_tokens))
        return await _timing(self.assistant.backend.generate(job))

    async def complete(self, keystroke: Keystroke, max_tokens: int) -> Timing:
        return await _timing(self.assistant.complete(keystroke.request(max_tokens)))

    def peak_bytes(self) -> int:
        children = psutil.Process().children()
        return peak_bytes_of(next(child.pid for child in children if _WORKER in child.cmdline()))


async def _timing(chunks: AsyncGenerator[Chunk, None]) -> Timing:
    reply = await follow(chunks)
    return Timing(
        first_token_ms=reply.first_token_ms,
        first_text_ms=reply.first_text_ms,
        total_ms=reply.total_ms,
        num_tokens=reply.usage.completion_tokens,
        prompt_tokens=reply.usage.prompt_tokens,
        cached_tokens=reply.usage.cached_tokens,
    )
