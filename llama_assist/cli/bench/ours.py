"""Our engine as a contender: timed where an editor's request enters, so tokenizing and context count too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from importlib.metadata import version
from typing import TYPE_CHECKING

import psutil

from llama_assist import __version__
from llama_assist.cli.bench.contender import Timing, peak_bytes_of
from llama_assist.cli.session import Session, make_backend
from llama_assist.config import Assist
from llama_assist.types import Job, Prompt, SamplingParams

if TYPE_CHECKING:
    from llama_assist.cli.bench.trace import Keystroke
    from llama_assist.cli.reply import Reply

_WORKER = "llama_assist.engine.worker"


class Ours:
    """A new session with each `load`, as a new server would have it."""

    name = "llama_assist"

    def __init__(self, config: Assist) -> None:
        self._config = config
        self.session = Session(make_backend(config), config)
        self._model = ""

    async def load(self) -> None:
        self.session = Session(make_backend(self._config), self._config)
        await self.session.backend.start()
        self._model = (await self.session.backend.describe()).id

    async def unload(self) -> None:
        await self.session.backend.stop()

    async def generate(self, text: str, max_tokens: int, *, drafts: bool = True) -> Timing:
        job = Job(Prompt((text,)), SamplingParams(max_tokens=max_tokens), drafts=drafts)
        return _timing(await self.session.generate(job))

    async def stream(self, texts: Sequence[str], max_tokens: int) -> float:
        times = await asyncio.gather(*(self._times(text, max_tokens) for text in texts))
        started = max(each[0] for each in times)
        ended = max(each[-1] for each in times)
        return sum(moment > started for each in times for moment in each) / (ended - started)

    async def _times(self, text: str, max_tokens: int) -> list[float]:
        """Return when each token came."""
        times = []
        async with aclosing(self.session.backend.generate(Job(Prompt((text,)), SamplingParams(max_tokens)))) as chunks:
            async for chunk in chunks:
                times += [time.perf_counter()] * len(chunk.logprobs)
        return times

    async def complete(self, keystroke: Keystroke, max_tokens: int) -> Timing:
        return _timing(await self.session.complete(keystroke.request(max_tokens)))

    def describe(self) -> str:
        status = self.session.backend.status()
        return f"{__version__}, torch {version('torch')}, {self._model} in {status.weights} on {status.device}"

    def peak_bytes(self) -> int:
        children = psutil.Process().children()
        return peak_bytes_of(next(child.pid for child in children if _WORKER in child.cmdline()))


def _timing(reply: Reply) -> Timing:
    return Timing(
        first_token_ms=reply.first_token_ms,
        last_token_ms=reply.token_ms[-1] if reply.token_ms else reply.total_ms,
        total_ms=reply.total_ms,
        num_tokens=len(reply.token_ms),
        prompt_tokens=reply.usage.prompt_tokens,
        cached_tokens=reply.usage.cached_tokens,
    )
