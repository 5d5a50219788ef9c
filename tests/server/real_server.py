"""A server process with a scripted assistant, started as a user starts one, for clients that need a socket."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Server:
    """Where a server answers (the URL ends with a slash), its key, and the folder of its own files."""

    url: str
    key: str
    folder: Path


@contextmanager
def running_server(folder: Path, *flags: str) -> Iterator[Server]:
    """Run a server below the base URL `/a%40b/`, whose files are in `folder`."""
    key = secrets.token_hex()
    home = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    script = str(Path(__file__).with_name("fake_server.py"))
    usual = (
        "--port=0",
        "--no-browser",
        "--allow-root",
        "--ServerApp.base_url=/a%40b/",
        f"--ServerApp.root_dir={folder}",
    )
    server = subprocess.Popen(
        [sys.executable, script, *usual, *flags],
        env={**os.environ, **home, "JUPYTER_TOKEN": key, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield Server(_wait_for(server, folder), key, folder)
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> str:
    """Return the URL that the server writes down, once its port is open too."""
    file = folder / "RUNTIME" / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            url: str = json.loads(file.read_text("utf-8"))["url"]
            parts = urlsplit(url)
            socket.create_connection((parts.hostname, parts.port), timeout=1).close()
            return url
        except (OSError, ValueError):
            time.sleep(0.05)
    raise TimeoutError("the server did not start")
