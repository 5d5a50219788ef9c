"""`llama-assist key` prints the key of one's own running server, and nothing else to stdout."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sse_server import TOKEN, SseServer, serve

from llama_assist.cli import main
from llama_assist.cli.key import choose
from llama_assist.connect import ServerFile
from llama_assist.errors import ConnectError


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(runtime: Path) -> Iterator[SseServer]:
    """Return a server that answers, and that left its file as the servers of this user do."""
    with serve() as state:
        known = {"pid": os.getpid(), "hostname": "127.0.0.1", "base_url": "/", "port": state.port, "token": TOKEN}
        (runtime / f"jpserver-{os.getpid()}.json").write_text(json.dumps(known), encoding="utf-8")
        yield state


def test_the_key_alone_goes_to_stdout(server: SseServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key"]) == 0
    assert capsys.readouterr().out == f"{TOKEN}\n"


def test_the_url_is_the_base_that_clients_add_their_path_to(
    server: SseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "--url", "--port", str(server.port)]) == 0
    assert capsys.readouterr().out == f"http://127.0.0.1:{server.port}/llama-assist\n"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner here")
def test_a_server_of_another_user_is_not_seen(
    server: SseServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert main(["key"]) == 1
    shown = capsys.readouterr()
    assert TOKEN not in shown.out + shown.err


def test_without_a_server_it_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key"]) == 1
    assert "llama-assist serve" in capsys.readouterr().err


def test_a_file_that_is_left_over_is_no_server(runtime: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = {"pid": 2**22 + 1, "hostname": "127.0.0.1", "base_url": "/", "port": 1, "token": TOKEN}
    (runtime / f"jpserver-{2**22 + 1}.json").write_text(json.dumps(known), encoding="utf-8")
    (runtime / "jpserver-x.json").write_text("{", encoding="utf-8")
    assert main(["key"]) == 1
    assert TOKEN not in capsys.readouterr().out


def test_several_servers_are_told_apart_by_their_port() -> None:
    servers = [ServerFile(1, "127.0.0.1", port, "/", "key") for port in (8888, 8889)]
    assert choose(servers, 8889) is servers[1]
    with pytest.raises(ConnectError, match="--port, one of 8888, 8889"):
        choose(servers, None)
    with pytest.raises(ConnectError, match="at port 1, but at 8888, 8889"):
        choose(servers, 1)
