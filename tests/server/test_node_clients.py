"""Editors' own JavaScript against a real server process: Tabby's agent, Continue's adapters, Ollama's client.

They are fetched by hand, in a folder of your own, and named by an environment variable:

    npm install tabby-agent @continuedev/openai-adapters ollama
    LLAMA_ASSIST_NODE_CLIENTS=$PWD/node_modules pytest tests/server/test_node_clients.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import MODEL
from real_server import Server

VARIABLE = "LLAMA_ASSIST_NODE_CLIENTS"
TEXT = "Hello 世界"
pytestmark = pytest.mark.skipif(
    not os.environ.get(VARIABLE) or shutil.which("node") is None,
    reason=f"needs node, and {VARIABLE} naming a folder node_modules with the clients",
)


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(script: str, package: str, *arguments: str) -> dict[str, Any]:
        modules = Path(os.environ[VARIABLE])
        if not (modules / package).is_dir():
            pytest.skip(f"{package} is not in {modules}")
        command = ["node", str(Path(__file__).parent / "node" / script), str(modules), *arguments]
        environ = {**os.environ, "HOME": str(tmp_path), "NO_PROXY": "localhost,127.0.0.1"}
        done = subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", timeout=120)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


@pytest.mark.parametrize("base", ["llama-assist", ""], ids=["path", "root"])
def test_tabbys_agent(run: Any, real_server: Server, base: str) -> None:
    endpoint = f"{real_server.url}{base}".rstrip("/")
    found = run("tabby.cjs", "tabby-agent", endpoint, real_server.key)
    assert found == {"status": "ready", "model": MODEL, "texts": [TEXT], "counted": [True, True]}


@pytest.mark.parametrize("base", ["llama-assist/", ""], ids=["path", "root"])
def test_continues_adapters(run: Any, real_server: Server, base: str) -> None:
    found = run("continue.mjs", "@continuedev/openai-adapters", f"{real_server.url}{base}", real_server.key, MODEL)
    assert found == {"fim": TEXT, "completion": TEXT, "chat": TEXT, "models": [MODEL]}


@pytest.mark.parametrize("base", ["llama-assist", ""], ids=["path", "root"])
def test_ollamas_client(run: Any, real_server: Server, base: str) -> None:
    host = f"{real_server.url}{base}".rstrip("/")
    found = run("ollama.mjs", "ollama", host, real_server.key, MODEL)
    assert found == {"text": TEXT, "models": [MODEL], "canInsert": True}
