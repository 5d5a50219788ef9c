"""The transcript among the examples: every task with what it really showed, small and inert."""

from __future__ import annotations

import re

import nbformat
from magic_kernel import ROOT

from llama_assist.magic.options import TASKS, parse

PATH = ROOT / "examples" / "magics.ipynb"


def test_the_transcript_shows_every_task_with_an_output() -> None:
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    seen = set()
    for cell in notebook.cells:
        found = re.match(r"%(%?)llama ?(.*)", cell.source)
        if found is not None:
            assert cell.outputs, cell.source
            seen.add(parse(found[2], is_cell=bool(found[1])).task)
    assert seen == set(TASKS)


def test_the_transcript_is_small_and_holds_inert_text_only() -> None:
    assert PATH.stat().st_size < 60_000
    notebook = nbformat.read(PATH, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    for output in outputs:
        assert set(output.get("data", {})) <= {"text/html", "text/plain"}
        assert "<script" not in output.get("data", {}).get("text/html", "")
    assert all(len(each.metadata["llama_assist"]["prompt_sha256"]) == 64 for each in outputs if "data" in each)
