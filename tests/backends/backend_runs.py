"""A backend on the tiny model, with a real worker process that tests may stop, kill and watch."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tiny_model import TINY

from llama_assist.backends.local import LocalBackend
from llama_assist.backends.process import WorkerProcess
from llama_assist.config import Assist
from llama_assist.models.store import Store
from llama_assist.types import Chunk, Job, Priority, Prompt, SamplingParams

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

ENDLESS = {2: -100.0}  # the tiny model never ends its answer
LONG = 3000  # tokens: some seconds of work


@asynccontextmanager
async def backend_on(home: Path, log: logging.Logger | None = None, **settings: Any) -> AsyncIterator[LocalBackend]:
    """A backend that is stopped at the end, whatever happens."""
    options = {"model": TINY, "weights": "float32", "num_threads": 1, "num_slots": 3, **settings}
    backend = LocalBackend(Assist(**options), log, Store(home))
    try:
        yield backend
    finally:
        await backend.stop()


def job(
    text: str = "def load(path", max_tokens: int = 8, priority: Priority = "chat", document: str = "", **sampling: Any
) -> Job:
    params = SamplingParams(max_tokens=max_tokens, logit_bias=ENDLESS, **sampling)
    return Job(Prompt((text,)), params, priority, document)


async def answer(backend: LocalBackend, order: Job) -> list[Chunk]:
    async with aclosing(backend.generate(order)) as chunks:
        return [chunk async for chunk in chunks]


async def text(backend: LocalBackend, order: Job) -> str:
    return "".join(chunk.text for chunk in await answer(backend, order))


def worker_of(backend: LocalBackend) -> WorkerProcess:
    worker = backend._supervisor.worker
    assert worker is not None
    return worker


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that must come; the runner's time limit is the only one."""
    while not condition():  # noqa: ASYNC110 - other processes set no events
        await asyncio.sleep(0.02)


class FrozenWorkers:
    """Stops every worker the moment it is asked for text, so that it dies before its first token at the latest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.active = True
        self.pids: list[int] = []
        send = WorkerProcess.send

        def freeze(worker: WorkerProcess, line: dict[str, Any]) -> None:
            if line["op"] == "generate" and self.active:
                os.kill(worker.pid, signal.SIGSTOP)
                self.pids.append(worker.pid)
            send(worker, line)

        monkeypatch.setattr(WorkerProcess, "send", freeze)

    async def kill(self, number: int) -> None:
        """Kill the worker that was stopped as the `number`-th."""
        await until(lambda: len(self.pids) > number)
        os.kill(self.pids[number], signal.SIGKILL)


@pytest.fixture
def frozen_workers(monkeypatch: pytest.MonkeyPatch) -> FrozenWorkers:
    return FrozenWorkers(monkeypatch)
