"""Keeps one worker running: starts it on demand, restarts it with backoff, unloads it when idle."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from llama_assist.backends.process import WorkerProcess
from llama_assist.config import Assist
from llama_assist.errors import EngineUnavailableError, ModelError

CRASH_WINDOW = 60.0  # seconds in which `MAX_CRASHES` mean that trying again is of no use for now
MAX_CRASHES = 5
LONGEST_BACKOFF = 30.0
REFUSAL_SECONDS = 5.0  # how long a refusal to load is remembered before a request may try again

STOPPED = "The engine was stopped. It starts again with the next request."

State = Literal["stopped", "loading", "ready", "failed"]


class Supervisor:
    """Owns at most one worker. `load_order` returns what to load and may raise `ModelError`."""

    def __init__(self, config: Assist, log: logging.Logger, load_order: Callable[[], dict[str, Any]]) -> None:
        self._config = config
        self._log = log
        self._load_order = load_order
        self._worker: WorkerProcess | None = None
        self._starting: asyncio.Task[WorkerProcess] | None = None
        self._crashes: deque[float] = deque(maxlen=MAX_CRASHES)
        self._refused: tuple[float, ModelError] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None
        self._unloading: asyncio.Task[None] | None = None
        self.ready: dict[str, Any] = {}
        self.detail = ""
        self.restarts = 0

    @property
    def state(self) -> State:
        """Return stopped, loading, ready or failed."""
        if self._starting is not None:
            return "loading"
        if self._worker is not None and self._worker.is_alive:
            return "ready"
        return "failed" if self._failure() is not None else "stopped"

    @property
    def worker(self) -> WorkerProcess | None:
        """Return the running worker, if any."""
        return self._worker if self._worker is not None and self._worker.is_alive else None

    async def acquire(self) -> WorkerProcess:
        """Return a ready worker, starting it first; raise `ModelError` or `EngineUnavailableError`."""
        self._cancel_idle()
        if self._starting is None:
            if self.worker is not None:
                return self.worker
            failure = self._failure()
            if failure is not None:
                raise failure
            self._starting = asyncio.create_task(self._start())
        starting = self._starting
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            if starting.cancelled():  # by `stop`, not the one who waits here
                raise EngineUnavailableError(STOPPED, "stopped") from None
            raise

    def forget_failures(self) -> None:
        """Let the next request try again: somebody asked for it."""
        self._crashes.clear()
        self._refused = None

    def note_idle(self) -> None:
        """Unload after the configured time, unless a request comes first."""
        self._cancel_idle()
        if self._config.idle_unload and self.worker is not None and not self.worker.num_requests:
            self._idle = asyncio.get_running_loop().call_later(self._config.idle_unload, self._unload)

    async def stop(self) -> None:
        """End the worker and every wait for it."""
        self._cancel_idle()
        for task in (self._starting, self._watch):
            if task is not None:
                task.cancel()
        worker, self._worker, self._starting, self._watch = self._worker, None, None, None
        if worker is not None:
            await worker.close()

    async def _start(self) -> WorkerProcess:
        try:
            await asyncio.sleep(self._backoff())
            order = await asyncio.to_thread(self._load_order)
            self._worker = WorkerProcess(self._log)
            self._worker.send({"op": "load", **order})
            await self._await_ready(self._worker)
            self._watch = asyncio.create_task(self._watch_over(self._worker))
            return self._worker
        except ModelError as error:
            self._refused, self.detail = (time.monotonic(), error), str(error)
            raise
        finally:
            if self._starting is asyncio.current_task():
                self._starting = None

    async def _await_ready(self, worker: WorkerProcess) -> None:
        event = await worker.control.get()
        if event["event"] == "failed":
            await worker.close()
            raise ModelError(event["message"], event["reason"])
        if event["event"] == "exit":
            self._note_crash(worker, event)
            raise EngineUnavailableError(f"The engine ended while loading. {self.detail}", "failed")
        self.ready, self.detail = event, ""
        self._log.info("engine ready: %s on %s in %.1f s", event["weights"], event["device"], event["seconds"])

    async def _watch_over(self, worker: WorkerProcess) -> None:
        """Note how the worker ends, and end it when it hangs."""
        while True:
            try:
                event = await asyncio.wait_for(worker.control.get(), timeout=1.0)
            except asyncio.TimeoutError:
                if worker.is_stalled:
                    self._log.warning("the engine worker hangs and is ended")
                    worker.kill()
                continue
            if event["event"] == "exit":
                self._note_crash(worker, event)
                return

    def _note_crash(self, worker: WorkerProcess, event: dict[str, Any]) -> None:
        self._crashes.append(time.monotonic())
        self.restarts += 1
        last = worker.errors[-1] if worker.errors else ""
        self.detail = f"The engine ended with code {event.get('code')}. {last}".rstrip()
        self._log.warning("%s", self.detail)

    def _failure(self) -> ModelError | EngineUnavailableError | None:
        now = time.monotonic()
        if self._refused is not None and now - self._refused[0] < REFUSAL_SECONDS:
            return self._refused[1]
        if len(self._crashes) == MAX_CRASHES and now - self._crashes[0] < CRASH_WINDOW:
            return EngineUnavailableError(
                f"The engine has ended {MAX_CRASHES} times within a minute. {self.detail} "
                "It is tried again in a minute; a smaller model or fewer slots may help.",
                "failed",
            )
        return None

    def _backoff(self) -> float:
        """Return 0, 1, 2, 4 ... seconds by the crashes of the last minute."""
        recent = sum(time.monotonic() - crash < CRASH_WINDOW for crash in self._crashes)
        return min(2.0 ** (recent - 2), LONGEST_BACKOFF) if recent > 1 else 0.0

    def _unload(self) -> None:
        if self.worker is not None and not self.worker.num_requests:
            self._log.info("engine unloaded after %d idle seconds", self._config.idle_unload)
            self._unloading = asyncio.create_task(self.stop())

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
