"""A client that leaves, in whatever way and whenever, ends its answer at once: through a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from fake_assistant import FakeAssistant, Request

from llama_assist.server.answers import AnswerHandler
from llama_assist.types import Chunk

pytestmark = pytest.mark.usefixtures("http_server")
PATIENCE = 20
BODY = {
    "prompt": "x",
    "messages": [{"role": "user", "content": "x"}],
    "task": "explain",
    "document": {"cells": [{"source": "x"}]},
    "render": True,
}


async def waiting(request: Request) -> AsyncGenerator[Chunk, None]:
    """Wait as in a queue or in a prefill."""
    await asyncio.sleep(3600)
    yield Chunk()


async def decoding(request: Request) -> AsyncGenerator[Chunk, None]:
    """Go on as a decode without end."""
    while True:
        yield Chunk("token ")
        await asyncio.sleep(0.001)


async def flooding(request: Request) -> AsyncGenerator[Chunk, None]:
    """Send more than any buffer holds."""
    while True:
        yield Chunk("x" * 1_000_000)


def fin(client: socket.socket) -> None:
    client.close()


def rst(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def half_close(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_WR)


leaving = pytest.mark.parametrize("leave", [fin, rst, half_close])


@pytest.fixture
def ask(jp_http_port: int, jp_auth_header: dict[str, str]) -> Callable[..., socket.socket]:
    """Send a request through a fresh socket, as many bytes of its body as wanted, and return the socket."""

    def ask(path: str = "v1/completions", stream: bool = True, cut: int | None = None) -> socket.socket:
        body = json.dumps(BODY | {"stream": stream}).encode()
        head = [f"POST /a%40b/llama-assist/{path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in jp_auth_header.items()]
        client = socket.create_connection(("127.0.0.1", jp_http_port))
        client.sendall("\r\n".join([*head, "", ""]).encode() + body[:cut])
        return client

    return ask


async def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds; time out if it never does."""

    async def wait() -> None:
        while not condition():  # noqa: ASYNC110 - conditions are of many kinds
            await asyncio.sleep(0.001)

    await asyncio.wait_for(wait(), PATIENCE)


@leaving
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("script", [waiting, decoding])
@pytest.mark.parametrize("path", ["v1/completions", "v1/chat/completions", "v1/tasks", "infill", "api/generate"])
async def test_leaving_ends_the_answer(
    assistant: FakeAssistant, ask: Any, path: str, script: Any, stream: bool, leave: Any
):
    assistant.script = script
    for trial in range(1, 11):
        client = ask(path, stream)
        await asyncio.wait_for(assistant.opened.wait(), PATIENCE)
        if stream and script is decoding:
            assert b"200 OK" in await asyncio.to_thread(client.recv, 4096)
        leave(client)
        await asyncio.wait_for(assistant.closed.wait(), PATIENCE)
        assert (assistant.num_open, len(assistant.requests)) == (0, trial)
        client.close()
        assistant.opened.clear()
        assistant.closed.clear()


@pytest.mark.parametrize("leave", [fin, rst])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_leaving_right_after_sending_leaves_nothing_open(
    assistant: FakeAssistant, ask: Any, get: Any, stream: bool, leave: Any
):
    assistant.script = waiting
    for trial in range(20):
        leave(ask(stream=stream))
        if trial % 2:
            await asyncio.sleep(0)
    assert (await get("status")).code == 200
    await until(lambda: assistant.num_open == 0)


@pytest.mark.parametrize("leave", [fin, rst])
async def test_leaving_in_the_middle_of_the_body_starts_nothing(
    assistant: FakeAssistant, ask: Any, leave: Any, caplog: pytest.LogCaptureFixture, get: Any
):
    for _ in range(5):
        leave(ask(cut=10))
    assert (await get("status")).code == 200
    assert assistant.requests == []
    assert not [
        record for record in caplog.records if record.levelno >= logging.WARNING and "ServerApp" not in record.name
    ]


async def test_a_client_that_reads_nothing_is_given_up(
    assistant: FakeAssistant, ask: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(AnswerHandler, "write_seconds", 0.1)
    assistant.script = flooding
    with ask():
        await asyncio.wait_for(assistant.closed.wait(), PATIENCE)
    assert assistant.num_open == 0


async def test_leaving_ends_only_the_own_answer(assistant: FakeAssistant, ask: Any):
    assistant.script = decoding
    with ask() as stays:
        await until(lambda: assistant.num_open == 1)
        leaves = ask()
        await until(lambda: assistant.num_open == 2)
        fin(leaves)
        await until(lambda: assistant.num_open == 1)
        for _ in range(5):
            assert b"token" in await asyncio.to_thread(stays.recv, 4096)
    await until(lambda: assistant.num_open == 0)
