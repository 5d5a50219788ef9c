"""The ablation: every variant over the same holes, at the price of the prompts that differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_backend import ScriptedBackend

from llama_assist.cli import main
from llama_assist.cli.ablation import layouts_beside, variants
from llama_assist.context.selection import SOURCES
from llama_assist.types import ModelInfo


def test_a_trained_model_is_measured_in_other_orders_and_an_untrained_one_on_other_routes() -> None:
    assert layouts_beside(ModelInfo("m", "qwen2.5-coder", 512)) == ("plain", "psm", "spm", "none")
    assert layouts_beside(ModelInfo("m", "mellum", 512)) == ("plain", "psm", "spm", "none")
    assert {"comment", "placeholder"} <= set(layouts_beside(ModelInfo("m", "llama", 512)))


def test_the_default_comes_first_and_every_part_is_left_out_once() -> None:
    titles = list(variants(ModelInfo("m", "qwen2.5-coder", 512)))
    assert titles[0] == "default"
    assert {f"without {name}" for name in SOURCES} <= set(titles)
    assert "without syntax" in titles


def test_the_table_has_a_line_for_each_variant_and_equal_prompts_are_asked_once(
    tmp_path: Path, backend: ScriptedBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [{"type": "code", "source": "import numpy as np"}, {"type": "code", "source": "total = \nprint(total)"}]
    line = {"id": "a", "kind": "arg", "cells": cells, "cell": 1, "prefix": "total = ", "suffix": "\nprint(total)"}
    holes = tmp_path / "holes.jsonl"
    holes.write_text(json.dumps({**line, "expected": "np.mean(values)"}) + "\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["eval", "completions", str(holes), "--out", str(out), "--ablation"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].startswith("|  | all | arg | exact")
    assert table[2].startswith("| default | 100.0 | 100.0 | 100.0 | 100.0 |")
    assert len(table) == 2 + len(variants(ModelInfo("m", "qwen2.5-coder", 512)))
    assert len(backend.jobs) < 8
    assert json.loads(out.read_text(encoding="utf-8"))["text"] == "np.mean(values)"
