"""An assistant without a model: what it answers is a function, what it was asked is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from llama_assist.config import Assist
from llama_assist.context.retrieve import Retriever
from llama_assist.errors import ModelError
from llama_assist.prompt.last import LastPrompts
from llama_assist.tasks import TaskPlan, make_plan
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Job, ModelInfo, Status, TaskRequest, Usage

Request = CompletionRequest | ChatRequest | TaskRequest
Script = Callable[[Request], AsyncGenerator[Chunk, None]]

MODEL = "fake-model"


class FakeBackend:
    """Counts its starts and stops."""

    def __init__(self) -> None:
        self.num_starts = 0
        self.num_stops = 0
        self.model = MODEL

    async def describe(self) -> ModelInfo:
        return ModelInfo(self.model, "qwen2.5-coder", 32768)

    def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        yield Chunk("Hello", finish_reason="stop", usage=Usage(7, 2, 4))

    def status(self) -> Status:
        return Status(state="ready", model=self.model, device="cpu", weights="int4", latencies_ms=(12.5,))

    async def switch(self, model: str) -> None:
        if model == "absent":
            raise ModelError("The weights of absent are not on this machine.", "not-installed")
        self.model = model

    async def start(self) -> None:
        self.num_starts += 1

    async def stop(self) -> None:
        self.num_stops += 1


class FakeAssistant:
    """Answers every request by `script`, and knows how many of its answers are open."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or hello
        self.backend = FakeBackend()
        self.backends = (self.backend,)
        self.config = Assist(model=MODEL)
        self.requests: list[Request] = []
        self.prompts = LastPrompts()
        self.num_open = 0
        self.opened = asyncio.Event()
        self.closed = asyncio.Event()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._answer(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._answer(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def perform(self, request: TaskRequest) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._answer(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def plan(self, request: TaskRequest) -> TaskPlan:
        return make_plan(request, 4096, self.backend.count, Retriever())

    async def _answer(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.requests.append(request)
        self.num_open += 1
        self.opened.set()
        try:
            async with aclosing(self.script(request)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            self.num_open -= 1
            self.closed.set()


async def hello(request: Request) -> AsyncGenerator[Chunk, None]:
    """Answer every choice with `Hello 世界`, in two pieces of text and a last chunk without any."""
    num_choices = 1 if isinstance(request, TaskRequest) else request.n
    for index in range(num_choices):
        yield Chunk("Hello ", index)
        yield Chunk("世界", index)
    for index in range(num_choices):
        yield Chunk(index=index, finish_reason="stop", usage=Usage(7, 2, 4), debug={"timings": {"prefill_ms": 1.5}})


def script_of(*steps: Chunk | Exception | float) -> Script:
    """Return a script that yields the chunks, raises the error, and sleeps the seconds among `steps`."""

    async def script(request: Request) -> AsyncGenerator[Chunk, None]:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Chunk):
                yield step
            else:
                await asyncio.sleep(step)

    return script
