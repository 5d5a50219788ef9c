"""A server of one's own, for a terminal that no Jupyter server started; it ends with the process that started it."""

from __future__ import annotations

import atexit
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO

import psutil

from llama_assist.client import Client
from llama_assist.connect import client_of, read_server_file
from llama_assist.errors import ConnectError


class LocalServer:
    """Starts `llama-assist serve` on loopback at the first `client()` and stops it at `stop()` or at exit.

    `say` gets short lines about the progress. `timeout` is in seconds and bounds the start; the model
    itself loads later, with the first request. `command` is what runs, by default our own `serve`.
    """

    def __init__(
        self, say: Callable[[str], None], timeout: float = 60.0, command: tuple[str, ...] | None = None
    ) -> None:
        self._say = say
        self._timeout = timeout
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self._log: IO[bytes] | None = None

    def client(self) -> Client:
        """Return a client of the running server, starting it if it does not run; raise `ConnectError`."""
        if self._client is None or self._process is None or self._process.poll() is not None:
            self.stop()
            self._say("Starting a local server of llama-assist; it ends with this session ...")
            try:
                self._client = self._wait_for(self._start())
            finally:
                if self._client is None:
                    self.stop()
            self._say("The local server runs.")
        return self._client

    def stop(self) -> None:
        """End the server, if one runs, and wait for it."""
        atexit.unregister(self.stop)
        process, log = self._process, self._log
        self._process = self._client = self._log = None
        if process is not None:
            _end(process)
        if log is not None:
            log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        # A session (on Windows, a process group) of its own keeps the Ctrl-C that ends an answer away from it.
        self._process = subprocess.Popen(
            self._command or _serve(),
            env={**os.environ, "JUPYTER_TOKEN": secrets.token_hex(24)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        atexit.register(self.stop)
        return self._process

    def _wait_for(self, process: subprocess.Popen[bytes]) -> Client:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ConnectError(
                    f"The local server ended at once, with code {process.returncode}. {self._last_words()}"
                )
            for pid in _family(process.pid):
                client = _answering(pid)
                if client is not None:
                    return client
            time.sleep(0.1)
        raise ConnectError(f"The local server did not start within {self._timeout:g} s. {self._last_words()}")

    def _last_words(self) -> str:
        assert self._log is not None, "a started server has a log"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").splitlines()
        return "It said: " + " / ".join(lines[-5:]) if lines else "It said nothing."


def _serve() -> tuple[str, ...]:
    flags = ["--ServerApp.port=0", "--ServerApp.ip=127.0.0.1"]  # `serve` itself opens no browser
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--ServerApp.allow_root=True")  # the shell it belongs to is root's already
    return (sys.executable, "-m", "llama_assist", "serve", "--parent-pid", str(os.getpid()), *flags)


def _answering(pid: int) -> Client | None:
    """Return a client of the server with this pid once it answers: its file is there before its port is open."""
    try:
        client = client_of(read_server_file(pid))
        client.status()
    except ConnectError:
        return None
    return client


def _family(pid: int) -> list[int]:
    """Return `pid` and its children: a virtual environment's python.exe is a launcher with another pid."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children())]
    except psutil.NoSuchProcess:
        return [pid]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
