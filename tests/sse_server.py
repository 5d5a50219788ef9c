"""A small HTTP server that speaks as the extension does, scripted by the test; for tests without a model."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "secret-token"


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None


@dataclass
class Script:
    """What to answer. `blocks` are written one by one; then, if `hang` is set, the server waits for the client to go.

    A `mute` server waits before its first byte.
    """

    blocks: Sequence[bytes] = ()
    hang: bool = False
    mute: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    is_chunked: bool = True


@dataclass
class SseServer:
    """Answers every POST with `script`, or with what `choose` makes of its body.

    Remembers requests; `closed` is set when a client left a hanging stream.
    """

    port: int = 0
    script: Script = field(default_factory=Script)
    choose: Callable[[Any], Script] | None = None
    requests: list[Request] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    status: dict[str, Any] = field(default_factory=lambda: {"state": "ready", "model": "tiny"})
    catalogue: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=lambda: {"notebook": None, "sharing": False})

    @property
    def bodies(self) -> dict[str, dict[str, Any]]:
        """What the GET routes of these names answer."""
        return {"status": self.status, "model": self.catalogue, "document": self.document}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/llama-assist/"


def event(value: object) -> bytes:
    """Return one server-sent event with `value` as JSON."""
    return f"data: {json.dumps(value)}\n\n".encode()


def delta(text: str, **fields: object) -> bytes:
    """Return one chunk of a streamed chat answer."""
    return event({"model": "tiny", "choices": [{"index": 0, "delta": {"content": text}, **fields}]})


DONE = b"data: [DONE]\n\n"
USAGE = event(
    {
        "model": "tiny",
        "choices": [],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}},
    }
)


def answer(*texts: str) -> list[bytes]:
    """Return the blocks of a whole answer."""
    return [*(delta(text) for text in texts), delta("", finish_reason="stop"), USAGE, DONE]


@contextmanager
def serve() -> Iterator[SseServer]:
    """Run a server on a free loopback port."""
    state = SseServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = False
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(state: SseServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.record()
            body = state.bodies.get(self.path.partition("?")[0].rpartition("/")[2], {"data": [{"id": "tiny"}]})
            self.reply_json(200 if self.is_known() else 403, body if self.is_known() else {"message": "Forbidden"})

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            self.record(body)
            if self.is_known():
                self.reply_stream(state.script if state.choose is None else state.choose(body))
            else:
                self.reply_json(403, {"message": "Forbidden"})

        def is_known(self) -> bool:
            return self.headers.get("Authorization") == f"Bearer {TOKEN}"

        def record(self, body: Any = None) -> None:
            state.requests.append(Request(self.command, self.path, dict(self.headers), body))

        def reply_json(self, status: int, value: object) -> None:
            self.start(status, {"Content-Type": "application/json"})
            self.wfile.write(json.dumps(value).encode())

        def start(self, status: int, headers: dict[str, str]) -> None:
            self.close_connection = True
            self.send_response(status)
            for name, value in {**headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()

        def reply_stream(self, script: Script) -> None:
            if script.mute:
                wait_for_end(self.connection)
                return state.closed.set()
            encoding = {"Transfer-Encoding": "chunked"} if script.is_chunked else {}
            self.start(script.status, {**script.headers, **encoding})
            for block in script.blocks:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if script.is_chunked else block)
                self.wfile.flush()
            if script.hang:
                wait_for_end(self.connection)
                return state.closed.set()
            if script.is_chunked and script.blocks[-1:] == [DONE]:
                self.wfile.write(b"0\r\n\r\n")
            return None

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def wait_for_end(connection: socket.socket) -> None:
    """Return when the other side has closed; give up after a minute, so that no test hangs."""
    readable, _, _ = select.select([connection], [], [], 60)
    assert readable, "the client did not close"
    with suppress(ConnectionResetError):  # what the client had not read yet makes it a reset
        assert connection.recv(1) == b""
