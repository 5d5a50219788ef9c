"""One HTTP/1.1 exchange over asyncio's streams: no proxy, no redirect, every wait and every size bounded."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from llama_assist.backends.remote.endpoint import Endpoint

Value = TypeVar("Value")

MAX_HEAD = 64 * 1024  # bytes of status line and headers
CONNECT_SECONDS = 10.0
_BLOCK = 64 * 1024
_STATUS = re.compile(r"HTTP/1\.[01] ([1-5][0-9][0-9])(?: .*)?")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r\n")


class ProtocolError(OSError):
    """What came back is no HTTP, or ended before it was whole."""


class SilenceError(OSError):
    """The server let the time run out."""


class Response:
    """The response to one request: its head has arrived, its body is read by `blocks`.

    `timeout` is in seconds, bounds each wait for more of the body, and may be changed meanwhile.
    """

    def __init__(self, status: int, headers: Mapping[str, str], reader: asyncio.StreamReader, timeout: float) -> None:
        self.status = status
        self.headers = headers
        self.timeout = timeout
        self._reader = reader

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it arrives; raise `OSError` where it is cut, or nothing comes for the timeout."""
        length = self.headers.get("content-length", "")
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := await self._chunk_size():
                async for block in self._exactly(size):
                    yield block
                await self._line()
        elif length:
            if not (length.isascii() and length.isdecimal()):
                raise ProtocolError("its Content-Length is no number")
            async for block in self._exactly(int(length)):
                yield block
        else:
            while block := await within(self._reader.read(_BLOCK), self.timeout):
                yield block

    async def read(self, most: int) -> bytes:
        """Return the body; raise `ProtocolError` if it has more than `most` bytes."""
        body = b""
        async for block in self.blocks():
            body += block
            if len(body) > most:
                raise ProtocolError(f"its answer has more than {most} bytes")
        return body

    async def _exactly(self, size: int) -> AsyncGenerator[bytes, None]:
        while size:
            block = await within(self._reader.read(min(size, _BLOCK)), self.timeout)
            if not block:
                raise ProtocolError("the connection ended in the middle of the answer")
            size -= len(block)
            yield block

    async def _chunk_size(self) -> int:
        match = _CHUNK_SIZE.fullmatch(await self._line())
        if match is None:
            raise ProtocolError("its chunked body is malformed")
        return int(match[1], 16)

    async def _line(self) -> bytes:
        return await within(_until(self._reader, b"\r\n"), self.timeout)


@dataclass(frozen=True, slots=True)
class Request:
    """What to send; a `path` without a slash lies below the base URL, another below the root before its `/v1`."""

    method: str
    path: str
    body: object = None


class Exchange:
    """One request on its way. `abort` ends it at once, from wherever: the server sees the connection close."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._writer: asyncio.StreamWriter | None = None
        self.is_aborted = False

    def abort(self) -> None:
        """Close the connection without a word; what awaits it ends with an `OSError`."""
        self.is_aborted = True
        if self._writer is not None:
            self._writer.transport.abort()

    async def send(self, request: Request) -> Response:
        """Connect, send, and return the response when its head is there; raise `OSError`."""
        reader, self._writer = await self._connect()
        if self.is_aborted:
            self.abort()
        self._writer.write(_encoded(self._endpoint, request))
        await within(self._writer.drain(), self._timeout)
        while True:
            response = _response(await within(_until(reader, b"\r\n\r\n"), self._timeout), reader, self._timeout)
            if response.status >= 200:
                return response

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        endpoint = self._endpoint
        ssl = True if endpoint.scheme == "https" else None
        try:
            opening = asyncio.open_connection(endpoint.host, endpoint.port, ssl=ssl, limit=MAX_HEAD)
            return await within(opening, min(CONNECT_SECONDS, self._timeout))
        except UnicodeError as error:
            raise ProtocolError("its name is no host name") from error


async def within(work: Awaitable[Value], seconds: float) -> Value:
    """Return what `work` comes to; raise `SilenceError` if it takes longer."""
    try:
        return await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        raise SilenceError(f"it said nothing for {seconds:g} s") from None


async def _until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    try:
        return await reader.readuntil(end)
    except asyncio.IncompleteReadError as error:
        raise ProtocolError("the connection ended before the answer did") from error
    except asyncio.LimitOverrunError as error:
        raise ProtocolError("what it sent is no HTTP") from error


def _encoded(endpoint: Endpoint, request: Request) -> bytes:
    body = b"" if request.body is None else json.dumps(request.body, ensure_ascii=False).encode("utf-8", "replace")
    lines = [
        f"{request.method} {endpoint.target(request.path)} HTTP/1.1",
        f"Host: {endpoint.authority}",
        "Accept: text/event-stream, application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: llama-assist",
    ]
    if request.body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if endpoint.key:
        lines.append(f"Authorization: Bearer {endpoint.key}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _response(head: bytes, reader: asyncio.StreamReader, timeout: float) -> Response:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    match = _STATUS.fullmatch(first)
    if match is None:
        raise ProtocolError("what it sent is no HTTP")
    pairs = (line.partition(":") for line in lines)
    return Response(int(match[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, reader, timeout)
