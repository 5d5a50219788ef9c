"""Clients that others wrote, against a real server process: `llm` and `ollama`, and Neovim's and Vim's way, curl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import MODEL
from real_server import Server

TEXT = "Hello 世界"
CLIENTS = Path(__file__).with_name("clients")
BASES = pytest.mark.parametrize("base", ["llama-assist", ""], ids=["path", "root"])


@pytest.fixture
def llm(real_server: Server, tmp_path: Path) -> Any:
    """Return a way to run `llm`, configured for our server by the file that its users write."""
    pytest.importorskip("llm", reason="the llm package is not installed")
    entry = {"model_name": MODEL, "api_base": f"{real_server.url}llama-assist/v1", "api_key_name": "ours"}
    models = [{"model_id": "chat", **entry}, {"model_id": "text", "completion": True, **entry}]
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(models), encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps({"ours": real_server.key}), encoding="utf-8")
    environ = {**os.environ, "LLM_USER_PATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "llm", *arguments]
        done = subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("model", ["chat", "text"])
@pytest.mark.parametrize("flags", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_llm(llm: Any, model: str, flags: tuple[str, ...]) -> None:
    assert llm("-m", model, *flags, "Hi") == TEXT


@pytest.fixture(params=["llama-assist", ""], ids=["path", "root"])
def ollama(real_server: Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return Ollama's own client."""
    package = pytest.importorskip("ollama", reason="the ollama package is not installed")
    headers = {"Authorization": f"Bearer {real_server.key}"}
    with package.Client(f"{real_server.url}{request.param}", headers=headers) as client:
        yield client


def test_ollama_generates(ollama: Any) -> None:
    assert ollama.generate(MODEL, "x = ", suffix="\n").response == TEXT
    pieces = list(ollama.generate(f"{MODEL}:latest", "x = ", suffix="\n", stream=True, options={"num_predict": 9}))
    assert "".join(piece.response for piece in pieces) == TEXT
    assert (pieces[-1].done, pieces[-1].done_reason, pieces[-1].eval_count) == (True, "stop", 2)
    assert ollama.generate(MODEL).done_reason == "load"


def test_ollama_chats(ollama: Any) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    assert ollama.chat(MODEL, messages).message.content == TEXT
    assert "".join(piece.message.content for piece in ollama.chat(MODEL, messages, stream=True)) == TEXT


def test_ollama_asks_what_there_is(ollama: Any) -> None:
    assert [model.model for model in ollama.list().models] == [MODEL]
    shown = ollama.show(MODEL)
    assert ".Suffix" in shown.template
    assert "insert" in shown.capabilities


def test_ollama_raises_what_went_wrong(ollama: Any) -> None:
    import ollama as package

    with pytest.raises(package.ResponseError, match="not served here") as caught:
        ollama.generate("gpt-9", "x")
    assert caught.value.status_code == 404
    with pytest.raises(package.ResponseError, match="The engine ended"):
        list(ollama.generate(MODEL, "crash", raw=True, stream=True))


@BASES
def test_curl_sends_what_llama_vim_lets_it_send(real_server: Server, base: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    body = json.loads((CLIENTS / "llama_vim.json").read_text("utf-8"))["body"]
    url = real_server.url + "/".join(filter(None, (base, "infill")))
    headers = ["--header", "Content-Type: application/json", "--header", f"Authorization: Bearer {real_server.key}"]
    command = [curl, "--silent", "--no-buffer", "--request", "POST", "--url", url, *headers, "--data", "@-"]
    done = subprocess.run(command, input=json.dumps(body).encode(), capture_output=True, check=True)
    assert json.loads(done.stdout)["content"] == TEXT


@BASES
@pytest.mark.parametrize("path", sorted(CLIENTS.iterdir()), ids=lambda path: path.stem)
def test_no_client_is_answered_without_a_key(real_server: Server, base: str, path: Path) -> None:
    client = json.loads(path.read_text("utf-8"))
    url = real_server.url + "/".join(filter(None, (base, client["route"])))
    for key in ("", "Bearer wrong"):
        headers = {"Content-Type": "application/json", **({"Authorization": key} if key else {})}
        request = urllib.request.Request(url, json.dumps(client["body"]).encode(), headers)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        with caught.value:
            assert caught.value.code == 403
            assert b"Authorization: Bearer" in caught.value.read()
