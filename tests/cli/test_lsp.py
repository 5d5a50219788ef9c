"""`llama-assist lsp`: only loopback, a clear word where pygls is missing, and a port that serves one editor."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from llama_assist.cli import lsp, main

ROOT = Path(__file__).parents[2]


def test_another_machine_cannot_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pygls")
    assert main(["lsp", "--port", "1", "--host", "0.0.0.0"]) == 1
    assert "only loopback is served" in capsys.readouterr().err


def test_a_name_is_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pygls")
    assert main(["lsp", "--port", "1", "--host", "somewhere"]) == 1
    assert "somewhere is no address" in capsys.readouterr().err


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lsp, "find_spec", lambda name: None)
    assert main(["lsp"]) == 1
    assert "llama-assist[lsp]" in capsys.readouterr().err


def test_an_editor_is_served_at_a_port() -> None:
    pytest.importorskip("pygls")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "llama_assist", "lsp", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        with connected(port, process) as connection, connection.makefile("rwb") as stream:
            params = {"capabilities": {"textDocument": {"inlineCompletion": {}}}, "processId": None, "rootUri": None}
            answer = ask(stream, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
            assert answer["result"]["serverInfo"]["name"] == "llama-assist"
            assert answer["result"]["capabilities"]["inlineCompletionProvider"] == {}
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """Return a connection as soon as the port is open."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 60)
        except OSError:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)


def ask(stream: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Send one message and read one."""
    body = json.dumps(message).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        length = int(value) if name == b"Content-Length" else length
    answer: dict[str, Any] = json.loads(stream.read(length))
    return answer
