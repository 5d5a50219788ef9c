"""A real kernel whose assistant is scripted, for the tests of the magics."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sse_server import TOKEN, Script, SseServer, answer, serve

ROOT = Path(__file__).parent.parent
LOAD = "%load_ext llama_assist"
FOOTER = r"\n\n\[tiny · 12 \+ 3 tokens · \d+\.\d s\]"


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        state.script = Script(answer("Hello ", "*world* ", "<b>!</b>"))
        yield state


class Kernel:
    """A real kernel that takes this process for the Jupyter server that started it."""

    def __init__(self, server: SseServer) -> None:
        self.server = server
        self.notebook = nbformat.v4.new_notebook()
        self.offered: list[str] = []
        self.client = NotebookClient(
            self.notebook, kernel_name="python3", timeout=120, on_cell_executed=self._keep_offered
        )
        self.client.km = self.client.create_kernel_manager()

    def _keep_offered(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        """Keep what a front end would put into a new cell."""
        payload = execute_reply["content"].get("payload", ())
        self.offered += [each["text"] for each in payload if each["source"] == "set_next_input"]

    def run(self, source: str) -> list[Any]:
        """Execute a cell and return its outputs; raise `CellExecutionError` when it fails."""
        self.notebook.cells.append(nbformat.v4.new_code_cell(source))
        index = len(self.notebook.cells) - 1
        self.client.execute_cell(self.notebook.cells[index], index)
        return self.notebook.cells[index].outputs

    def fail(self, source: str) -> list[Any]:
        """Execute a cell that must fail and return its outputs."""
        with pytest.raises(CellExecutionError):
            self.run(source)
        return self.notebook.cells[-1].outputs


@pytest.fixture
def kernel(server: SseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ann/work.ipynb")
    runtime_file = {"pid": os.getpid(), "hostname": "127.0.0.1", "port": server.port, "base_url": "/", "token": TOKEN}
    (tmp_path / f"jpserver-{os.getpid()}.json").write_text(json.dumps(runtime_file))
    kernel = Kernel(server)
    with kernel.client.setup_kernel():
        kernel.run(LOAD)
        yield kernel


def shown(outputs: list[Any]) -> Any:
    """Return the one output of a cell."""
    assert len(outputs) == 1
    assert outputs[0].output_type == "display_data"
    return outputs[0]


def words(output: Any) -> str:
    """Return the plain text of an answer without our line below it."""
    return str(output.data["text/plain"]).rpartition("\n\n[")[0]
