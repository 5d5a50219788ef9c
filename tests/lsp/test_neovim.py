"""Neovim itself, with our example as its whole configuration: ghost text, acceptance, a code action, a hover."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from editor import ROOT
from scripted_engine import ScriptedEngine, task

NEEDED = (0, 12)
GHOST = (
    "vim.inspect(vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('nvim.lsp.inline_completion'),"
    " 0, -1, {details = true}))"
)


def find_neovim() -> str:
    """Return a Neovim that is new enough, or skip the test."""
    program = os.environ.get("NEOVIM_PROGRAM") or shutil.which("nvim")
    if program is None:
        pytest.skip("there is no Neovim here; NEOVIM_PROGRAM may name one")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout
    found = re.match(r"NVIM v(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < NEEDED:
        pytest.skip(f"inline completion needs Neovim 0.12; this is {said.splitlines()[:1]}")
    return program


class Neovim:
    """A running Neovim, driven through its own command line."""

    def __init__(self, program: str, file: Path, env: dict[str, str]) -> None:
        self._program = program
        self._socket = str(file.parent / "nvim.sock")
        example = str(ROOT / "examples" / "editors" / "neovim-lsp.lua")
        command = [program, "--headless", "--clean", "-u", example, "--listen", self._socket, "+2", str(file)]
        self.process = subprocess.Popen(command, env=env, cwd=file.parent)

    def lua(self, expression: str) -> str:
        """Return the value of a Lua expression as text; empty where Neovim does not answer yet."""
        quoted = expression.replace("'", "''")
        return self._ask("--remote-expr", f"luaeval('{quoted}')")

    def type(self, keys: str) -> None:
        """Type keys, in Neovim's notation."""
        self._ask("--remote-send", keys)

    def until(self, expression: str, is_enough: Callable[[str], object]) -> str:
        """Wait until an expression has the value that is wanted."""
        deadline = time.monotonic() + 60
        while not is_enough(value := self.lua(expression)):
            assert time.monotonic() < deadline, (expression, value)
            time.sleep(0.1)
        return value

    def _ask(self, *arguments: str) -> str:
        command = [self._program, "--server", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.fixture
def neovim(env: dict[str, str], tmp_path: Path) -> Iterator[Neovim]:
    program = find_neovim()
    shim = tmp_path / "bin" / "llama-assist"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m llama_assist "$@"\n')
    shim.chmod(0o755)
    file = tmp_path / "mean.py"
    file.write_text("def mean(total, count):\n    return \n")
    folders = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
    neovim = Neovim(program, file, {**os.environ, **env, **folders, "PATH": path, "PYTHONPATH": str(ROOT)})
    yield neovim
    neovim.process.kill()
    neovim.process.wait()


def test_neovim_shows_and_takes_a_suggestion_and_applies_an_action(neovim: Neovim, engine: ScriptedEngine) -> None:
    neovim.until("#vim.lsp.get_clients({name = 'llama_assist', bufnr = 0})", lambda value: value == "1")
    neovim.type("A")
    ghost = neovim.until(GHOST, lambda value: "total / count" in value)
    assert "virt_text" in ghost
    neovim.type("<C-l>")
    neovim.until("vim.fn.getline(2)", lambda value: value == "return total / count")
    neovim.type("<Esc>")
    engine.wait_for("events")
    kinds = [event["kind"] for body in engine.asked("events") for event in body["events"]]
    assert kinds[:2] == ["shown", "accepted"]
    code = "def mean(total, count):\n    # safe\n    return total / count"
    engine.scripts["task"] = task("", code={"text": code, "action": "replace"})
    neovim.lua("vim.lsp.buf.code_action({apply = true, filter = function(a) return a.kind == 'refactor.rewrite' end})")
    neovim.until("vim.fn.getline(2)", lambda value: value == "# safe")
    engine.scripts["task"] = task("It divides.")
    neovim.lua("vim.lsp.buf.hover()")
    floating = "vim.iter(vim.api.nvim_list_wins()):map(function(w) return table.concat(vim.api.nvim_buf_get_lines("
    floating += "vim.api.nvim_win_get_buf(w), 0, -1, false), ' ') end):join(' | ')"
    neovim.until(floating, lambda value: "It divides." in value)
