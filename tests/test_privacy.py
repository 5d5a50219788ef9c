"""Nothing leaves the machine: the real server and its engine look up and call no address but this machine's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from model_files import write_model_folder
from package_source import ROOT

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer
from llama_assist.errors import ModelError
from llama_assist.models.store import Store

# Runs at the start of every Python process, and writes down each address before it is looked up or called.
WATCH = """
import os, sys

def note(line):
    with open(os.environ["WATCH_LOG"], "a", encoding="utf-8") as log:
        log.write(line + "\\n")

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        note(f"call {address[0]}" if isinstance(address, tuple) else "unix")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        note(f"look-up {arguments[0]}")

note(f"start {' '.join(sys.orig_argv)}")
sys.addaudithook(watch)
"""
LOCAL = {"127.0.0.1", "::1", "localhost", "None", ""}
DOCUMENT = {"cells": [{"source": "import numpy as np"}, {"source": "np."}], "cell": 1, "path": "a.ipynb"}


class Watch:
    """What the watched processes have written."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def _noted(self, *kinds: str) -> list[str]:
        lines = (line.partition(" ") for line in self.log.read_text(encoding="utf-8").splitlines())
        return [text for kind, _, text in lines if kind in kinds]

    @property
    def processes(self) -> list[str]:
        """The command lines of all processes that were watched."""
        return self._noted("start")

    @property
    def strangers(self) -> list[str]:
        """The addresses of other machines that were looked up or called."""
        return [address for address in self._noted("call", "look-up") if address not in LOCAL]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path / "watch"), str(ROOT))))
    monkeypatch.setenv("WATCH_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "models"))
    for name in ("RUNTIME", "CONFIG", "DATA"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / "jupyter" / name))
    return Watch(tmp_path / "log")


@contextmanager
def serve(model: str) -> Iterator[Client]:
    """Run the server as `llama-assist serve` does."""
    flags = ("--ServerApp.port=0", "--ServerApp.ip=127.0.0.1", "--allow-root", f"--Assist.model={model}")
    small = ("--Assist.context_length=256", "--Assist.prompt_tokens=64", "--Assist.weights=float32")
    server = LocalServer(print, command=(sys.executable, "-m", "llama_assist", "serve", *flags, *small))
    try:
        yield server.client()
    finally:
        server.stop()


def test_the_watch_sees_a_call_to_another_machine(watch: Watch) -> None:
    # Connecting a datagram socket sends nothing, and the address is one that no machine has.
    script = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert watch.strangers == ["192.0.2.1"]


def test_answering_calls_nobody(watch: Watch, tmp_path: Path) -> None:
    model = write_model_folder(tmp_path / "tiny")
    Store().fetch(str(model))
    with serve(str(model)) as client:
        completed = list(client.complete({"prompt": "np.", "suffix": "", "max_tokens": 4, "document": DOCUMENT}))
        answered = list(client.chat({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}))
        assert client.status()["state"] == "ready"
    assert completed[-1]["usage"]["completion_tokens"] > 0
    assert answered[-1]["usage"]["completion_tokens"] > 0
    assert any("llama_assist.engine.worker" in process for process in watch.processes)
    assert watch.strangers == []


def test_an_absent_model_is_reported_and_not_fetched(watch: Watch) -> None:
    with serve("smollm2-135m-instruct") as client, pytest.raises(ModelError, match="llama-assist model pull"):
        list(client.complete({"prompt": "x"}))
    assert any("serve" in process for process in watch.processes)
    assert not any(" pip " in process for process in watch.processes)
    assert watch.strangers == []
