"""Running an engine by hand, on the tiny model or on a network that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.engine import Engine
from llama_assist.engine.kv_cache import Slot
from llama_assist.engine.messages import Done, Event, Generate, TokenOut
from llama_assist.engine.reads import Read
from llama_assist.engine.runner import LlamaRunner, Runner
from llama_assist.engine.vocabulary import Vocabulary
from llama_assist.engine.weights import choose_prefill
from llama_assist.types import SamplingParams

CPU = torch.device("cpu")


class PlainSlot(Slot):
    """A slot of the scripted network; `first` is where its answer begins."""

    first = 0

    def copy_entries(self, other: Slot, length: int) -> None:
        """Nothing is stored."""

    def clear(self) -> None:
        """Nothing is stored."""


class ScriptedRunner:
    """Prefers `answer[i]` as the i-th token behind any prompt; it notes what it was asked to read."""

    weights = "script"
    num_bytes = 0
    takes_drafts = False

    def __init__(self, answer: Sequence[int], num_logits: int, length: int = 64) -> None:
        self.answer = list(answer)
        self.num_logits = num_logits
        self.length = length
        self.reads: list[tuple[int, int]] = []
        self.steps: list[int] = []

    def new_slot(self) -> PlainSlot:
        return PlainSlot()

    def run(self, reads: Sequence[Read[PlainSlot]]) -> list[Tensor | None]:
        self.steps.append(len(reads))
        return [self._read(read) for read in reads]

    def _read(self, read: Read[PlainSlot]) -> Tensor | None:
        places = range(read.start + 1, read.start + 1 + len(read.token_ids))
        if read.is_prompt:
            self.reads.append((read.start, len(read.token_ids)))
            read.slot.first = read.start + len(read.token_ids)
            return self._logits(0)[None] if read.wants_logits else None
        return torch.stack([self._logits(place - read.slot.first) for place in places])

    def _logits(self, index: int) -> Tensor:
        logits = torch.zeros(self.num_logits)
        logits[self.answer[min(index, len(self.answer) - 1)]] = 5.0
        return logits


def tiny_runner(
    checkpoint: Checkpoint, weights: str = "float32", *, fast_prefill: bool = True, length: int = 512
) -> LlamaRunner:
    return LlamaRunner(checkpoint, weights, CPU, fast_prefill=fast_prefill, length=length)


def make_engine(checkpoint: Checkpoint, weights: str = "float32", num_slots: int = 2, **options: Any) -> Engine:
    vocabulary = Vocabulary.from_file(checkpoint.tokenizer_path)
    return Engine(tiny_runner(checkpoint, weights, **options), vocabulary, num_slots)


def read_prompt(runner: Runner[Any], slot: Any, ids: Sequence[int], start: int) -> Tensor:
    """Read a piece of a prompt; return the logits [vocabulary] of its end."""
    (logits,) = runner.run([Read(slot, ids, start, is_prompt=True)])
    assert logits is not None
    return logits[0]


def read_answer(runner: Runner[Any], slot: Any, ids: Sequence[int], start: int) -> Tensor:
    """Read generated tokens; return the logits [tokens, vocabulary]."""
    (logits,) = runner.run([Read(slot, ids, start, is_prompt=False)])
    assert logits is not None
    return logits


def needs_exact_bf16(weights: str, *, fast_prefill: bool = False) -> None:
    """Skip where products in bf16 are emulated: their rounding depends on the rows beside."""
    if (weights == "bf16" or (fast_prefill and weights != "float32")) and not choose_prefill(True, CPU):
        pytest.skip("this processor has no bf16 instructions; the engine reads prompts otherwise here")


def forget(engine: Engine) -> Engine:
    """Empty the slots, so that the next prompt is read from its beginning."""
    for slot in engine._pool.slots:
        slot.token_ids = []
    return engine


def request(name: str, token_ids: Iterable[int], max_tokens: int = 8, **fields: Any) -> Generate:
    """A request; fields of the sampling may be given beside those of the request."""
    own = {"stop_ids", "forced", "priority", "document", "drafts"}
    sampling = SamplingParams(max_tokens=max_tokens, **{key: fields[key] for key in fields.keys() - own})
    return Generate(name, tuple(token_ids), sampling, **{key: fields[key] for key in fields.keys() & own})


def drain(engine: Engine, watch: Callable[[Event], None] = lambda event: None) -> list[Event]:
    """Step until nothing waits or runs."""
    events: list[Event] = []
    while engine.num_sequences:
        for event in engine.step():
            watch(event)
            events.append(event)
    return events


def text_of(events: Iterable[Event], name: str = "") -> str:
    """The whole answer to one request, or to the only one."""
    shown = (event for event in events if isinstance(event, TokenOut | Done) and (not name or event.id == name))
    return "".join(event.text for event in shown)


def end_of(events: Iterable[Event], name: str = "") -> Done:
    """The one end of a request."""
    ends = [event for event in events if isinstance(event, Done) and (not name or event.id == name)]
    assert len(ends) == 1
    return ends[0]


def run_one(engine: Engine, order: Generate) -> list[Event]:
    """Submit one request and run it to its end."""
    return [*engine.submit(order), *drain(engine)]
