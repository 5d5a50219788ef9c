"""`llama-assist eval keystrokes`: late suggestions are let go, right ones taken, and all of it is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from scripted_backend import ScriptedBackend, prompt_text

from llama_assist.cli import main
from llama_assist.cli.holes import Hole
from llama_assist.cli.keystrokes import table
from llama_assist.cli.session import Session
from llama_assist.cli.typist import Key, Typist, right_part, type_hole
from llama_assist.config import Assist
from llama_assist.types import Cell, Chunk, Document, Job, TokenLogprob, Usage

EXPECTED = "np.mean(values)"
KNOWN = "import numpy as np\nvalues = np.ones(3)"
PATIENT = Typist(key_ms=2_000)


def hole(expected: str = EXPECTED) -> Hole:
    cells = (Cell(KNOWN), Cell("total = \nprint(total)"))
    return Hole("h", Document(cells, cell=1), "total = ", "\nprint(total)", "line-end", expected)


class Parrot(ScriptedBackend):
    """Writes the rest of `right` behind what is typed, after `delay` seconds."""

    def __init__(self, right: str, delay: float = 0.0) -> None:
        super().__init__()
        self.right = right
        self.delay = delay
        self.num_cancelled = 0

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        self.jobs.append(job)
        text = self.right[len(prompt_text(job).rpartition("total = ")[2]) :]
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.num_cancelled += 1
            raise
        yield Chunk(text, logprobs=(TokenLogprob(text, -0.1),), usage=Usage(20, 1, 15))
        yield Chunk(finish_reason="stop", usage=Usage(20, 2, 15))


def typed(backend: ScriptedBackend, typist: Typist = PATIENT, expected: str = EXPECTED) -> list[Key]:
    return asyncio.run(type_hole(Session(backend, Assist()), hole(expected), typist))


def test_a_right_suggestion_is_taken_at_once() -> None:
    (key,) = typed(Parrot(EXPECTED))
    assert (key.is_first, key.shown, key.accepted) == (True, True, len(EXPECTED))
    assert (key.tokens_read, key.tokens_written) == (5, 1)


def test_a_wrong_suggestion_costs_the_key_that_is_typed_anyway() -> None:
    keys = typed(ScriptedBackend("42"), Typist(key_ms=1), "sum(x)")
    assert len(keys) == len("sum(x)")
    assert not any(key.accepted for key in keys)


def test_what_comes_after_the_next_key_is_cancelled() -> None:
    backend = Parrot(EXPECTED, delay=0.2)
    first, *keys = typed(backend, Typist(key_ms=10), "abc")
    assert first.answered_ms is not None
    assert first.answered_ms >= 200
    assert [(key.answered_ms, key.tokens_read, key.accepted) for key in keys] == [(None, None, 0)] * 2
    assert backend.num_cancelled == 2


def test_every_request_holds_what_was_typed_so_far() -> None:
    backend = ScriptedBackend("42")
    typed(backend, Typist(key_ms=1), "ab")
    assert [prompt_text(job).rpartition("<|fim_middle|>")[2] for job in backend.jobs] == ["total = ", "total = a"]


@pytest.mark.parametrize(
    ("text", "expected", "by_word", "taken"),
    [
        ("mean(x)", "mean(x) + 1", False, 7),
        ("mean(x)\n", "mean(x)", False, 7),
        ("mean(x)\nprint()", "mean(x)\nshow()", False, 7),
        ("mean(x)", "mean(y)", False, 0),
        ("mean(x)", "mean(y)", True, 4),
        (" = mean(x)", " = median(x)", True, 2),
        ("median", "mean", True, 0),
        ("", "mean", True, 0),
    ],
)
def test_a_suggestion_is_taken_as_far_as_it_is_right(text: str, expected: str, by_word: bool, taken: int) -> None:
    assert right_part(text, expected, by_word=by_word) == taken


def test_the_table_counts_the_keys_after_the_first() -> None:
    cold = Key("line-end", True, False, 900.0, 400, 6)
    warm = Key("line-end", False, False, 120.0, 2, 6, shown=True, accepted=6)
    late = Key("line-end", False, True, None, 40, 3)
    whole = table([hole("0123456789")], [cold, warm, late], 300.0).splitlines()[2].split()
    assert whole == ["all", "1", "2", "50.0", "120", "2", "40", "3.0", "33.3", "100.0", "50.0"]


def test_the_command_prints_the_table_and_writes_the_keys(
    tmp_path: Path, backend: ScriptedBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    holes, out = tmp_path / "holes.jsonl", tmp_path / "keys.jsonl"
    cells = [{"type": "code", "source": source} for source in (KNOWN, "total = \nprint(total)")]
    line = {"id": "a", "kind": "line-end", "cells": cells, "cell": 1, "prefix": "total = ", "suffix": "\nprint(total)"}
    holes.write_text(json.dumps({**line, "expected": EXPECTED}) + "\n", encoding="utf-8")
    assert main(["eval", "keystrokes", str(holes), "--out", str(out)]) == 0
    assert "line-end" in capsys.readouterr().out
    (key,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert key["accepted"] == len(EXPECTED)
