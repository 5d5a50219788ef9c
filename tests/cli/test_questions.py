"""Questions about notebooks, read from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llama_assist.cli.questions import read_questions
from llama_assist.errors import InvalidRequestError

NOTEBOOK = {
    "id": "sales",
    "cells": [{"type": "markdown", "source": "# Sales"}, {"source": "total = 1", "outputs": ["1"]}],
}
QUESTION = {"id": "sales-1", "notebook": "sales", "kind": "where", "question": "Where is total?", "gold": [1]}


def write(folder: Path, *questions: dict[str, Any]) -> Path:
    (folder / "notebooks.jsonl").write_text(json.dumps(NOTEBOOK) + "\n", encoding="utf-8")
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(question) + "\n\n" for question in questions), encoding="utf-8")
    return path


def test_a_question_comes_with_its_notebook_and_the_cells_that_answer(tmp_path: Path) -> None:
    (asked,) = read_questions([write(tmp_path, {**QUESTION, "also": [0]})])
    assert (asked.id, asked.kind, asked.gold, asked.also) == ("sales-1", "where", {1}, {0})
    assert [cell.type for cell in asked.document.cells] == ["markdown", "code"]
    assert asked.document.cells[1].outputs == ("1",)
    assert asked.is_answerable


def test_a_question_without_gold_has_no_answer(tmp_path: Path) -> None:
    (asked,) = read_questions([write(tmp_path, {**QUESTION, "gold": []})])
    assert not asked.is_answerable


def test_a_notebook_may_be_a_file(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "own.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (asked,) = read_questions([write(tmp_path, {**QUESTION, "notebook": "own.ipynb", "gold": [0]})])
    assert asked.document.cells[0].source == "x = 1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": None}, "question is missing"),
        ({"gold": [2]}, "gold must hold indices of cells, from 0 to 1"),
        ({"also": ["1"]}, "also must hold indices"),
        ({"gold": [True]}, "gold must hold indices"),
        ({"notebook": "other"}, "no notebook 'other'"),
    ],
)
def test_a_wrong_question_is_refused_with_what_is_wrong(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        read_questions([write(tmp_path, {**QUESTION, **change})])


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, QUESTION)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=r"questions\.jsonl:1 is no JSON"):
        read_questions([path])
