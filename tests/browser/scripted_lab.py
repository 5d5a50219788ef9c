"""A real JupyterLab server process whose assistant is scripted, or real but recorded; started by the browser tests.

Each inline request is written as a line of JSON to the file in LLAMA_ASSIST_RECORD, when it begins and when it ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import Any

from jupyterlab.labapp import LabApp

from llama_assist.assistant import Assistant
from llama_assist.backends import Backend
from llama_assist.errors import BusyError
from llama_assist.server.app import LlamaAssistApp
from llama_assist.types import Chunk, CompletionRequest, Job, ModelInfo, Status, Usage

LINES = (
    "print('hello world')",
    "print('😀', total)",
    "total = sum(range(10))",
    "total += fast_typing_of_some_characters(x, y, z)",
    "def add(first, second):",
    "    return first + second",
    "# the mean of all values",
    "mean = sum(values) / len(values)",
    "for value in values:",
    "    print(value)",
    "busy()",
    "sizes = [\n    1,\n    2,\n]",
)
PIECE = 4
PIECE_SECONDS = float(os.environ.get("LLAMA_ASSIST_PIECE_SECONDS", "0.02"))


def continuation(prefix: str, suffix: str) -> str:
    """Return what the script writes after `prefix`: the rest of a line that it knows, or the line after it."""
    head, _, line = prefix.rpartition("\n")
    typed = line.lstrip()
    if typed:
        rest = next((known.lstrip()[len(typed) :] for known in LINES if known.lstrip().startswith(typed)), "")
        following = suffix.partition("\n")[0]
        return rest.removesuffix(following) if following else rest
    above = head.rpartition("\n")[2]
    return LINES[LINES.index(above) + 1].removeprefix(line) if above in LINES[:-1] else ""


class Record:
    """The requests of a run, in a file that the tests read."""

    def __init__(self, path: Path) -> None:
        self.tokens = 0  # that the engine has written for requests that have not ended yet
        self._path = path
        self._ids = count()

    def write(self, **entry: object) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": time.time(), **entry}) + "\n")

    async def watch(
        self, request: CompletionRequest, chunks: AsyncGenerator[Chunk, None]
    ) -> AsyncGenerator[Chunk, None]:
        """Pass `chunks` on, and write down how the request began and ended."""
        key, outcome = next(self._ids), "cancelled"
        document = request.document
        shown = {"cells": [cell.source for cell in document.cells], "cell": document.cell} if document else {}
        variables = [variable.name for variable in document.variables] if document else []
        self.write(
            id=key, event="begun", prefix=request.prefix, suffix=request.suffix, manual=request.manual, n=request.n,
            path=document.path if document else "", variables=variables, **shown,
        )  # fmt: skip
        try:
            async with aclosing(chunks) as running:
                async for chunk in running:
                    if chunk.finish_reason is not None:
                        outcome = "answered"  # nobody asks for more after that
                    yield chunk
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            self.write(id=key, event="ended", outcome=outcome, tokens=self.tokens)
            self.tokens = 0


class ScriptedBackend:
    """A backend without a model; it only has a status."""

    def __init__(self) -> None:
        self.state = "ready"

    def status(self) -> Status:
        return Status(state="ready", model="scripted", device="cpu", weights="int4")

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return


class ScriptedAssistant(Assistant):
    """Writes the lines it knows, piece by piece, and forgets to be fast."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(ScriptedBackend())  # type: ignore[arg-type]

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self.record.watch(request, self._write(request))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _write(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        if request.prefix.endswith("busy("):
            raise BusyError("The queue is full.")
        for index in range(request.n):
            text = continuation(request.prefix, request.suffix) + ("" if index == 0 else f"  # {index}")
            for start in range(0, len(text), PIECE):
                await asyncio.sleep(PIECE_SECONDS)
                yield Chunk(text[start : start + PIECE], index)
            yield Chunk("", index, finish_reason="stop", usage=Usage(1, 1, 0), debug={})


class RecordedBackend:
    """A real backend that writes down how many tokens each inline job was given."""

    def __init__(self, backend: Backend, record: Record) -> None:
        self._backend = backend
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    async def describe(self) -> ModelInfo:
        return await self._backend.describe()

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        usage = Usage()
        try:
            async with aclosing(self._backend.generate(job)) as chunks:
                async for chunk in chunks:
                    usage = chunk.usage or usage
                    yield chunk
        finally:
            self._record.tokens += usage.completion_tokens
            self._record.write(event="generated", prompt=usage.prompt_tokens, cached=usage.cached_tokens)


class RecordedAssistant(Assistant):
    """The real assistant, with a record of what it was asked."""

    def __init__(self, backend: Backend, config: Any, record: Record) -> None:
        super().__init__(RecordedBackend(backend, record), config)  # type: ignore[arg-type]
        self.record = record

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self.record.watch(request, super().complete(request))) as chunks:
            async for chunk in chunks:
                yield chunk


def make_assistant(app: LlamaAssistApp) -> Assistant:
    """Return the assistant that the environment asks for."""
    record = Record(Path(os.environ["LLAMA_ASSIST_RECORD"]))
    if os.environ.get("LLAMA_ASSIST_SCRIPTED") == "1":
        return ScriptedAssistant(record)
    return RecordedAssistant(app.make_backend(), app.assist, record)


if __name__ == "__main__":
    LlamaAssistApp.make_assistant = make_assistant  # type: ignore[method-assign]
    LabApp.launch_instance(sys.argv[1:])
