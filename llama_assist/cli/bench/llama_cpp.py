"""llama.cpp as a contender: the same weights as a GGUF file, through llama-cpp-python in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_assist.cli.bench.contender import Timing, peak_bytes_of
from llama_assist.errors import InvalidRequestError, ModelError
from llama_assist.prompt.fim import FimForm

if TYPE_CHECKING:
    from llama_assist.cli.bench.trace import Keystroke

_WORKER = "llama_assist.cli.bench.llama_cpp_worker"

Segment = tuple[str, bool]
"""A text, and whether special tokens in it are meant."""


@dataclass(frozen=True, slots=True)
class LlamaCppOptions:
    """What to load; `form` is how the model writes prefix, suffix and middle, always in its plain order here."""

    gguf: Path
    num_threads: int
    context_length: int
    form: FimForm


def check_llama_cpp(gguf: Path) -> None:
    """Raise `InvalidRequestError` saying what is missing for the comparison."""
    if find_spec("llama_cpp") is None:
        raise InvalidRequestError(
            "The comparison needs llama-cpp-python: `python -m pip install llama-cpp-python`, or leave out --gguf.",
            "gguf",
        )
    if not gguf.is_file():
        raise InvalidRequestError(f"There is no file {gguf}.", "gguf")


class LlamaCpp:
    """Asks one worker; it times itself, so what passes through the pipe is not charged to it."""

    name = "llama.cpp"

    def __init__(self, options: LlamaCppOptions) -> None:
        self._options = options
        self._process: Process | None = None
        self._version = ""

    async def load(self) -> None:
        options = self._options
        numbers = (str(options.num_threads), str(options.context_length))
        command = (sys.executable, "-m", _WORKER, str(options.gguf), *numbers)
        self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        self._version = (await self._receive())["version"]

    async def unload(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

    async def generate(self, text: str, max_tokens: int, *, drafts: bool = True) -> Timing:
        return await self._ask([(text, False)], max_tokens)

    async def stream(self, texts: Sequence[str], max_tokens: int) -> float:
        answer = await self._order({"streams": list(texts), "max_tokens": max_tokens})
        return float(answer["tokens_per_second"])

    async def complete(self, keystroke: Keystroke, max_tokens: int) -> Timing:
        return await self._ask(plain_prompt(keystroke, self._options.form), max_tokens)

    def describe(self) -> str:
        return f"llama-cpp-python {self._version}, {self._options.gguf.name}, {self._options.num_threads} threads"

    def peak_bytes(self) -> int:
        assert self._process is not None
        return peak_bytes_of(self._process.pid)

    async def _ask(self, segments: list[Segment], max_tokens: int) -> Timing:
        return Timing(**await self._order({"segments": segments, "max_tokens": max_tokens}))

    async def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._receive()

    async def _receive(self) -> dict[str, Any]:
        """Return the worker's next line; raise `ModelError` for its error, or if it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            await self.unload()
            raise ModelError(f"llama.cpp cannot run {self._options.gguf.name}: {answer['error']}", "llama-cpp")
        return answer


def plain_prompt(keystroke: Keystroke, form: FimForm) -> list[Segment]:
    """Return cells, prefix, suffix and middle as the model's card has them; prefix alone without such a form."""
    above = keystroke.context + keystroke.prefix
    if not form.is_trained:
        return [(above, False)]
    before, after = (form.prefix, above), (form.suffix, keystroke.suffix)
    parts = (before, after) if form.order == "psm" else (after, before)
    segments = [segment for mark, text in parts for segment in ((mark, True), (text, False))]
    return [*segments, (form.middle, True)]
