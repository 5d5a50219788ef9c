"""What the benchmark asks of an engine, so that every engine is asked the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from llama_assist.cli.bench.trace import Keystroke


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer; times in milliseconds since the request, the last being when the answer stood complete."""

    first_token_ms: float
    last_token_ms: float
    total_ms: float
    num_tokens: int
    prompt_tokens: int
    cached_tokens: int

    @property
    def num_evaluated(self) -> int:
        """Prompt tokens that were not in the cache."""
        return self.prompt_tokens - self.cached_tokens

    @property
    def prefill_speed(self) -> float:
        """Prompt tokens per second until the first token of the answer."""
        return 1e3 * self.num_evaluated / self.first_token_ms

    @property
    def decode_speed(self) -> float:
        """Tokens per second after the first token; 0 if the answer ended there."""
        elapsed = self.last_token_ms - self.first_token_ms
        return 1e3 * (self.num_tokens - 1) / elapsed if elapsed > 0 else 0.0


class Contender(Protocol):
    """An engine in a process of its own."""

    name: str

    async def load(self) -> None:
        """Start the process and return when the model can answer; raise `AssistError` if it cannot."""
        ...

    async def unload(self) -> None:
        """End the process."""
        ...

    async def generate(self, text: str, max_tokens: int, *, drafts: bool = True) -> Timing:
        """Continue `text`, greedily; without `drafts` token by token."""
        ...

    async def stream(self, texts: Sequence[str], max_tokens: int) -> float:
        """Continue all texts at once; return tokens per second in all, from when each had its first to the end."""
        ...

    async def complete(self, keystroke: Keystroke, max_tokens: int) -> Timing:
        """Answer one request of an editor, greedily."""
        ...

    def describe(self) -> str:
        """Return engine, version and weights by name, after the first `load`."""
        ...

    def peak_bytes(self) -> int:
        """Return the most memory that the process has held."""
        ...


def peak_bytes_of(pid: int) -> int:
    """Return the most resident memory of a process so far; on macOS, where nothing tells, the present one."""
    if sys.platform == "linux":
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    memory = psutil.Process(pid).memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
