"""The language server as VS Code's own protocol library sees it, driven by a Node script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from editor import ROOT
from scripted_engine import ScriptedEngine, task
from sse_server import Script

HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two packages of `package.json`, fetched by npm; the test is skipped where that cannot be."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("node")
    if npm is None or shutil.which("node") is None:
        pytest.skip("there is no Node here")
    shutil.copy(HERE / "package.json", folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("npm cannot fetch packages within two minutes")
    if done.returncode:
        pytest.skip(f"npm cannot fetch packages: {done.stderr.strip()[-200:]}")
    return folder


def drive(packages: Path, env: dict[str, str]) -> dict[str, Any]:
    command = ["node", str(HERE / "drive.cjs"), sys.executable, "-m", "llama_assist", "lsp", "--stdio"]
    full = {**os.environ, "PYTHONPATH": str(ROOT), "NODE_PACKAGES": str(packages), **env}
    done = subprocess.run(command, cwd=ROOT, env=full, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_the_library_of_vs_code_is_served(packages: Path, engine: ScriptedEngine, env: dict[str, str]) -> None:
    code = "def mean(total, count):\n    '''é'''\n    return total"
    engine.scripts["task"] = task("", code={"text": code, "action": "replace"})
    third = Script(mute=True)
    engine.in_order("completion", [engine.scripts["completion"], engine.scripts["completion"], third])
    seen = drive(packages, env)
    assert seen["capabilities"]["inlineCompletionProvider"] == {}
    assert seen["capabilities"]["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}]}
    assert seen["capabilities"]["textDocumentSync"]["change"] == 2
    file, last, _ = engine.asked("completion")
    assert file["prompt"] == 'def mean(total, count):\n    """é"""\n    return '
    assert seen["file"]["items"][0]["insertText"] == "total / count"
    assert seen["file"]["items"][0]["range"]["start"] == {"line": 2, "character": 11}
    assert last["document"] == {
        "path": "book.ipynb",
        "language": "python",
        "cell": 2,
        "cells": [
            {"type": "markdown", "source": "# Prices"},
            {"type": "code", "source": "prices = [1, 2]", "execution_count": 3},
            {"type": "code", "source": ""},
        ],
    }
    assert last["prompt"] == "sum("
    assert len(seen["last"]["items"]) == 1
    assert seen["cancelCode"] == -32800
    assert engine.server.closed.wait(60)
    assert [action["title"] for action in seen["actions"]] == ["Fix with llama-assist: mean is wrong"]
    assert seen["edits"][0]["documentChanges"][0]["textDocument"]["version"] == 2
    assert seen["progress"][0] == "begin"
    assert seen["progress"][-1] == "end"
    assert seen["gone"] == {"items": []}
    assert seen["messages"] == []
    assert seen["exitCode"] == 0
