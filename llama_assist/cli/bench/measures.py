"""What is measured, and in which order: for each run one engine, then the other, so that drift hits both."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from llama_assist.cli.bench.contender import Contender, Timing
from llama_assist.cli.bench.texts import SourceTexts
from llama_assist.cli.bench.trace import Keystroke

PREFILLS = (128, 512, 1024)
NEW_TOKENS = 128
SHORT_CONTEXT, LONG_CONTEXT = 32, 2000
KEYSTROKE_TOKENS = 16
NUM_STREAMS = 4
FEW_TOKENS = 16  # answers that end before are no measure of speed

Better = Literal["higher", "lower", "-"]
Announce = Callable[[str], None]


@dataclass(slots=True)
class Measure:
    """Figures of one kind, by contender, in the order of the runs. `spread` says which figure tells how they vary."""

    name: str
    unit: str
    better: Better
    spread: Literal["range", "p95"] = "range"
    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, contender: Contender, figure: float) -> None:
        """Take in one figure."""
        self.figures.setdefault(contender.name, []).append(figure)


class Bench:
    """Runs the measures over all contenders; `announce` is told of each run before it begins."""

    def __init__(self, contenders: Sequence[Contender], num_runs: int, announce: Announce) -> None:
        self.measures: list[Measure] = []
        self._contenders = contenders
        self._num_runs = num_runs
        self._announce = announce

    async def load(self) -> None:
        """Measure loading, the first time and again, and leave everyone loaded."""
        first, again = Measure("load, first", "s", "lower"), Measure("load, again", "s", "lower")

        async def load(contender: Contender, run: int) -> None:
            if run:
                await contender.unload()
            started = time.perf_counter()
            await contender.load()
            (again if run else first).add(contender, time.perf_counter() - started)

        await self._interleave("load", self._num_runs + 1, load)
        self.measures += [first, again]

    async def prefill(self, texts: SourceTexts, num_tokens: int) -> None:
        """Measure reading a prompt of which nothing is cached."""
        measure = Measure(f"prefill of {num_tokens}", "tokens/s", "higher")
        prompts = [texts.take(num_tokens) for _ in range(self._num_runs)]

        async def prefill(contender: Contender, run: int) -> None:
            measure.add(contender, (await contender.generate(prompts[run], 1)).prefill_speed)

        await self._interleave(measure.name, self._num_runs, prefill)
        self.measures.append(measure)

    async def decode(self, texts: SourceTexts, num_tokens: int) -> None:
        """Measure writing behind a prompt of `num_tokens`, the same each time: it is read before the runs."""
        plain = Measure(f"decode after {num_tokens}, plain", "tokens/s", "higher")
        drafted = Measure(f"decode after {num_tokens}", "tokens/s", "higher")
        prompt = texts.take(num_tokens)

        async def decode(contender: Contender, run: int) -> None:
            for measure, drafts in ((plain, False), (drafted, True)):
                timing = await contender.generate(prompt, NEW_TOKENS if run else 1, drafts=drafts)
                if run:
                    measure.add(contender, timing.decode_speed)

        await self._interleave(drafted.name, self._num_runs + 1, decode)
        self.measures += [plain, drafted]

    async def write(self, prompts: Sequence[str]) -> None:
        """Measure writing behind given prompts, each once; those where anybody writes next to nothing are dropped."""
        plain = Measure("decode of the prompts, plain", "tokens/s", "higher")
        drafted = Measure("decode of the prompts", "tokens/s", "higher")
        found: dict[tuple[str, bool, int], Timing] = {}

        async def write(contender: Contender, index: int) -> None:
            for drafts in (False, True):
                found[contender.name, drafts, index] = await contender.generate(
                    prompts[index], NEW_TOKENS, drafts=drafts
                )

        await self._interleave("prompts", len(prompts), write)
        short = {index for (_, _, index), timing in found.items() if timing.num_tokens < FEW_TOKENS}
        for (name, drafts, index), timing in found.items():
            if index not in short:
                (drafted if drafts else plain).figures.setdefault(name, []).append(timing.decode_speed)
        self.measures += [measure for measure in (plain, drafted) if measure.figures]

    async def streams(self, texts: SourceTexts) -> None:
        """Measure writing `NUM_STREAMS` answers at once, tokens of all together."""
        measure = Measure(f"{NUM_STREAMS} streams", "tokens/s", "higher")
        prompts = [texts.take(SHORT_CONTEXT) for _ in range(NUM_STREAMS)]

        async def stream(contender: Contender, run: int) -> None:
            measure.add(contender, await contender.stream(prompts, NEW_TOKENS))

        await self._interleave(measure.name, self._num_runs, stream)
        self.measures.append(measure)

    async def replay(self, trace: Sequence[Keystroke], num_passes: int) -> None:
        """Measure recorded typing; each pass begins with empty caches."""
        first = Measure("key: first token", "ms", "lower", "p95")
        total = Measure("key: whole answer", "ms", "lower", "p95")
        evaluated = Measure("key: prompt tokens read", "tokens", "lower", "p95")
        written = Measure("key: tokens written", "tokens", "-", "p95")

        async def press(contender: Contender, index: int) -> None:
            timing: Timing = await contender.complete(trace[index], KEYSTROKE_TOKENS)
            first.add(contender, timing.first_token_ms)
            total.add(contender, timing.total_ms)
            evaluated.add(contender, timing.num_evaluated)
            written.add(contender, timing.num_tokens)

        for _ in range(num_passes):
            for contender in self._contenders:
                await contender.unload()
                await contender.load()
            await self._interleave("keystrokes", len(trace), press)
        self.measures += [first, total, evaluated, written]

    def memory(self) -> None:
        """Note the most memory that each process has held."""
        measure = Measure("peak memory", "MiB", "lower")
        for contender in self._contenders:
            measure.add(contender, contender.peak_bytes() / 2**20)
        self.measures.append(measure)

    async def _interleave(self, name: str, number: int, act: Callable[[Contender, int], Awaitable[None]]) -> None:
        for index in range(number):
            self._announce(f"{name} {index + 1}/{number}")
            for contender in self._contenders:
                await act(contender, index)
