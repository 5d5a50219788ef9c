"""Models over HTTP: listed, loaded, switched, unloaded, and downloaded by a real process of its own."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import MODEL, FakeAssistant

from llama_assist.errors import BusyError, ModelError
from llama_assist.models.store import Store
from llama_assist.server.download import Downloads

REPORTS = 'import json, sys, time\nfor n in range(3): print(json.dumps({"progress": {"done": n}}), flush=True)\n'
WAITS = REPORTS + "sys.stdin.read()\nopen(sys.argv[1], 'w').close()\n"
SILENT = "import sys\nsys.exit(9)\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def own_folder(tiny_home: Path, tmp_path: Path) -> Path:
    """A model folder of the user's own, as another tool has written it."""
    folder = tmp_path / "own"
    shutil.copytree(tiny_home / "checkpoints" / "tiny", folder)
    (folder / "manifest.json").unlink()
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let downloads run a program of the test's."""
    return lambda code: monkeypatch.setattr(Downloads, "command", (sys.executable, "-c", code))


async def test_the_models_are_listed_without_starting_anything(get, assistant: FakeAssistant) -> None:
    body = json.loads((await get("model")).body)
    first = body["models"][0]

    assert body["current"] == MODEL
    assert first["id"] == "qwen2.5-coder-0.5b-instruct"
    assert (first["present"], first["state"], first["parameters"]) == (False, "available", None)
    assert first["fim"] is True
    assert first["current"] is False
    assert first["size_bytes"] > 10**8
    assert assistant.backend.num_starts == 0


async def test_a_model_that_is_there_tells_its_size(get, home: Path, tiny_home: Path) -> None:
    shutil.copytree(tiny_home, home)
    body = json.loads((await get("model")).body)
    (tiny,) = [model for model in body["models"] if model["id"] == "tiny"]

    assert tiny["present"] is True
    assert tiny["parameters"] > 1000


async def test_loading_answers_when_the_model_is_ready(post, assistant: FakeAssistant) -> None:
    response = await post("model", {"action": "load"})

    assert json.loads(response.body)["state"] == "ready"
    assert assistant.backend.num_starts == 1
    assert assistant.backend.model == MODEL


async def test_loading_another_model_switches(post, assistant: FakeAssistant) -> None:
    response = await post("model", {"action": "load", "id": "other"})

    assert json.loads(response.body)["model"] == "other"
    assert assistant.backend.num_starts == 1


async def test_a_model_that_is_not_there_cannot_be_loaded(post, assistant: FakeAssistant) -> None:
    response = await post("model", {"action": "load", "id": "absent"})

    assert response.code == 503
    assert json.loads(response.body)["error"]["reason"] == "not-installed"
    assert assistant.backend.model == MODEL
    assert assistant.backend.num_starts == 0


async def test_unloading_gives_the_memory_back(post, assistant: FakeAssistant) -> None:
    response = await post("model", {"action": "unload"})

    assert response.code == 200
    assert assistant.backend.num_stops == 1


async def test_a_download_tells_its_progress_and_then_the_model(post, own_folder: Path) -> None:
    response = await post("model", {"action": "download", "id": str(own_folder)})
    *parts, last = [part.removeprefix("data: ") for part in response.body.decode().split("\n\n")[:-1]]
    reports = [json.loads(part) for part in parts if part.startswith("{")]

    assert last == "[DONE]"
    assert "model" in reports[-1]
    assert {"file", "done", "total"} == set(reports[0]["progress"])
    assert Store().find(str(own_folder)) is not None


async def test_a_download_that_fails_before_anything_is_a_real_status(post) -> None:
    response = await post("model", {"action": "download", "id": "no-such-model"})
    error = json.loads(response.body)["error"]

    assert response.code == 503
    assert error["code"] == "model_error"
    assert "no-such-model" in error["message"]


async def test_a_folder_that_cannot_be_written_is_named(
    post, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "file"))
    response = await post("model", {"action": "download", "id": str(own_folder)})
    error = json.loads(response.body)["error"]

    assert response.code == 503
    assert error["reason"] == "cannot-write"
    assert str(tmp_path / "file") in error["message"]


async def test_closing_the_connection_ends_the_download(
    jp_http_port: int, jp_auth_header: dict[str, str], tmp_path: Path, run: Any, get
) -> None:
    run(WAITS)
    assert (await get("status")).code == 200
    ended = tmp_path / "ended"
    body = json.dumps({"action": "download", "id": str(ended)}).encode()
    head = ["POST /a%40b/llama-assist/model HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in jp_auth_header.items()]
    client = socket.create_connection(("127.0.0.1", jp_http_port))
    client.sendall("\r\n".join([*head, "", ""]).encode() + body)
    assert b"200 OK" in await asyncio.to_thread(client.recv, 4096)
    client.close()
    while not ended.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)


async def reports_of(downloads: Downloads, model: str) -> list[dict[str, Any]]:
    return [report async for report in downloads.run(model)]


async def test_a_process_that_ends_without_a_word_is_an_error(run: Any) -> None:
    run(SILENT)
    with pytest.raises(ModelError, match="ended with code 9"):
        await reports_of(Downloads(), "tiny")


async def test_one_model_is_downloaded_once_at_a_time_and_can_be_again(tmp_path: Path, run: Any) -> None:
    run(WAITS)
    downloads = Downloads()
    model, other = str(tmp_path / "one"), str(tmp_path / "other")
    first, second = downloads.run(model), downloads.run(other)
    assert (await anext(first))["progress"] == {"done": 0}
    with pytest.raises(BusyError, match="being downloaded already"):
        await reports_of(downloads, model)
    assert (await anext(second))["progress"] == {"done": 0}
    await first.aclose()
    again = downloads.run(model)
    assert (await anext(again))["progress"] == {"done": 0}
    await again.aclose()
    await second.aclose()
