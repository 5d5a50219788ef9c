"""`llama-assist bench`: every measure, in turns, on a tiny engine of our own and on a rival that only pretends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_model import TINY

from llama_assist.cli import main
from llama_assist.cli.bench.contender import Timing
from llama_assist.cli.bench.measures import Bench
from llama_assist.cli.bench.texts import SourceTexts
from llama_assist.cli.bench.trace import Keystroke

Capture = pytest.CaptureFixture[str]

FAKE_PACKAGE = Path(__file__).parent / "fake_llama_cpp"
KEYS = [Keystroke("0", "import numpy\n\n", "a = "[:length], "\n") for length in range(1, 5)]


class Recorder:
    """A contender that writes down what it is asked."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.prompts: list[str] = []
        self._diary = diary

    def _note(self, what: str) -> None:
        self._diary.append(f"{self.name} {what}")

    async def load(self) -> None:
        self._note("load")

    async def unload(self) -> None:
        self._note("unload")

    async def generate(self, text: str, max_tokens: int, *, drafts: bool = True) -> Timing:
        self._note(f"generate {max_tokens}" if drafts else f"generate {max_tokens} plain")
        self.prompts.append(text)
        return Timing(100.0, 200.0, 200.0, 1 if text == "short" else 21, 50, 10)

    async def stream(self, texts: Sequence[str], max_tokens: int) -> float:
        self._note(f"stream {len(set(texts))} x {max_tokens}")
        return 80.0

    async def complete(self, keystroke: Keystroke, max_tokens: int) -> Timing:
        self._note(f"complete {keystroke.prefix}")
        return Timing(100.0, 150.0, 200.0, 3, 50, 45)

    def describe(self) -> str:
        return self.name

    def peak_bytes(self) -> int:
        return 2**20


@pytest.fixture
def diary() -> list[str]:
    return []


@pytest.fixture
def bench(diary: list[str]) -> Bench:
    return Bench([Recorder("one", diary), Recorder("two", diary)], 2, lambda text: None)


def texts() -> SourceTexts:
    return SourceTexts(len)


async def test_engines_take_turns_within_each_run(bench: Bench, diary: list[str]) -> None:
    await bench.prefill(texts(), 128)
    assert diary == ["one generate 1", "two generate 1"] * 2
    (measure,) = bench.measures
    assert measure.figures == {"one": [400.0, 400.0], "two": [400.0, 400.0]}


async def test_every_prefill_is_cold_and_both_read_the_same(diary: list[str]) -> None:
    one, two = Recorder("one", diary), Recorder("two", diary)
    await Bench([one, two], 3, lambda text: None).prefill(texts(), 128)
    assert len(set(one.prompts)) == 3
    assert one.prompts == two.prompts


async def test_decoding_is_measured_behind_a_prompt_that_was_read_before(diary: list[str]) -> None:
    one = Recorder("one", diary)
    bench = Bench([one], 3, lambda text: None)
    await bench.decode(texts(), 32)
    assert diary[:2] == ["one generate 1 plain", "one generate 1"]
    assert diary[2:] == ["one generate 128 plain", "one generate 128"] * 3
    assert len(set(one.prompts)) == 1
    assert [measure.name for measure in bench.measures] == ["decode after 32, plain", "decode after 32"]
    assert bench.measures[0].figures == {"one": [200.0] * 3}


async def test_streams_are_asked_at_once(bench: Bench, diary: list[str]) -> None:
    await bench.streams(texts())
    assert diary == ["one stream 4 x 128", "two stream 4 x 128"] * 2
    assert bench.measures[0].figures == {"one": [80.0] * 2, "two": [80.0] * 2}


async def test_prompts_behind_which_little_is_written_do_not_count(bench: Bench) -> None:
    await bench.write(["first", "short", "last"])
    plain, drafted = bench.measures
    assert plain.figures == drafted.figures == {"one": [200.0] * 2, "two": [200.0] * 2}


async def test_the_first_load_stands_apart_and_all_stay_loaded(bench: Bench, diary: list[str]) -> None:
    await bench.load()
    assert diary == ["one load", "two load", *["one unload", "one load", "two unload", "two load"] * 2]
    first, again = bench.measures
    assert [len(first.figures["one"]), len(again.figures["one"])] == [1, 2]


async def test_each_pass_over_the_trace_begins_with_empty_caches(bench: Bench, diary: list[str]) -> None:
    await bench.replay(KEYS, 2)
    half = len(diary) // 2
    assert diary[:half] == diary[half:]
    assert diary[:6] == ["one unload", "one load", "two unload", "two load", "one complete a", "two complete a"]
    read = next(measure for measure in bench.measures if measure.name == "key: prompt tokens read")
    assert read.figures["two"] == [5.0] * 8


def write_trace(folder: Path) -> Path:
    keys = [{"seq": key.sequence, "context": key.context, "prefix": key.prefix, "suffix": key.suffix} for key in KEYS]
    path = folder / "trace.json"
    path.write_text(json.dumps(keys), encoding="utf-8")
    return path


def write_holes(folder: Path) -> Path:
    hole = {"id": "h", "cells": [{"source": "import os\n"}, {"source": "x"}], "cell": 1, "prefix": "a =", "suffix": ""}
    path = folder / "holes.jsonl"
    path.write_text(json.dumps(hole), encoding="utf-8")
    return path


@pytest.fixture
def measured(tmp_path: Path, tiny_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> dict[str, Any]:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tiny_home))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_PACKAGE))
    monkeypatch.syspath_prepend(FAKE_PACKAGE)
    gguf = tmp_path / "tiny.gguf"
    gguf.touch()
    words = ["--runs", "1", "--trace", str(write_trace(tmp_path)), "--gguf", str(gguf)]
    words += ["--prompts", str(write_holes(tmp_path))]
    settings = [
        "--model",
        TINY,
        "--Assist.weights=float32",
        "--Assist.prompt_tokens=200",
        "--Assist.context_length=256",
    ]
    assert main(["bench", "--json", *words, *settings]) == 0
    captured = capsys.readouterr()
    assert "prefill of 128 1/1" in captured.err
    made: dict[str, Any] = json.loads(captured.out)
    return made


def test_our_engine_is_measured_beside_the_rival(measured: dict[str, Any]) -> None:
    names = [measure["name"] for measure in measured["measures"]]
    assert names[:3] == ["load, first", "load, again", "prefill of 128"]
    assert names[3:7] == ["decode after 32, plain", "decode after 32", "peak memory", "4 streams"]
    assert names[7:9] == ["decode of the prompts, plain", "decode of the prompts"]
    assert names[9:] == ["key: first token", "key: whole answer", "key: prompt tokens read", "key: tokens written"]
    for measure in measured["measures"][:-1]:
        assert measure["llama_assist"]["median"] > 0
        assert measure["llama.cpp"]["median"] > 0
        assert measure["ratio"]["median"] > 0
    assert "prefill of 512, prefill of 1024, decode after 2000" in measured["setup"]["left out"]
    assert f"{TINY} in float32 on cpu" in measured["setup"]["llama_assist"]
    assert "tiny.gguf" in measured["setup"]["llama.cpp"]
    read = measured["measures"][11]["llama_assist"]["figures"]
    assert len(read) == len(KEYS)
    assert max(read[1:]) < read[0]


@pytest.mark.parametrize("words", [["--runs", "0"], ["--trace-runs", "0"]])
def test_no_run_is_no_benchmark(words: list[str], capsys: Capture) -> None:
    assert main(["bench", *words]) == 1
    assert "count from 1" in capsys.readouterr().err
