"""The worker process speaks JSON lines, and lives exactly as long as its stdin."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.messages import Choice, Done, Superseded, TokenOut
from llama_assist.engine.worker import event_line, parse_generate
from llama_assist.types import SamplingParams, Usage


class Worker:
    """A process, its lines out and its lines in."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "llama_assist.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def send(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def end(self) -> tuple[int, str]:
        """Close stdin; return the exit code and what was written to stderr."""
        _, errors = self.process.communicate()
        return self.process.returncode, errors


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    with worker.process:
        yield worker
        worker.process.kill()


@pytest.fixture
def load(tiny_checkpoint: Checkpoint) -> Callable[..., dict[str, Any]]:
    """Return a line that loads the tiny model."""

    def load(**changes: Any) -> dict[str, Any]:
        order = {
            "op": "load",
            "checkpoint": str(tiny_checkpoint.path),
            "id": "tiny",
            "weights": "auto",
            "fast_prefill": True,
            "device": "cpu",
            "num_threads": 1,
            "context_length": 512,
            "num_slots": 2,
        }
        return {**order, **changes}

    return load


def generate(name: str, max_tokens: int = 3, **fields: Any) -> dict[str, Any]:
    sampling = {"max_tokens": max_tokens, "logit_bias": {"2": -100.0}}
    return {"op": "generate", "id": name, "token_ids": [20, 30, 40], "sampling": sampling, **fields}


def test_a_worker_that_was_told_nothing_ends_with_its_stdin(worker: Worker) -> None:
    assert worker.end() == (0, "")


def test_a_worker_loads_answers_and_ends(worker: Worker, load: Callable[..., dict[str, Any]]) -> None:
    worker.send(load())
    ready = worker.receive()
    assert (ready["event"], ready["device"], ready["weights"], ready["length"]) == ("ready", "cpu", "int4", 512)
    assert ready["weight_bytes"] > 10_000
    worker.send(generate("a"))
    lines = [worker.receive() for _ in range(4)]
    assert [(line["event"], line["id"]) for line in lines] == [("token", "a")] * 3 + [("done", "a")]
    assert lines[-1]["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "cached_tokens": 0}
    worker.send({"op": "cancel", "id": "a"})
    worker.send(generate("b", 0))
    assert worker.receive()["finish_reason"] == "length"
    assert worker.end() == (0, "")


def test_a_cancelled_request_ends_and_the_next_one_begins(worker: Worker, load: Callable[..., dict[str, Any]]) -> None:
    worker.send(load(num_slots=1))
    worker.receive()
    worker.send(generate("a", 500))
    assert worker.receive()["event"] == "token"
    worker.send({"op": "cancel", "id": "a"})
    worker.send(generate("b", 1))
    rest = [worker.receive()]
    while rest[-1]["event"] != "done" or rest[-1]["id"] != "b":
        rest.append(worker.receive())
    ends = [(line["id"], line["finish_reason"]) for line in rest if line["event"] == "done"]
    assert ends == [("a", "cancelled"), ("b", "length")]


def test_stdin_ends_a_worker_in_the_middle_of_an_answer(worker: Worker, load: Callable[..., dict[str, Any]]) -> None:
    worker.send(load(context_length=4096))
    worker.receive()
    worker.send(generate("a", 4000))
    assert worker.receive()["event"] == "token"
    output, errors = worker.process.communicate()
    assert (worker.process.returncode, errors) == (0, "")
    assert len(output.splitlines()) < 3999


@pytest.mark.parametrize(("changes", "reason"), [({"device": "cuda"}, "no-gpu"), ({"checkpoint": "nowhere"}, None)])
def test_a_worker_that_cannot_load_says_why(
    worker: Worker, load: Callable[..., dict[str, Any]], changes: dict[str, str], reason: str | None
) -> None:
    worker.send(load(**changes))
    line = worker.receive()
    assert line["event"] == "failed"
    assert line["message"]
    assert reason is None or line["reason"] == reason
    assert worker.end() == (1, "")


def test_a_fault_is_told_by_its_place_and_never_by_its_values(
    worker: Worker, load: Callable[..., dict[str, Any]]
) -> None:
    worker.send(load())
    worker.receive()
    worker.send(generate("a", forced="secret", sampling={"max_tokens": "secret"}))
    assert worker.process.wait() == 70
    _, errors = worker.end()
    assert "TypeError at" in errors
    assert "secret" not in errors


def test_a_request_is_read_from_its_line() -> None:
    line = {
        "id": "7",
        "token_ids": [1, 2],
        "sampling": {"max_tokens": 3, "stop": ["\n"], "stop_tokens": ["x"], "logit_bias": {"5": 1.5}, "seed": 0},
        "stop_ids": [2],
        "forced": "é".encode().decode("latin-1"),
        "priority": "inline",
        "document": "a#1",
    }
    found = parse_generate(json.loads(json.dumps(line)))
    assert (found.id, found.token_ids, found.stop_ids) == ("7", (1, 2), frozenset({2}))
    assert found.sampling == SamplingParams(max_tokens=3, stop=("\n",), logit_bias={5: 1.5}, seed=0)
    assert (found.forced, found.priority, found.document) == ("é".encode(), "inline", "a#1")


def test_every_event_becomes_a_line() -> None:
    usage = Usage(1, 2, 3)
    token = TokenOut("a", Choice(5, -0.5), "x", "xy", usage, (("xy", -0.5),))
    assert event_line(token) == {
        "event": "token",
        "id": "a",
        "token_id": 5,
        "text": "x",
        "piece": "xy",
        "logprob": -0.5,
        "top": (("xy", -0.5),),
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cached_tokens": 3},
    }
    done = event_line(Done("a", "stop", usage, "rest"))
    assert (done["event"], done["finish_reason"], done["text"]) == ("done", "stop", "rest")
    assert event_line(Superseded("a")) == {"event": "superseded", "id": "a"}
