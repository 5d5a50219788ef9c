"""One worker process: lines go out, events come back to the queue of the request that they belong to."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from typing import Any, TextIO

import psutil

Event = dict[str, Any]

STALL_SECONDS = 60.0  # without any line while requests run, the worker counts as hung
ENVIRONMENT = {
    # A short spin: idle threads give their core to the user's kernel at once, yet layers follow without a wake-up.
    "GOMP_SPINCOUNT": "1000",
    "KMP_BLOCKTIME": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "PYTHONIOENCODING": "utf-8",
}


class WorkerProcess:
    """Owns the process; all methods are called on the event loop that made it, and none waits for the worker."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._queues: dict[str, asyncio.Queue[Event]] = {}
        self._last_line = time.monotonic()
        self.control: asyncio.Queue[Event] = asyncio.Queue()
        self.errors: deque[str] = deque(maxlen=20)
        self.is_alive = True
        self.is_closing = False
        self._outgoing: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "llama_assist.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **ENVIRONMENT},
        )
        self._error_reader = threading.Thread(target=self._read_errors, args=(self._process.stderr,), daemon=True)
        self._error_reader.start()
        threading.Thread(target=self._write, args=(self._process.stdin,), daemon=True).start()
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def num_requests(self) -> int:
        """Return how many requests have not ended."""
        return len(self._queues)

    @property
    def is_stalled(self) -> bool:
        """Tell whether the worker owes an answer and has been silent for too long."""
        return bool(self._queues) and time.monotonic() - self._last_line > STALL_SECONDS

    def send(self, line: dict[str, Any]) -> None:
        """Send one line; a worker that has died meanwhile says so through its queues."""
        self._outgoing.put(json.dumps(line) + "\n")

    def open_queue(self, request_id: str) -> asyncio.Queue[Event]:
        """Return the queue on which the events of a request will arrive."""
        if not self._queues:
            self._last_line = time.monotonic()
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues[request_id] = queue
        if not self.is_alive:
            queue.put_nowait(self._end())
        return queue

    def close_queue(self, request_id: str) -> None:
        """Forget a request; events that still come for it are dropped."""
        self._queues.pop(request_id, None)

    def memory_bytes(self) -> int:
        """Return the resident memory, 0 when the process is gone."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        """End the process now; its requests get an exit event."""
        self._process.kill()

    async def close(self, grace: float = 3.0) -> None:
        """Close stdin, which ends the worker; kill it if it has not gone after `grace` seconds."""
        self.is_closing = True
        self._outgoing.put(None)
        try:
            await asyncio.to_thread(self._process.wait, grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _write(self, stdin: TextIO) -> None:
        """Write what is sent; a worker that does not read for a while makes this thread wait, not the event loop."""
        try:
            with stdin:
                for line in iter(self._outgoing.get, None):
                    stdin.write(line)
                    stdin.flush()
        except OSError:
            self._log.debug("the engine worker no longer reads")

    def _read(self, lines: TextIO) -> None:
        with lines:
            for line in lines:
                if line.endswith("\n"):  # the last line of a process that was killed may be cut
                    self._post(json.loads(line))
        self._process.wait()
        self._error_reader.join(1.0)  # so that its last words are there when its end is told
        self._outgoing.put(None)
        self._post(self._end())

    def _end(self) -> Event:
        """Return the event after which nothing comes: `exit`, or `stopped` if we have asked for it."""
        return {"event": "stopped" if self.is_closing else "exit", "code": self._process.returncode}

    def _read_errors(self, lines: TextIO) -> None:
        with lines:
            for line in lines:
                self.errors.append(line.rstrip())
                self._log.warning("engine worker: %s", line.rstrip())

    def _post(self, event: Event) -> None:
        try:
            self._loop.call_soon_threadsafe(self._dispatch, event)
        except RuntimeError:  # the loop has closed: nobody waits any more
            self.is_alive = False

    def _dispatch(self, event: Event) -> None:
        self._last_line = time.monotonic()
        request_id = event.get("id")
        if request_id is not None:
            if request_id in self._queues:
                self._queues[request_id].put_nowait(event)
            return
        if event["event"] in ("exit", "stopped"):
            self.is_alive = False
            for queue in self._queues.values():
                queue.put_nowait(event)
        self.control.put_nowait(event)
