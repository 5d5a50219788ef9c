"""An engine on a raw socket, scripted by the test: it answers, hangs, dies in the middle, or talks garbage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llama_assist.backends.remote import RemoteBackend, read_endpoint
from llama_assist.backends.remote.redact import Redactor
from llama_assist.config import Assist
from llama_assist.models.store import Store
from llama_assist.types import Chunk, Job, Prompt, SamplingParams

KEY = "key-of-this-origin"
SECRET = "ghp_0123456789abcdefghij0123456789abcdef"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Wire:
    """One connection, from the server's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        self._reader = reader
        self._writer = writer
        self._gone = gone

    async def send(self, *blocks: bytes) -> None:
        for block in blocks:
            self._writer.write(block)
            await self._writer.drain()

    async def hang(self) -> None:
        """Say nothing until the other side has closed."""
        with suppress(ConnectionError):
            await self._reader.read()
        self._gone.set()

    def die(self) -> None:
        """End the connection without a word."""
        self._writer.transport.abort()


Script = Callable[[Wire, Seen], Awaitable[None]]


@dataclass
class FakeEngine:
    """`pages` answer GETs by path, with JSON or a status; `scripts` answer POSTs one after the other, then the last.

    `asked` is set by the first POST, `gone` when a client has left a connection that hangs.
    """

    port: int = 0
    pages: dict[str, Any] = field(default_factory=dict)
    scripts: list[Script] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST" and not seen.path.startswith("/api/")]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer, self.gone)
        try:
            seen = await _read(reader)
            self.seen.append(seen)
            if seen.method == "GET" or seen.path in self.pages:
                await wire.send(_page(self.pages.get(seen.path, 404)))
            else:
                self.asked.set()
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                await script(wire, seen)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def fake_engine(
    *scripts: Script, model: str = "some-model", entry: Mapping[str, object] | None = None, **pages: Any
) -> AsyncIterator[FakeEngine]:
    """Run an engine that lists one model; names of further `pages` have two underscores for each slash."""
    engine = FakeEngine(scripts=list(scripts))
    engine.pages["/v1/models"] = {"object": "list", "data": [{"id": model, "object": "model", **(entry or {})}]}
    engine.pages |= {name.replace("__", "/"): page for name, page in pages.items()}
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    engine.port = server.sockets[0].getsockname()[1]
    async with server:
        yield engine


@asynccontextmanager
async def remote_backend(
    engine: FakeEngine, home: Path, *, secret: bool = False, **settings: Any
) -> AsyncIterator[RemoteBackend]:
    """A backend before the engine, with a store that is empty or holds what a test has put into `home`.

    `secret`: as if the engine were on another machine.
    """
    config = Assist(**{"backend_url": engine.url, "model": "some-model", "backend_timeout": 10.0, **settings})
    endpoint = read_endpoint(config.backend_url, {engine.url: KEY})
    backend = RemoteBackend(config, endpoint, store=Store(home))
    if secret:
        backend._redactor = Redactor({"MY_PASSWORD": "correct horse battery"})
    try:
        yield backend
    finally:
        await backend.stop()


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    return Seen(method, path, headers, json.loads(body) if body else None)


def _page(page: Any) -> bytes:
    return reply(page, {}) if isinstance(page, int) else reply(200, page)


def reply(status: int, body: object, **headers: str) -> bytes:
    """A whole response with a JSON body."""
    data = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def event(value: object) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def piece(text: str = "", reason: str | None = None, **fields: object) -> bytes:
    """A piece of a completion."""
    return event({"choices": [{"index": 0, "text": text, "finish_reason": reason, **fields}]})


def delta(text: str = "", reason: str | None = None) -> bytes:
    """A piece of a chat."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]})


def saying(*blocks: bytes) -> Script:
    """Send these bytes, and end the connection in order."""

    async def script(wire: Wire, seen: Seen) -> None:
        await wire.send(*blocks)

    return script


def stream(*texts: str, reason: str = "stop", of: Callable[..., bytes] = piece) -> Script:
    """Stream a whole answer."""
    return saying(HEAD, *(of(text) for text in texts), of("", reason), DONE)


def then(*blocks: bytes, hang: bool = False) -> Script:
    """Send these bytes, then hang, or die without an end."""

    async def script(wire: Wire, seen: Seen) -> None:
        await wire.send(*blocks)
        if hang:
            await wire.hang()
        else:
            await asyncio.sleep(0.05)  # so that what was sent arrives before the connection breaks
            wire.die()

    return script


def job(text: str = "def f(", *, typed: str = "", document: str = "", **sampling: Any) -> Job:
    """An inline job on a plain prompt."""
    return Job(Prompt((text,), typed), SamplingParams(**{"max_tokens": 8, **sampling}), "inline", document)


async def chunks_of(backend: RemoteBackend, order: Job) -> list[Chunk]:
    async with aclosing(backend.generate(order)) as chunks:
        return [chunk async for chunk in chunks]


async def text_of(backend: RemoteBackend, order: Job) -> str:
    return "".join(chunk.text for chunk in await chunks_of(backend, order))


def bodies(requests: Sequence[Seen]) -> list[Any]:
    return [request.body for request in requests]
