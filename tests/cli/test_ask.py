"""`llama-assist eval questions`: questions in, tables and answers out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_backend import ScriptedBackend, prompt_text
from test_questions import QUESTION, write

from llama_assist.cli import main

Capture = pytest.CaptureFixture[str]
NOWHERE = {**QUESTION, "id": "sales-2", "question": "Which learning rate has the neural network?", "gold": []}


def test_retrieval_is_measured_without_a_model(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    assert main(["eval", "questions", str(write(tmp_path, QUESTION, NOWHERE))]) == 0
    out = capsys.readouterr().out
    assert "retrieval within 1000 tokens" in out
    assert "nothing found: 1 of 1 unanswerable, 0 of 1 others" in out
    assert (backend.num_starts, backend.jobs) == (0, [])


def test_answers_are_those_of_the_task_and_are_written(
    tmp_path: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    backend.pieces = ("The total is set ", "in cell 2.")
    out = tmp_path / "out.jsonl"
    assert main(["eval", "questions", str(write(tmp_path, QUESTION)), "--answers", "--out", str(out)]) == 0
    (answer,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert (answer["id"], answer["text"]) == ("sales-1", "The total is set in cell 2.")
    assert (answer["cells"], answer["admits"]) == ([1], False)
    assert "Where is total?" in prompt_text(backend.jobs[0])
    assert "answers of" in capsys.readouterr().out
    assert (backend.num_starts, backend.num_stops) == (1, 1)


def test_what_is_not_in_the_notebook_is_admitted(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    assert main(["eval", "questions", str(write(tmp_path, NOWHERE)), "--answers"]) == 0
    assert "unanswerable: 1 of 1 admitted, 1 cite nothing" in capsys.readouterr().out


def test_a_budget_is_kept(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    assert main(["eval", "questions", str(write(tmp_path, QUESTION)), "--budget", "0"]) == 0
    assert "all                1      0.0" in capsys.readouterr().out


def test_answers_that_cannot_be_written_are_named(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    words = ["eval", "questions", str(write(tmp_path, QUESTION)), "--answers", "--out", str(tmp_path / "no" / "o")]
    assert main(words) == 1
    assert "cannot be written" in capsys.readouterr().err
