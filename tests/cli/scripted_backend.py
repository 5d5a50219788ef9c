"""A backend without a model: it writes what it is told to, and keeps every job."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from llama_assist.config import Assist
from llama_assist.types import Chunk, Job, ModelInfo, Status, TokenLogprob, Usage

CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"


class ScriptedBackend:
    """Implements `Backend`; each answer is `pieces`, and an exception among them is raised in its place."""

    def __init__(self, *pieces: str | Exception) -> None:
        self.pieces: Sequence[str | Exception] = pieces
        self.config = Assist()
        self.jobs: list[Job] = []
        self.num_starts = 0
        self.num_stops = 0

    async def describe(self) -> ModelInfo:
        return ModelInfo("scripted", "qwen2.5-coder", 4096, CHAT_TEMPLATE, eos_tokens=("<|im_end|>",))

    def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        self.jobs.append(job)
        number = 0
        for number, piece in enumerate(self.pieces, 1):
            if isinstance(piece, Exception):
                raise piece
            yield Chunk(piece, logprobs=(TokenLogprob(piece, -0.1),), usage=Usage(20, number, 5))
        yield Chunk(finish_reason="stop", usage=Usage(20, number + 1, 5))

    def status(self) -> Status:
        return Status("ready", self.config.model, device="cpu", weights="int4")

    async def start(self) -> None:
        self.num_starts += 1

    async def stop(self) -> None:
        self.num_stops += 1


def prompt_text(job: Job) -> str:
    """Return all text of a job's prompt, special tokens too."""
    pieces = [segment if isinstance(segment, str) else segment.text for segment in job.prompt.segments]
    return "".join(pieces) + job.prompt.typed


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ScriptedBackend:
    """What every session of a command stands on."""
    scripted = ScriptedBackend("np.", "mean", "(values)")

    def make(config: Assist) -> ScriptedBackend:
        scripted.config = config
        return scripted

    monkeypatch.setattr("llama_assist.cli.session.make_backend", make)
    return scripted
