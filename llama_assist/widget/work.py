"""Requests to the server in threads of their own, so that the kernel stays free; each can be stopped at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

from llama_assist.client import Client
from llama_assist.errors import AssistError, ConnectError

Connect = Callable[[], Client]
Json = dict[str, Any]


class Run(threading.Thread):
    """One job in its thread. `stop` ends its requests at once; an `AssistError` of the job goes to `fail`."""

    def __init__(self, connect: Connect, job: Callable[[Run], None], fail: Callable[[str], None]) -> None:
        super().__init__(name="llama-assist-panel", daemon=True)
        self._connect = connect
        self._job = job
        self._fail = fail
        self._client: Client | None = None
        self._stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits for the job any more."""
        return self._stopped.is_set()

    @property
    def client(self) -> Client:
        """The client of this job alone; raises `ConnectError`."""
        if self._client is None:
            self._client = self._connect()
            if self.is_stopped:
                self._client.end()
        return self._client

    def stop(self) -> None:
        """End what the job waits for; it returns soon."""
        self._stopped.set()
        if self._client is not None:
            self._client.end()

    def pause(self, seconds: float) -> None:
        """Wait; raise `KeyboardInterrupt` as soon as the job is stopped."""
        if self._stopped.wait(seconds):
            raise KeyboardInterrupt

    def until_stopped(self, chunks: Generator[Json, None, None]) -> Generator[Json, None, None]:
        """Pass `chunks` on; raise `KeyboardInterrupt`, as an interrupted kernel would, when the job is stopped."""
        try:
            for chunk in chunks:
                if self.is_stopped:
                    break
                yield chunk
        except ConnectError:
            if not self.is_stopped:
                raise
        finally:
            chunks.close()
        if self.is_stopped:
            raise KeyboardInterrupt

    def run(self) -> None:
        """Do the job; a thread has nobody above it, so this is where its errors end."""
        try:
            self._job(self)
        except KeyboardInterrupt:
            pass  # it was stopped, and has said so
        except AssistError as error:
            if not self.is_stopped:
                self._fail(str(error))
        except Exception as error:  # a fault of ours: shown, not lost in a log that nobody reads
            self._fail(f"The panel failed ({type(error).__name__}: {error}). Please report this.")


class Work:
    """The jobs of one panel, at most one of each kind; a newer one ends the older."""

    def __init__(self, connect: Connect, fail: Callable[[str], None]) -> None:
        self._connect = connect
        self._fail = fail
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._is_closed = False

    def start(self, kind: str, job: Callable[[Run], None]) -> None:
        """Begin a job; a panel that is closed begins none."""
        run = Run(self._connect, job, self._fail)
        with self._lock:
            if self._is_closed:
                return
            older, self._runs[kind] = self._runs.get(kind), run
            run.start()
        if older is not None:
            older.stop()

    def stop(self, kind: str) -> None:
        """End a job, if there is one of this kind."""
        run = self._runs.get(kind)
        if run is not None:
            run.stop()

    def is_current(self, kind: str, run: Run) -> bool:
        """Tell whether `run` is the newest of its kind, and is wanted."""
        return self._runs.get(kind) is run and not run.is_stopped

    def close(self, seconds: float) -> None:
        """End every job, and wait for their threads, each at most so long."""
        with self._lock:
            self._is_closed = True
            runs = list(self._runs.values())
        for run in runs:
            run.stop()
        for run in runs:
            if run is not threading.current_thread():
                run.join(seconds)
