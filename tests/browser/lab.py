"""A JupyterLab server on a folder of its own, and the page of a browser that shows it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TOKEN = "a-token-of-the-browser-tests"
HERE = Path(__file__).parent
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}

OWN_SETTINGS = "llama-assist/plugin.jupyterlab-settings"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def notebook_json(sources: Sequence[str | tuple[str, str]]) -> dict[str, Any]:
    """Return a notebook of code cells; a pair is a cell of another type and its source."""
    cells: list[dict[str, Any]] = []
    for number, each in enumerate(sources):
        kind, source = ("code", each) if isinstance(each, str) else each
        cell: dict[str, Any] = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": source}
        cells.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


class LabServer:
    """The server process; its folder, its settings and its record of requests lie in `home`."""

    def __init__(self, home: Path, *, scripted: bool, settings: Mapping[str, object] | None = None) -> None:
        self.home = home
        self.root = home / "root"
        self.port = free_port()
        self.record_path = home / "record.jsonl"
        self._scripted = scripted
        self._process: subprocess.Popen[bytes] | None = None
        self.root.mkdir()
        self.record_path.touch()
        self._write_settings({**SETTINGS, OWN_SETTINGS: {"showAcceptHint": False, **(settings or {})}})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return when it answers."""
        command = [
            sys.executable,
            str(HERE / "scripted_lab.py"),
            "--no-browser",
            "--allow-root",
            "--expose-app-in-browser",
        ]
        options = {"port": self.port, "root_dir": self.root, "ip": "127.0.0.1", "port_retries": 0}
        command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
        command += [f"--IdentityProvider.token={TOKEN}"]
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log)
        self._await_answer()

    def stop(self) -> None:
        """End the process as a user does; kill it if it does not hear."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def write_notebook(self, name: str, sources: Sequence[str | tuple[str, str]]) -> None:
        (self.root / name).write_text(json.dumps(notebook_json(sources)), encoding="utf-8")

    def records(self, event: str = "begun") -> list[dict[str, Any]]:
        """Return what the record says of one kind of event."""
        lines = self.record_path.read_text(encoding="utf-8").splitlines()
        return [entry for entry in map(json.loads, lines) if entry["event"] == event]

    def get(self, path: str) -> Any:
        """Return the JSON at a path of the extension."""
        request = urllib.request.Request(f"{self.url}/{path}", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def log(self) -> str:
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")

    def _await_answer(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab did not start:\n{self.log()}")
            try:
                self.get("api/status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab does not answer:\n{self.log()}")

    def _environment(self) -> dict[str, str]:
        folders = {
            "HOME": self.home,
            "IPYTHONDIR": self.home / "ipython",
            "JUPYTER_CONFIG_DIR": self.home / "config",
            "JUPYTER_DATA_DIR": self.home / "data",
            "JUPYTER_RUNTIME_DIR": self.home / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": self.home / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": self.home / "workspaces",
            "LLAMA_ASSIST_RECORD": self.record_path,
        }
        switches = {"LLAMA_ASSIST_SCRIPTED": "1" if self._scripted else "0", "GOMP_SPINCOUNT": "1000"}
        packages = os.pathsep.join([str(HERE.parent.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        return {**os.environ, **{name: str(path) for name, path in folders.items()}, **switches, "PYTHONPATH": packages}

    def _write_settings(self, settings: Mapping[str, object]) -> None:
        for name, values in settings.items():
            path = self.home / "settings" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")
        config = self.home / "config" / "jupyter_server_config.json"
        config.parent.mkdir()
        config.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"llama_assist": True}}}), encoding="utf-8")


def running(server: LabServer) -> Iterator[LabServer]:
    """Yield the started server, and stop it."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
