"""The server behind the language server: found where one runs, started where none does, and ended with it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from editor import ROOT, Editor
from lsprotocol import types

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer

URI = "file:///home/ada/a.py"
NAMED = ("LLAMA_ASSIST_URL", "LLAMA_ASSIST_KEY")
FAKE = (
    sys.executable,
    str(ROOT / "tests" / "server" / "fake_server.py"),
    "--allow-root",
    "--ServerApp.port=0",
    "--ServerApp.ip=127.0.0.1",
)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """Jupyter's folders, and ours, all empty."""
    names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "LLAMA_ASSIST_HOME")
    return {name: str(tmp_path / name.lower()) for name in names}


@pytest.fixture
def running(folders: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A real Jupyter server of this user, with the extension and a scripted assistant."""
    for name, value in folders.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    local = LocalServer(lambda line: None, command=FAKE)
    yield local.client()
    local.stop()


def test_a_server_that_runs_is_used(
    running: Client, folders: dict[str, str], make_editor: Callable[..., Editor]
) -> None:
    editor = make_editor(folders, without=NAMED)
    editor.start({"start": False, "candidates": 2})
    editor.open(URI, "x = ")
    (item,) = editor.inline(URI, 0, 4)
    assert item.insert_text == "Hello 世界"
    assert not editor.messages()
    params = types.ExecuteCommandParams(item.command.command, item.command.arguments)
    editor.request(types.WORKSPACE_EXECUTE_COMMAND, params)
    editor.stop()
    usage = running.status()["usage"]
    assert (usage["shown"], usage["accepted"], usage["characters_saved"]) == (1, 1, 8)


def test_a_server_is_started_where_none_runs_and_ends_with_the_editor(
    folders: dict[str, str], make_editor: Callable[..., Editor]
) -> None:
    editor = make_editor(folders, without=NAMED)
    editor.start()
    editor.open(URI, "x = ")
    assert editor.inline(URI, 0, 4) == []
    (message,) = editor.messages()
    assert "llama-assist model pull" in message or "not installed" in message, message
    (file,) = Path(folders["JUPYTER_RUNTIME_DIR"]).glob("jpserver-*.json")
    pid = int(file.stem.removeprefix("jpserver-"))
    assert psutil.pid_exists(pid)
    editor.stop()
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
