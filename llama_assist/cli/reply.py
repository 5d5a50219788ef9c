"""One answer, followed to its end: its text, what it cost, and when it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llama_assist.types import Chunk, FinishReason, Usage


@dataclass(slots=True)
class Reply:
    """Times are milliseconds since the request.

    `first_text_ms` is when there was something to show, and the end if there never was; filters may hold text back.
    `token_ms` is when each token came from the model, shown or not; empty if it wrote none.
    """

    text: str = ""
    first_text_ms: float = 0.0
    total_ms: float = 0.0
    token_ms: list[float] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason | None = None
    debug: Mapping[str, object] = field(default_factory=dict)

    @property
    def first_token_ms(self) -> float:
        """When the first token came; the end if none did."""
        return self.token_ms[0] if self.token_ms else self.total_ms

    @property
    def tokens_per_second(self) -> float:
        """Tokens after the first, by the time after the first; 0 where there are none."""
        elapsed = self.token_ms[-1] - self.token_ms[0] if self.token_ms else 0.0
        return 1e3 * (len(self.token_ms) - 1) / elapsed if elapsed > 0 else 0.0

    def add(self, chunk: Chunk, elapsed_ms: float) -> None:
        """Take in one chunk, `elapsed_ms` after the request."""
        if not self.text:
            self.first_text_ms = elapsed_ms
        self.total_ms = elapsed_ms
        self.text += chunk.text
        self.usage = chunk.usage if chunk.usage is not None else self.usage
        self.finish_reason = chunk.finish_reason
        self.debug = chunk.debug if chunk.debug is not None else self.debug

    def describe(self) -> str:
        """Return times and counts as one line for people."""
        times = f"first token after {self.first_token_ms / 1e3:.2f} s, {self.tokens_per_second:.0f} tokens/s"
        tokens = f"{len(self.token_ms)} tokens, {self.total_ms / 1e3:.2f} s in all"
        return f"{times}; {tokens}; prompt of {self.usage.prompt_tokens}, {self.usage.cached_tokens} of them cached"
