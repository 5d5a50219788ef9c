"""Downloads of models, each in a process of its own: the server's loop never waits, and leaving ends them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from typing import IO, Any

from llama_assist.errors import BusyError, ModelError

GRACE_SECONDS = 5.0

Line = dict[str, Any]


class Downloads:
    """Runs at most one download of each model; `command` is what runs, with the model as its last argument."""

    command: tuple[str, ...] = (sys.executable, "-m", "llama_assist.models.pull")

    def __init__(self) -> None:
        self._running: set[str] = set()

    async def run(self, model: str) -> AsyncGenerator[Line, None]:
        """Yield `{"progress": ...}` until the model is there; closing this stops the download, which can be resumed.

        Raises `ModelError`, and `BusyError` where the same model is being downloaded already.
        """
        if model in self._running:
            raise BusyError(f"{model} is being downloaded already.", retry_after=10)
        self._running.add(model)
        process = None
        try:
            process = await asyncio.to_thread(_start, (*self.command, model))
            async for line in _lines(process):
                if "error" in line:
                    raise ModelError(line["error"]["message"], line["error"]["reason"])
                yield line
            code = await asyncio.to_thread(process.wait)
            if code != 0:
                raise ModelError(f"The download of {model} ended with code {code}; try it again.", "interrupted")
        finally:
            self._running.discard(model)
            if process is not None:
                _end(process)


def _start(command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


async def _lines(process: subprocess.Popen[str]) -> AsyncGenerator[Line, None]:
    """Yield the lines of a process, read by a thread: not every event loop can watch a pipe on every system."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Line | None] = asyncio.Queue()
    assert process.stdout is not None
    threading.Thread(target=_read, args=(process.stdout, loop, queue), daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line


def _read(stdout: IO[str], loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Line | None]) -> None:
    try:
        with stdout:
            for text in stdout:
                loop.call_soon_threadsafe(queue.put_nowait, json.loads(text))
        loop.call_soon_threadsafe(queue.put_nowait, None)
    except RuntimeError:  # the loop has closed: nobody waits any more
        return


def _end(process: subprocess.Popen[str]) -> None:
    """Let the process tidy up, and end it if it does not; in a thread, for a cancelled task may not wait."""
    assert process.stdin is not None
    process.stdin.close()
    threading.Thread(target=_reap, args=(process,), daemon=True).start()


def _reap(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
