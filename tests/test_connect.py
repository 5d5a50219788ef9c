"""A kernel finds the server that started it, and no other; where it cannot, it says what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sse_server import TOKEN, SseServer, serve

from llama_assist.connect import ServerFile, connect, read_server_file
from llama_assist.connect_local import LocalServer
from llama_assist.errors import ConnectError

HERE = {"JPY_PARENT_PID": str(os.getpid())}
ROOT = Path(__file__).parent.parent


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        yield state


@pytest.fixture
def decoy() -> Iterator[SseServer]:
    with serve() as state:
        yield state
        assert state.requests == []


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the runtime files, empty."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def write(runtime: Path, port: int, pid: int = os.getpid(), **fields: Any) -> Path:
    """Leave the file that a Jupyter server leaves."""
    path = runtime / f"jpserver-{pid}.json"
    data = {
        "pid": pid,
        "url": f"http://127.0.0.1:{port}/",
        "hostname": "127.0.0.1",
        "port": port,
        "base_url": "/",
        "token": TOKEN,
        "sock": "",
        "secure": False,
        "password": False,
        "root_dir": "/",
        "version": "2.21.0",
    }
    path.write_text(json.dumps({**data, **fields}), encoding="utf-8")
    return path


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(ConnectError) as caught:
        connect(environ)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_parent_server_is_found_among_several(runtime: Path, server: SseServer, decoy: SseServer) -> None:
    write(runtime, server.port)
    write(runtime, decoy.port, pid=dead_pid())
    write(runtime, decoy.port, pid=1)
    (runtime / "nbserver-1.json").write_text("{}")
    client = connect(HERE)
    assert client.status()["state"] == "ready"
    assert len(server.requests) == 1


def test_the_user_s_address_comes_first(runtime: Path, server: SseServer, decoy: SseServer) -> None:
    write(runtime, decoy.port)
    for url in (server.url, server.url + "v1", f"http://127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port}/"):
        client = connect({**HERE, "LLAMA_ASSIST_URL": url, "LLAMA_ASSIST_KEY": f"{TOKEN}\n"})
        assert client.url == server.url
        assert client.status()["state"] == "ready"


def test_an_address_without_key_is_refused_and_no_other_token_is_sent_there(
    runtime: Path, server: SseServer, decoy: SseServer
) -> None:
    write(runtime, server.port)
    assert "LLAMA_ASSIST_KEY" in refusal({**HERE, "LLAMA_ASSIST_URL": decoy.url})


def test_proxies_of_the_environment_see_nothing(
    runtime: Path, server: SseServer, decoy: SseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(runtime, server.port)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{decoy.port}")
    assert connect(HERE).status()["state"] == "ready"


def test_a_process_that_no_server_started_is_told_how_to_connect(runtime: Path, decoy: SseServer) -> None:
    write(runtime, decoy.port)
    assert "llama-assist serve" in refusal({})


def test_a_parent_that_is_no_server_is_not_replaced_by_another(runtime: Path, decoy: SseServer) -> None:
    write(runtime, decoy.port, pid=1)
    message = refusal(HERE)
    assert f"jpserver-{os.getpid()}.json" in message
    assert "LLAMA_ASSIST_URL" in message


def test_a_file_of_a_dead_server_is_refused(runtime: Path, decoy: SseServer) -> None:
    pid = dead_pid()
    write(runtime, decoy.port, pid=pid)
    assert "has ended" in refusal({"JPY_PARENT_PID": str(pid)})


def test_a_file_older_than_the_process_with_its_pid_is_refused(runtime: Path, decoy: SseServer) -> None:
    path = write(runtime, decoy.port)
    before = time.time() - 10 * 24 * 3600
    os.utime(path, (before, before))
    assert "has ended" in refusal(HERE)


def test_a_file_that_names_another_pid_is_refused(runtime: Path, decoy: SseServer) -> None:
    path = write(runtime, decoy.port, pid=1)
    path.rename(runtime / f"jpserver-{os.getpid()}.json")
    assert "has ended" in refusal(HERE)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', '{"pid": 1, "port": null}', "\udcff"])
def test_a_broken_file_is_refused(runtime: Path, text: str) -> None:
    path = runtime / f"jpserver-{os.getpid()}.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "cannot be read" in refusal(HERE)


@pytest.mark.parametrize("value", ["", "abc", "1.5"])
def test_a_parent_pid_that_is_no_number_is_refused(runtime: Path, value: str) -> None:
    assert "JPY_PARENT_PID" in refusal({"JPY_PARENT_PID": value})


def test_a_password_server_is_asked_for_a_token(runtime: Path, decoy: SseServer) -> None:
    write(runtime, decoy.port, token="", password=True)
    message = refusal(HERE)
    assert "password" in message
    assert "JUPYTER_TOKEN" in message


def test_a_server_without_any_token_is_refused(runtime: Path, decoy: SseServer) -> None:
    write(runtime, decoy.port, token="")
    assert "has no token" in refusal(HERE)


def test_under_a_hub_the_user_is_told_which_address_and_which_token(runtime: Path, decoy: SseServer) -> None:
    write(runtime, decoy.port, token="", base_url="/user/ann/")
    message = refusal({**HERE, "JUPYTERHUB_SERVICE_PREFIX": "/user/ann/", "JUPYTERHUB_API_TOKEN": "hub"})
    assert f"http://127.0.0.1:{decoy.port}/user/ann/llama-assist/" in message
    assert "access:servers!user" in message


@pytest.mark.parametrize("hostname", ["192.0.2.7", "no-such-host.invalid"])
def test_a_server_of_another_machine_is_refused(runtime: Path, hostname: str, decoy: SseServer) -> None:
    write(runtime, decoy.port, hostname=hostname)
    assert "not one of this machine" in refusal(HERE)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"hostname": "localhost"}, "http://localhost:8888/llama-assist/"),
        ({"hostname": "0.0.0.0"}, "http://127.0.0.1:8888/llama-assist/"),
        ({"hostname": "::"}, "http://[::1]:8888/llama-assist/"),
        ({"hostname": "::1", "base_url": "/a%40b/"}, "http://[::1]:8888/a%40b/llama-assist/"),
        ({"secure": True}, "https://127.0.0.1:8888/llama-assist/"),
        ({"sock": "/run/a b.sock", "base_url": "/x"}, "http+unix://%2Frun%2Fa%20b.sock/x/llama-assist/"),
    ],
)
def test_the_address_follows_the_file(fields: dict[str, Any], url: str) -> None:
    base = {"pid": 1, "hostname": "127.0.0.1", "port": 8888, "base_url": "/", "token": "t"}
    assert ServerFile(**{**base, **fields}).url == url


def test_the_address_in_the_file_s_url_is_never_used(runtime: Path, server: SseServer, decoy: SseServer) -> None:
    write(runtime, server.port, url=f"http://127.0.0.1:{decoy.port}/")
    assert connect(HERE).status()["state"] == "ready"


def test_nothing_is_started_where_a_server_is_known(runtime: Path, server: SseServer) -> None:
    write(runtime, server.port)

    def start() -> Any:
        raise AssertionError("started")

    connect(HERE, start)
    connect({"LLAMA_ASSIST_URL": server.url, "LLAMA_ASSIST_KEY": TOKEN}, start)
    with pytest.raises(ConnectError):
        connect({"JPY_PARENT_PID": str(dead_pid())}, start)


def fake_server(*flags: str, address: tuple[str, ...] = ("--ServerApp.port=0",)) -> tuple[str, ...]:
    """The command of a real Jupyter server with the extension and a scripted assistant."""
    program = str(ROOT / "tests" / "server" / "fake_server.py")
    return (sys.executable, program, "--allow-root", "--ServerApp.ip=127.0.0.1", *address, *flags)


@pytest.fixture
def environment(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a Jupyter server needs to run undisturbed by the user's settings."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(runtime / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(runtime / "data"))
    return runtime


def test_a_server_of_one_s_own_starts_answers_and_ends(environment: Path) -> None:
    said: list[str] = []
    local = LocalServer(said.append, command=fake_server())
    try:
        client = local.client()
        assert local.client() is client
        assert client.status()["model"] == "fake-model"
        texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in client.chat(hello()) if chunk["choices"]]
        assert "".join(texts) == "Hello 世界"
        assert len(said) == 2
    finally:
        local.stop()
    with pytest.raises(ConnectError, match="cannot be reached"):
        client.status()
    assert not list(environment.glob("jpserver-*.json"))


def hello() -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "hello"}]}


def test_a_real_server_with_password_is_reached_once_it_has_a_token(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--PasswordIdentityProvider.hashed_password=argon2:x",)
    local = LocalServer(lambda line: None, command=fake_server(*flags))
    try:
        assert local.client().status()["state"] == "ready"
    finally:
        local.stop()


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(runtime: Path) -> None:
    command = (sys.executable, "-c", "print('no torch here'); raise SystemExit(3)")
    with pytest.raises(ConnectError, match=r"code 3.*no torch here"):
        LocalServer(lambda line: None, command=command).client()


def test_a_server_that_never_comes_up_is_given_up_and_ended(runtime: Path) -> None:
    command = (sys.executable, "-c", "import time; print('loading', flush=True); time.sleep(600)")
    local = LocalServer(lambda line: None, timeout=1.0, command=command)
    with pytest.raises(ConnectError, match=r"did not start within 1 s"):
        local.client()
    assert local._process is None


def test_an_ended_server_is_started_again(environment: Path) -> None:
    local = LocalServer(lambda line: None, command=fake_server())
    try:
        first = local.client()
        assert local._process is not None
        local._process.kill()
        local._process.wait()
        second = local.client()
        assert second.url != first.url
        assert second.status()["state"] == "ready"
    finally:
        local.stop()


def test_stopping_twice_or_before_the_start_is_fine() -> None:
    local = LocalServer(lambda line: None)
    local.stop()
    local.stop()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs unix sockets")
def test_a_real_server_on_a_unix_socket_is_reached(environment: Path) -> None:
    address = (f"--ServerApp.sock={environment / 's.sock'}",)
    local = LocalServer(lambda line: None, command=fake_server(address=address))
    try:
        client = local.client()
        assert client.url.startswith("http+unix://")
        assert client.status()["state"] == "ready"
    finally:
        local.stop()


def test_a_file_that_a_real_server_left_is_read(environment: Path) -> None:
    local = LocalServer(lambda line: None, command=fake_server("--ServerApp.base_url=/a%40b/"))
    try:
        local.client()
        assert local._process is not None
        server = read_server_file(local._process.pid)
        assert server.base_url == "/a%40b/"
        assert server.hostname == "127.0.0.1"
    finally:
        local.stop()


def test_a_server_whose_file_is_written_before_its_port_is_open_is_waited_for(runtime: Path) -> None:
    code = (
        "import json, os, pathlib, socket, sys, time\n"
        "probe = socket.socket(); probe.bind(('127.0.0.1', 0)); port = probe.getsockname()[1]; probe.close()\n"
        "fields = json.loads(sys.argv[1]) | {'pid': os.getpid(), 'port': port, 'url': f'http://127.0.0.1:{port}/'}\n"
        "pathlib.Path(sys.argv[2], f'jpserver-{os.getpid()}.json').write_text(json.dumps(fields))\n"
        "time.sleep(1)\n"
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
        "class Answer(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(b'{}')\n"
        "    def log_message(self, *args): pass\n"
        "HTTPServer(('127.0.0.1', port), Answer).serve_forever()\n"
    )
    fields = json.loads(write(runtime, port=1).read_text())
    command = (sys.executable, "-c", code, json.dumps(fields), str(runtime))
    local = LocalServer(lambda line: None, command=command)
    try:
        assert local.client().status() == {}
    finally:
        local.stop()
