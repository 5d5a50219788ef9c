"""Find the one server that belongs to this process, or say why there is none; never scan, never guess."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
from jupyter_core.paths import jupyter_runtime_dir

from llama_assist.client import Client
from llama_assist.errors import ConnectError

BY_HAND = (
    "Start one with `llama-assist serve`, then set LLAMA_ASSIST_URL to its address and LLAMA_ASSIST_KEY to its token."
)
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
# Process start times come in clock ticks counted from a boot time known to the second.
_CLOCK_SLACK = 2.0


@dataclass(frozen=True, slots=True)
class ServerFile:
    """What a Jupyter server tells about itself in `jpserver-<pid>.json` (mode 0600)."""

    pid: int
    hostname: str
    port: int
    base_url: str
    token: str
    sock: str = ""
    secure: bool = False
    password: bool = False
    owner: int = 0  # the user id that the file belongs to

    @property
    def url(self) -> str:
        """Address of our extension there. A server that listens everywhere is reached through loopback."""
        base = f"{self.base_url.rstrip('/')}/llama-assist/"
        if self.sock:
            return f"http+unix://{quote(self.sock, safe='')}{base}"
        host = _LOOPBACK.get(self.hostname, self.hostname)
        bracketed = f"[{host}]" if ":" in host else host
        return f"{'https' if self.secure else 'http'}://{bracketed}:{self.port}{base}"


def connect(environ: Mapping[str, str] = os.environ, start: Callable[[], Client] | None = None) -> Client:
    """Return a client of the server named by LLAMA_ASSIST_URL, else of the one that started this kernel.

    A process that no server started may offer to `start` one of its own. Sends nothing itself. Raises
    `ConnectError`, which says what to do.
    """
    if "LLAMA_ASSIST_URL" in environ:
        return _from_environment(environ)
    if "JPY_PARENT_PID" in environ:
        return _from_parent(environ)
    if start is not None:
        return start()
    raise ConnectError(f"No Jupyter server on this machine started this kernel. {BY_HAND}")


def client_of(server: ServerFile) -> Client:
    """Return a client of a running server that was read from its file; refuse an address of another machine."""
    if not server.token:
        raise ConnectError(_no_token(server))
    if not server.sock and not _is_local(server.hostname):
        raise ConnectError(f"The Jupyter server's address {server.hostname} is not one of this machine. {BY_HAND}")
    return Client(server.url, server.token)


def read_server_file(pid: int) -> ServerFile:
    """Read `jpserver-<pid>.json`; raise `ConnectError` if it is missing, broken, or left by a dead process."""
    path = Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json"
    try:
        stat = path.stat()
        server = _parse(json.loads(path.read_text(encoding="utf-8")), stat.st_uid)
    except OSError as error:
        raise ConnectError(
            f"The process that started this kernel (pid {pid}) is no Jupyter server: it left no {path.name}. {BY_HAND}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectError(f"{path} cannot be read as a Jupyter server's file. Restart the server.") from error
    if server.pid != pid or not _is_author(pid, stat.st_mtime):
        raise ConnectError(
            f"{path.name} is left over from a server that has ended. Restart the kernel from a running server."
        )
    return server


def running_servers() -> Iterator[ServerFile]:
    """Yield every Jupyter server that this user runs on this machine, with our extension or without."""
    for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        number = path.stem.removeprefix("jpserver-")
        if number.isdecimal():
            try:
                yield read_server_file(int(number))
            except ConnectError:
                continue  # left by a process that has ended


def _from_environment(environ: Mapping[str, str]) -> Client:
    key = environ.get("LLAMA_ASSIST_KEY", "").strip()
    if not key:
        raise ConnectError("LLAMA_ASSIST_URL is set, but LLAMA_ASSIST_KEY is not: set it to that server's token.")
    url = environ["LLAMA_ASSIST_URL"].strip().rstrip("/").removesuffix("/v1")
    if not urlsplit(url).path.endswith("/llama-assist"):
        url += "/llama-assist"
    return Client(url, key)


def _from_parent(environ: Mapping[str, str]) -> Client:
    server = read_server_file(_parent_pid(environ["JPY_PARENT_PID"]))
    if not server.token and "JUPYTERHUB_SERVICE_PREFIX" in environ:
        raise ConnectError(
            f"Under JupyterHub a kernel gets no token of its server. Set LLAMA_ASSIST_URL to {server.url} and "
            "LLAMA_ASSIST_KEY to a token of yours from the hub (scope `access:servers!user`)."
        )
    return client_of(server)


def _parent_pid(value: str) -> int:
    """Return the parent's pid; on Windows the variable holds a process handle instead."""
    try:
        number = int(value)
    except ValueError as error:
        raise ConnectError(f"JPY_PARENT_PID is {value!r}, which is no process id. {BY_HAND}") from error
    if sys.platform == "win32":
        import ctypes

        return int(ctypes.windll.kernel32.GetProcessId(ctypes.c_void_p(number)))
    return number


def _parse(data: dict[str, Any], owner: int) -> ServerFile:
    return ServerFile(
        pid=int(data["pid"]),
        hostname=str(data["hostname"]),
        port=int(data["port"]),
        base_url=str(data["base_url"]),
        token=str(data["token"]),
        sock=str(data.get("sock", "")),
        secure=bool(data.get("secure", False)),
        password=bool(data.get("password", False)),
        owner=owner,
    )


def _is_author(pid: int, written: float) -> bool:
    """Tell whether the process that has `pid` now began before the file was written."""
    try:
        return bool(psutil.Process(pid).create_time() <= written + _CLOCK_SLACK)
    except psutil.NoSuchProcess:
        return False


def _is_local(host: str) -> bool:
    """Tell whether `host` is an address of this machine: only such an address can be bound."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def _no_token(server: ServerFile) -> str:
    if server.password:
        return (
            "Your Jupyter server has a password and therefore no token that its kernels could use. Start it with a "
            "token as well: set JUPYTER_TOKEN, or give --IdentityProvider.token=SECRET, and restart it."
        )
    return f"Your Jupyter server has no token, so a kernel cannot prove itself to it. {BY_HAND}"
