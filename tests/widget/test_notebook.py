"""The notebook as a panel knows it: the saved file, what ran since, and how it goes to the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from panel_shell import Shell, shell

from llama_assist import wire
from llama_assist.widget.notebook import MAX_CELLS, Notebook, NotebookCell, SavedFile
from llama_assist.widget.reader import Reader

__all__ = ["shell"]


def write(path: Path, *cells: dict[str, Any]) -> None:
    path.write_text(json.dumps({"cells": [{"metadata": {}, **cell} for cell in cells]}), encoding="utf-8")


def code(source: str, id: str, count: int | None = None, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "id": id, "execution_count": count, "outputs": list(outputs)}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "work.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


@pytest.fixture
def reader(shell: Shell) -> Reader:
    reader = Reader(shell, lambda: None, lambda: None)
    reader.listen()
    return reader


def sources(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells]


def test_without_a_file_the_cells_are_those_that_ran_under_their_own_numbers(shell: Shell, reader: Reader) -> None:
    shell.run("a = 1")
    shell.run("%llama help")
    shell.run("a", output="1")
    notebook = reader.read()
    assert [(cell.number, cell.source, cell.output) for cell in notebook.cells] == [(1, "a = 1", ""), (3, "a", "1")]
    assert "no saved notebook was found" in notebook.origin


def test_saved_cells_count_from_one_with_text_and_outputs(path: Path, reader: Reader) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]}
    result = {"output_type": "execute_result", "data": {"text/plain": "3", "text/html": "<b>3</b>"}}
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["..."]}
    write(path, {"cell_type": "markdown", "source": ["# Title\n", "text"]}, code("a", "x", 2, stream, result, error))
    notebook = reader.read()
    assert [(cell.number, cell.type, cell.source) for cell in notebook.cells] == [
        (1, "markdown", "# Title\ntext"),
        (2, "code", "a"),
    ]
    assert notebook.cells[1].output == "1\n2\n3\nKeyError: 'x'"
    assert "work.ipynb as it was saved" in notebook.origin


def test_a_cell_that_ran_with_another_text_than_was_saved_has_the_one_that_ran(
    path: Path, shell: Shell, reader: Reader
) -> None:
    write(path, code("a = 1", "x"), code("b = 2", "y"))
    shell.run("a = 100", id="x")
    shell.run("b = 2", id="y")
    assert sources(reader.read()) == ["a = 100", "b = 2"]
    shell.run("a = 1000", id="x")
    assert sources(reader.read()) == ["a = 1000", "b = 2"]


def test_what_was_edited_and_saved_after_its_run_is_what_was_saved(path: Path, shell: Shell, reader: Reader) -> None:
    shell.run("a = 1", id="x")
    write(path, code("a = 2  # edited", "x", 1))
    assert sources(reader.read()) == ["a = 2  # edited"]


def test_cells_that_the_file_does_not_have_stand_at_the_end_and_this_is_said(
    path: Path, shell: Shell, reader: Reader
) -> None:
    write(path, code("a = 1", "x"))
    shell.run("a = 1", id="x")
    shell.run("new = 1", id="z")
    shell.run("new = 2", id="z")
    notebook = reader.read()
    assert sources(notebook) == ["a = 1", "new = 2"]
    assert "1 cells at the end ran but are not in the file" in notebook.origin


def test_cells_that_were_gone_when_the_file_was_saved_are_gone(path: Path, shell: Shell, reader: Reader) -> None:
    shell.run("gone = 1", id="z")
    shell.run("a = 1", id="x")
    write(path, code("a = 1", "x", 2))
    assert sources(reader.read()) == ["a = 1"]


def test_front_ends_without_ids_of_cells_are_served_by_the_texts(path: Path, shell: Shell, reader: Reader) -> None:
    write(path, code("a = 1", "x"), code("b = 2", "y"))
    shell.run("b = 2")
    notebook = reader.read()
    assert sources(notebook) == ["a = 1", "b = 2"]
    assert notebook.last_run is not None
    assert notebook.last_run.number == 2


def test_a_cell_that_runs_at_this_moment_is_known(path: Path, shell: Shell, reader: Reader) -> None:
    write(path, code("a = 1", "x"), code("b = 2", "y"))
    seen: list[Notebook] = []
    shell.events.register("post_run_cell", lambda result: seen.append(reader.read()))
    shell.run("a = 5", id="x")
    assert sources(seen[0]) == ["a = 5", "b = 2"]


def test_the_file_is_read_again_only_when_it_has_changed(path: Path) -> None:
    file = SavedFile()
    write(path, code("a", "x"))
    first = file.cells(str(path))
    assert file.cells(str(path)) is first
    write(path, code("a", "x"), code("bb", "y"))
    assert [cell.source for cell in file.cells(str(path)) or ()] == ["a", "bb"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}', '{"cells": [[]]}'])
def test_a_file_that_is_no_notebook_is_not_used(path: Path, text: str, reader: Reader) -> None:
    path.write_text(text)
    assert reader.read().origin.startswith("what this kernel ran")


def test_vs_code_tells_the_path_in_a_variable(
    tmp_path: Path, shell: Shell, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    write(tmp_path / "code.ipynb", code("a = 1", "x"))
    shell.user_ns["__vsc_ipynb_file__"] = str(tmp_path / "code.ipynb")
    assert sources(reader.read()) == ["a = 1"]


def test_the_last_cell_that_ran_is_never_the_one_with_the_panel() -> None:
    opener = NotebookCell(2, "from llama_assist import AssistPanel\nAssistPanel()", count=9)
    notebook = Notebook((NotebookCell(1, "a", count=8), opener, NotebookCell(3, "b")))
    assert notebook.last_run == notebook.cells[0]


def test_every_cell_stands_at_the_place_of_its_number_on_the_wire() -> None:
    notebook = Notebook((NotebookCell(2, "a", count=2), NotebookCell(4, "b", output="1", id="x")))
    document, first, num_left_out = notebook.document("work.ipynb", 4)
    assert [cell["source"] for cell in document["cells"]] == ["", "a", "", "b"]  # type: ignore[attr-defined, index]
    assert (document["cell"], first, num_left_out) == (3, 1, 0)
    wire.task_request({"task": "explain", "document": document})


def test_too_many_cells_are_counted_and_the_near_ones_go_along() -> None:
    cells = tuple(NotebookCell(number, f"x = {number}") for number in range(1, MAX_CELLS + 101))
    document, first, num_left_out = Notebook(cells).document("work.ipynb", MAX_CELLS + 100)
    assert num_left_out == 100
    assert first == 101
    request, _ = wire.task_request({"task": "explain", "document": document})
    assert request.document.cells[request.document.cell].source == f"x = {MAX_CELLS + 100}"


def test_a_notebook_too_large_to_be_sent_keeps_what_is_near_the_chosen_cell() -> None:
    cells = tuple(NotebookCell(number, "x" * 400_000) for number in range(1, 11))
    document, first, num_left_out = Notebook(cells).document("work.ipynb", 6)
    kept = [number for number, cell in enumerate(document["cells"], first) if cell["source"]]  # type: ignore[arg-type, var-annotated, index]
    assert kept == [5, 6, 7]
    assert num_left_out == 7


def test_an_empty_notebook_is_a_document_too() -> None:
    document, first, _ = Notebook().document("", 1)
    assert document["cells"] == [{"source": ""}]
    assert (document["cell"], first) == (0, 1)


def test_long_and_empty_cells_have_short_labels() -> None:
    assert NotebookCell(1, "\n\n  x = 1\ny").label == "1 · x = 1"
    assert NotebookCell(2, "").label == "2 · (empty)"
    assert NotebookCell(3, "y" * 99).label == f"3 · {'y' * 59}…"
    assert NotebookCell(4, "# T", "markdown").label == "4 · text: # T"
