"""`llama-assist eval completions`: holes in, predictions out, a line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted_backend import ScriptedBackend, prompt_text
from tiny_model import TINY

from llama_assist.cli import main
from llama_assist.cli.ablation import CHECKS
from llama_assist.cli.evaluate import PARTS
from llama_assist.cli.holes import Hole, Prediction
from llama_assist.cli.report import rows, table
from llama_assist.context.selection import SOURCES
from llama_assist.errors import EngineCrashedError
from llama_assist.types import Cell, Document

EXPECTED = "the_answer_itself"
FIELDS = ["id", "text", "ttft_ms", "total_ms", "prompt_tokens", "cached_tokens", "shown"]

Capture = pytest.CaptureFixture[str]


def hole(name: str, **changes: Any) -> dict[str, Any]:
    cells = [
        {"type": "markdown", "source": "# Means\u2028in one line"},
        {"type": "code", "source": "import numpy as np"},
        {"type": "code", "source": f"total = {EXPECTED}\nprint(total)", "hole": True},
    ]
    known = {
        "id": name,
        "kind": "line-end",
        "cells": cells,
        "cell": 2,
        "prefix": "total = ",
        "suffix": "\nprint(total)",
    }
    return {**known, "expected": EXPECTED, **changes}


def write(path: Path, *holes: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in holes), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def evaluate(holes: Path, out: Path, *words: str) -> int:
    return main(["eval", "completions", str(holes), "--out", str(out), *words])


def test_each_hole_gets_a_line_in_order(tmp_path: Path, backend: ScriptedBackend) -> None:
    out = tmp_path / "out.jsonl"
    assert evaluate(write(tmp_path / "holes.jsonl", hole("b"), hole("a")), out) == 0
    predictions = read(out)
    assert [prediction["id"] for prediction in predictions] == ["b", "a"]
    assert [list(prediction) for prediction in predictions] == [FIELDS, FIELDS]
    assert predictions[0]["text"] == "np.mean(values)"
    assert (predictions[0]["prompt_tokens"], predictions[0]["cached_tokens"]) == (20, 5)
    assert 0 < predictions[0]["ttft_ms"] <= predictions[0]["total_ms"]


def test_the_expected_text_reaches_no_prompt(tmp_path: Path, backend: ScriptedBackend) -> None:
    assert evaluate(write(tmp_path / "holes.jsonl", hole("a")), tmp_path / "out.jsonl") == 0
    prompt = prompt_text(backend.jobs[0])
    assert EXPECTED not in prompt
    assert prompt.endswith("<|fim_suffix|>\nprint(total)<|fim_middle|>total = ")
    assert "import numpy as np" in prompt


def test_requests_are_greedy_and_short(tmp_path: Path, backend: ScriptedBackend) -> None:
    assert evaluate(write(tmp_path / "holes.jsonl", hole("a")), tmp_path / "out.jsonl") == 0
    sampling = backend.jobs[0].sampling
    assert sampling.temperature == 0
    assert sampling.max_tokens <= 64


def test_a_limit_takes_the_first_holes(tmp_path: Path, backend: ScriptedBackend) -> None:
    out = tmp_path / "out.jsonl"
    assert evaluate(write(tmp_path / "holes.jsonl", hole("a"), hole("b"), hole("c")), out, "--limit", "2") == 0
    assert [prediction["id"] for prediction in read(out)] == ["a", "b"]


def test_what_was_done_before_an_error_is_kept(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    out = tmp_path / "out.jsonl"
    before = ScriptedBackend.generate

    async def fail_at_the_second(job: Any) -> Any:
        if backend.jobs:
            raise EngineCrashedError("The engine ended in the middle of the answer.")
        async for chunk in before(backend, job):
            yield chunk

    backend.generate = fail_at_the_second  # type: ignore[method-assign]
    assert evaluate(write(tmp_path / "holes.jsonl", hole("a"), hole("b")), out) == 1
    assert [prediction["id"] for prediction in read(out)] == ["a"]
    assert "The engine ended" in capsys.readouterr().err
    assert backend.num_stops == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prefix": None}, "prefix is missing"),
        ({"suffix": 3}, "suffix must be a string"),
        ({"cell": 3}, "cell must be from 0 to 2"),
        ({"cells": [{"type": "poem", "source": ""}], "cell": 0}, "type must be one of"),
    ],
)
def test_a_wrong_hole_is_refused_with_its_line(
    change: dict[str, Any], said: str, tmp_path: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    holes = write(tmp_path / "holes.jsonl", hole("a"), hole("b", **change))
    assert evaluate(holes, tmp_path / "out.jsonl") == 1
    err = capsys.readouterr().err
    assert f"{holes}:2" in err
    assert said in err
    assert not backend.jobs


def test_a_line_that_is_no_json_is_refused(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    holes = tmp_path / "holes.jsonl"
    holes.write_text("\n{", encoding="utf-8")
    assert evaluate(holes, tmp_path / "out.jsonl") == 1
    assert f"{holes}:2 is no JSON object" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    assert evaluate(write(tmp_path / "holes.jsonl", hole("a")), tmp_path / "none" / "out.jsonl") == 1
    assert "out.jsonl cannot be written" in capsys.readouterr().err


def test_a_real_engine_fills_holes_from_the_shell(tmp_path: Path, tiny_home: Path) -> None:
    holes = write(tmp_path / "holes.jsonl", hole("a"), hole("b"))
    words = ["eval", "completions", str(holes), "--out", str(tmp_path / "out.jsonl"), "--model", TINY]
    ended = subprocess.run(
        [sys.executable, "-m", "llama_assist", *words, "--Assist.prompt_tokens=300", "--Assist.weights=float32"],
        env={**os.environ, "LLAMA_ASSIST_HOME": str(tiny_home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    first, second = read(tmp_path / "out.jsonl")
    assert first["prompt_tokens"] == second["prompt_tokens"] > 0
    assert first["text"] == second["text"]
    assert second["cached_tokens"] > first["cached_tokens"] == 0


def test_the_report_counts_exact_first_lines_by_kind_and_what_would_be_shown() -> None:
    document = Document((Cell(""),))
    holes = [Hole(name, document, "", "", kind, "a + b\nc") for name, kind in (("1", "x"), ("2", "x"), ("3", "y"))]
    texts = ("a + b\nc", "a + b", "d")
    predictions = [
        Prediction(hole.id, text, 1.0, 1.0, 10, 4, shown=hole.id != "2")
        for hole, text in zip(holes, texts, strict=True)
    ]
    everything, first_kind, second_kind = rows(holes, predictions)
    assert (everything.num_holes, everything.first_line, everything.exact) == (3, 2 / 3, 1 / 3)
    assert (everything.shown, everything.precision, everything.tokens_read) == (2 / 3, 1 / 2, 6)
    assert (first_kind.kind, first_kind.first_line, second_kind.first_line) == ("x", 1, 0)
    assert "66.7" in table("anchored", [everything])


def test_a_part_that_does_not_exist_cannot_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holes = write(tmp_path / "holes.jsonl", hole("a"))
    assert evaluate(holes, tmp_path / "out.jsonl", "--without", "luck") == 1
    assert "'luck'" in capsys.readouterr().err


def test_every_source_and_filter_can_be_left_out() -> None:
    assert set(PARTS) == {*SOURCES, *CHECKS}
