"""One answer, followed to its end: its text, and when it came."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from llama_assist.types import Chunk, FinishReason, Usage


@dataclass(slots=True)
class Reply:
    """Times are milliseconds since the request; those of an answer without text are the time of its end."""

    text: str = ""
    first_token_ms: float = 0.0
    first_text_ms: float = 0.0
    total_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason | None = None
    debug: Mapping[str, object] = field(default_factory=dict)

    @property
    def tokens_per_second(self) -> float:
        """Decoding speed: tokens after the first, by the time after the first; 0 if there was only one."""
        elapsed = self.total_ms - self.first_token_ms
        return 1e3 * (self.usage.completion_tokens - 1) / elapsed if elapsed > 0 else 0.0

    @property
    def num_evaluated(self) -> int:
        """Prompt tokens that were not in the cache."""
        return self.usage.prompt_tokens - self.usage.cached_tokens

    def add(self, chunk: Chunk, elapsed_ms: float) -> None:
        """Take in one chunk, `elapsed_ms` after the request."""
        if not self.first_token_ms:
            self.first_token_ms = elapsed_ms
        if not self.text:
            self.first_text_ms = elapsed_ms
        self.total_ms = elapsed_ms
        self.text += chunk.text
        self.usage = chunk.usage if chunk.usage is not None else self.usage
        self.finish_reason = chunk.finish_reason
        self.debug = chunk.debug if chunk.debug is not None else self.debug

    def describe(self) -> str:
        """Return times and counts as one line for people."""
        usage = self.usage
        return (
            f"first token after {self.first_text_ms / 1e3:.2f} s, {self.tokens_per_second:.0f} tokens/s; "
            f"{usage.completion_tokens} written, {usage.prompt_tokens} in the prompt ({usage.cached_tokens} cached)"
        )


async def follow(chunks: AsyncGenerator[Chunk, None], show: Callable[[str], None] | None = None) -> Reply:
    """Return the whole answer; `show` gets each piece of text as it comes. Leaving early frees the model."""
    reply = Reply()
    started = time.perf_counter()
    async with aclosing(chunks) as running:
        async for chunk in running:
            reply.add(chunk, (time.perf_counter() - started) * 1e3)
            if show is not None and chunk.text:
                show(chunk.text)
    return reply
