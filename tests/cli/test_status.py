"""`llama-assist status` says which servers run and what suggestions have been worth, or that none runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sse_server import TOKEN, SseServer, serve

from llama_assist.cli import main
from llama_assist.cli.status import describe
from llama_assist.feedback import add_events

USAGE = {"shown": 40, "accepted": 8, "accepted_part": 2, "dismissed": 3, "characters_saved": 321}
READY = {
    "state": "ready",
    "model": "tiny",
    "device": "cpu",
    "weights": "int4",
    "memory_bytes": 700 * 2**20,
    "running": 1,
    "queue": 0,
    "usage": USAGE,
}


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LLAMA_ASSIST_URL", "LLAMA_ASSIST_KEY", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "runtime").mkdir()
    return tmp_path / "runtime"


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        state.status = READY
        yield state


def announce(runtime: Path, pid: int, **fields: Any) -> None:
    """Write what a server of this user leaves in the runtime folder."""
    known = {"pid": pid, "hostname": "127.0.0.1", "base_url": "/", "token": TOKEN}
    (runtime / f"jpserver-{pid}.json").write_text(json.dumps(known | fields), encoding="utf-8")


def test_a_running_server_is_shown_with_what_was_accepted(
    places: Path, server: SseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(places, os.getpid(), port=server.port)

    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"server    http://127.0.0.1:{server.port}/llama-assist/",
        "model     tiny, ready on cpu in int4",
        "memory    700 MiB",
        "requests  1 running, 0 waiting",
        "accepted  10 of 40 suggestions (25%), 321 characters saved",
    ]


def test_the_server_that_is_named_is_shown(
    server: SseServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLAMA_ASSIST_URL", server.url)
    monkeypatch.setenv("LLAMA_ASSIST_KEY", TOKEN)

    assert main(["status"]) == 0
    assert server.url in capsys.readouterr().out


def test_the_server_that_is_named_and_gone_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve() as state:
        url = state.url
    monkeypatch.setenv("LLAMA_ASSIST_URL", url)
    monkeypatch.setenv("LLAMA_ASSIST_KEY", TOKEN)

    assert main(["status"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_without_a_server_that_is_said_with_what_was_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    add_events([("shown", 4), ("accepted", 4)])

    assert main(["status"]) == 1
    out, err = capsys.readouterr()
    assert out == "accepted  1 of 1 suggestions (100%), 4 characters saved\n"
    assert "No Jupyter server with llama_assist runs here" in err
    assert "llama-assist serve" in err


def test_files_of_servers_that_have_ended_are_passed_over(
    places: Path, server: SseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(places, 2**22 + 1, port=1)
    (places / "jpserver-abc.json").write_text("{", encoding="utf-8")
    (places / "jpserver-7.json").write_text("{", encoding="utf-8")
    announce(places, os.getpid(), port=server.port)

    assert main(["status"]) == 0
    assert capsys.readouterr().out.count("server ") == 1


def test_a_server_without_the_extension_is_none(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as state:
        port = state.port
    announce(places, os.getpid(), port=port)

    assert main(["status"]) == 1


def test_a_model_that_is_not_loaded_and_a_reason_are_said() -> None:
    shown = describe("u", {"state": "failed", "model": "tiny", "detail": "Too little memory.", "usage": {}})

    assert "model     tiny, failed" in shown
    assert "memory    none: the model is not loaded" in shown
    assert "detail    Too little memory." in shown
    assert "no suggestion has been shown yet" in shown
