"""A server that answers each of our routes as the test has set it, and keeps what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sse_server import DONE, Script, SseServer, event, serve

_MARKS = {"prompt": "completion", "task": "task", "events": "events", "action": "model"}


class ScriptedEngine:
    """`scripts` by what is asked: completion, task, events, model."""

    def __init__(self, server: SseServer) -> None:
        self.server = server
        self.scripts = {
            "completion": completion("total / count"),
            "task": task("It divides."),
            "events": Script(status=204),
            "model": Script([b"{}"], headers={"Content-Type": "application/json"}, is_chunked=False),
        }
        self._queues: dict[str, list[Script]] = {}
        self._held = ""
        self._released = threading.Event()
        server.choose = self._choose

    @property
    def url(self) -> str:
        return self.server.url

    def in_order(self, kind: str, scripts: Sequence[Script]) -> None:
        """Answer the next requests of a kind by one script after the other."""
        self._queues[kind] = list(scripts)

    def hold(self, kind: str) -> None:
        """Answer requests of a kind only after `release`."""
        self._held = kind

    def release(self) -> None:
        """Answer what was held."""
        self._released.set()

    def _choose(self, body: dict[str, Any]) -> Script:
        kind = kind_of(body)
        if kind == self._held:
            assert self._released.wait(60)
        queue = self._queues.get(kind)
        return queue.pop(0) if queue else self.scripts[kind]

    def asked(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of one kind, in order."""
        bodies = [request.body for request in list(self.server.requests)]
        return [body for body in bodies if body is not None and kind_of(body) == kind]

    def wait_for(self, kind: str, count: int = 1) -> None:
        """Return when so many requests of a kind have come."""
        deadline = time.monotonic() + 60
        while len(self.asked(kind)) < count:
            assert time.monotonic() < deadline, f"no {kind} was asked for"
            time.sleep(0.01)


def kind_of(body: dict[str, Any]) -> str:
    """Return which route a body is for."""
    return next(kind for mark, kind in _MARKS.items() if mark in body)


@contextmanager
def scripted_engine() -> Iterator[ScriptedEngine]:
    """Run an engine on a free port."""
    with serve() as server:
        yield ScriptedEngine(server)


def completion(*texts: str) -> Script:
    """Return the script of a completion with these candidates."""
    pieces = [{"index": index, "text": text, "finish_reason": None} for index, text in enumerate(texts)]
    ends = [{"index": index, "text": "", "finish_reason": "stop"} for index in range(len(texts))]
    return Script([*(event({"choices": [choice]}) for choice in [*pieces, *ends]), DONE])


def task(text: str, **details: object) -> Script:
    """Return the script of a task's answer."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return Script([event({"choices": [choice]}), event({"choices": [last], "llama_assist": details}), DONE])


def refusal(status: int, code: str, message: str, **headers: str) -> Script:
    """Return the script of an error in OpenAI's shape."""
    body = f'{{"error": {{"message": "{message}", "type": "server_error", "param": null, "code": "{code}"}}}}'
    return Script(
        [body.encode()], status=status, headers={"Content-Type": "application/json", **headers}, is_chunked=False
    )
