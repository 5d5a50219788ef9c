"""The backend protocol: a prompt in, chunks of text out, whatever runs the model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

from llama_assist.types import Chunk, Job, ModelInfo, Prompt, Status


class Backend(Protocol):
    """Runs jobs. Closing the generator of a job frees the model within one step."""

    async def describe(self) -> ModelInfo:
        """Return what the prompt layer must know; raise `ModelError` or `EngineUnavailableError`."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of plain `text`."""
        ...

    def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; the last chunk has `finish_reason` and `usage`.

        Raises `ContextTooLongError`, `BusyError`, `EngineUnavailableError`, `EngineCrashedError`
        or `SupersededError`.
        """
        ...

    def status(self) -> Status:
        """Return the state without starting anything."""
        ...

    async def start(self) -> None:
        """Load the model now and return when it is ready."""
        ...

    async def stop(self) -> None:
        """Give the memory back; the next job starts the engine again."""
        ...


@runtime_checkable
class Switchable(Protocol):
    """A backend that can serve another model without a restart."""

    async def switch(self, model: str) -> None:
        """Serve another model from now on, and end what runs; raise `ModelError` where it cannot be had."""
        ...


@runtime_checkable
class Guarded(Protocol):
    """A backend that leaves something out of prompts before they leave this machine."""

    def outgoing(self, prompt: Prompt) -> Prompt:
        """Return the prompt as it is sent."""
        ...
