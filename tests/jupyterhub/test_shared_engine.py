"""A real JupyterHub on loopback, as in the example: everybody's server asks the one engine with a key of their own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from package_source import ROOT
from tiny_model import TINY

EXAMPLE = ROOT / "examples" / "jupyterhub"
TOKEN = "t" * 40
PEOPLE = ("ada", "bob@example")
CONFIG = """
exec(open({example!r}).read())
c.JupyterHub.bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.hub_port = {inner}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.Spawner.args += ["--allow-root", "--ServerApp.jpserver_extensions=llama_assist=True"]
c.JupyterHub.services = [{{"name": "tests", "api_token": "{token}"}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "tests", "scopes": scopes, "services": ["tests"]}}]
"""


class Hub(NamedTuple):
    """Where the hub and the engine answer, and the file of keys."""

    url: str
    engine: str
    keys: Path


@pytest.fixture(scope="module")
def hub(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    pytest.importorskip("jupyterhub", reason="JupyterHub is not installed")
    if shutil.which("configurable-http-proxy") is None:
        pytest.skip("configurable-http-proxy, which JupyterHub needs, is not installed")
    folder = tmp_path_factory.mktemp("hub")
    engine, *ports = _free_ports(4)
    names = dict(zip(("hub", "inner", "proxy"), ports, strict=True))
    text = CONFIG.format(example=str(EXAMPLE / "jupyterhub_config.py"), token=TOKEN, **names)
    (folder / "config.py").write_text(text, encoding="utf-8")
    found = Hub(
        f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{engine}/llama-assist/v1", folder / "engine-keys.txt"
    )
    found.keys.touch()
    environment = _environment(folder, tiny_home) | {"ENGINE_URL": found.engine, "ENGINE_KEYS": str(found.keys)}
    flags = (f"--ServerApp.port={engine}", "--allow-root", f"--Assist.model={TINY}", "--Assist.weights=float32")
    config = f"--config={EXAMPLE / 'engine_config.py'}"
    with (
        _running(folder, environment, "llama_assist", "serve", config, *flags),
        _running(folder, environment, "jupyterhub", "-f", "config.py"),
    ):
        _until(lambda: "version" in _ask(f"{found.url}/hub/api/"))
        yield found


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _environment(folder: Path, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "LLAMA_ASSIST"))}
    own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    path = os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))
    return kept | own | {"PYTHONPATH": str(ROOT), "LLAMA_ASSIST_HOME": str(home), "JUPYTERHUB_TRY": "1", "PATH": path}


@contextmanager
def _running(folder: Path, environment: dict[str, str], *module: str) -> Iterator[None]:
    with (folder / f"{module[0]}.log").open("wb") as log:
        command = [sys.executable, "-m", *module]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _ask(url: str, method: str = "GET", body: object = None, key: str = TOKEN) -> Any:
    """Return the JSON that answers, or of a refusal its status and body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {key}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, "body": error.read().decode()}
    except OSError:
        return {}


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def servers(hub: Hub) -> dict[str, str]:
    """The address of everybody's own server, running."""
    for name in PEOPLE:
        _ask(f"{hub.url}/hub/api/users/{name}", "POST")
        _ask(f"{hub.url}/hub/api/users/{name}/server", "POST")
    for name in PEOPLE:
        _until(lambda name=name: _ask(f"{hub.url}/hub/api/users/{name}")["servers"].get("", {}).get("ready"))
    return {name: f"{hub.url}{_ask(f'{hub.url}/hub/api/users/{name}')['servers']['']['url']}" for name in PEOPLE}


def test_everybodys_answers_come_from_the_one_engine(hub: Hub, servers: dict[str, str]) -> None:
    for name, url in servers.items():
        assert f"/user/{name}/" in urllib.parse.unquote(url)
        chat = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
        answer = _ask(f"{url}llama-assist/v1/chat/completions", "POST", chat)
        assert answer["usage"]["completion_tokens"] > 0, answer
        completion = {"prompt": "x = ", "suffix": "", "max_tokens": 4}
        assert "choices" in _ask(f"{url}llama-assist/v1/completions", "POST", completion)
        status = _ask(f"{url}llama-assist/status")
        assert status["remote"]["origin"] == hub.engine.partition("/llama")[0]
        assert (status["state"], status["model"]) == ("ready", TINY)


def test_everybody_has_a_key_of_their_own_and_the_file_has_none_of_them(hub: Hub, servers: dict[str, str]) -> None:
    lines = hub.keys.read_text(encoding="utf-8").split()
    assert lines[::2] == list(PEOPLE)
    assert len(set(lines[1::2])) == len(PEOPLE)
    assert all(len(digest) == 64 for digest in lines[1::2])


def test_nobody_asks_the_engine_without_a_key(hub: Hub) -> None:
    assert _ask(f"{hub.engine}/models", key="wrong")["status"] == 403
