"""The whole benchmark: who takes part, which sizes fit, and what was compared on what."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llama_assist.cli.bench.contender import Contender
from llama_assist.cli.bench.llama_cpp import LlamaCpp, LlamaCppOptions, check_llama_cpp
from llama_assist.cli.bench.measures import LONG_CONTEXT, NEW_TOKENS, PREFILLS, SHORT_CONTEXT, Bench
from llama_assist.cli.bench.ours import Ours
from llama_assist.cli.bench.report import Report
from llama_assist.cli.bench.texts import SourceTexts
from llama_assist.cli.bench.trace import Keystroke
from llama_assist.config import Assist
from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.fim import find_form


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to run what; `gguf` is what llama.cpp runs, if it takes part."""

    num_runs: int
    trace: Sequence[Keystroke] = ()
    num_passes: int = 1
    gguf: Path | None = None
    prompts: Sequence[str] = ()


async def compare(config: Assist, plan: Plan, announce: Callable[[str], None]) -> Report:
    """Return what was measured; `announce` is told of each run.

    Raises `InvalidRequestError` for a plan that cannot be run, and `ModelError` where a model cannot be loaded.
    """
    if plan.num_runs < 1 or plan.num_passes < 1:
        raise InvalidRequestError("Runs and passes count from 1.", "runs")
    ours = Ours(config)
    contenders: list[Contender] = [ours]
    if plan.gguf is not None:
        contenders.append(await _make_llama_cpp(ours, config, plan.gguf))
    bench = Bench(contenders, plan.num_runs, announce)
    try:
        await bench.load()
        setup = _describe(contenders)
        left_out = await _measure(bench, ours, config)
        if plan.prompts:
            await bench.write(plan.prompts)
        if plan.trace:
            await bench.replay(plan.trace, plan.num_passes)
    finally:
        for contender in contenders:
            await contender.unload()
    if left_out:
        setup["left out"] = f"{', '.join(left_out)}: more than the context holds"
    return Report(setup, [contender.name for contender in contenders], bench.measures)


async def _make_llama_cpp(ours: Ours, config: Assist, gguf: Path) -> LlamaCpp:
    check_llama_cpp(gguf)
    model = await ours.session.backend.describe()
    num_threads = config.num_threads if config.num_threads else _available_cores()
    return LlamaCpp(LlamaCppOptions(gguf, num_threads, config.context_length, find_form(model.family)))


async def _measure(bench: Bench, ours: Ours, config: Assist) -> list[str]:
    """Run every size that fits; return the names of those that do not."""
    backend = ours.session.backend
    limit = min(config.context_length, (await backend.describe()).context_length)
    texts = SourceTexts(backend.count)
    left_out = [f"prefill of {size}" for size in PREFILLS if size + 1 >= limit]
    left_out += [f"decode after {size}" for size in (SHORT_CONTEXT, LONG_CONTEXT) if size + NEW_TOKENS >= limit]
    for size in PREFILLS:
        if size + 1 < limit:
            await bench.prefill(texts, size)
    for size in (SHORT_CONTEXT, LONG_CONTEXT):
        if size + NEW_TOKENS < limit:
            await bench.decode(texts, size)
    bench.memory()
    await bench.streams(texts)
    return left_out


def _describe(contenders: Sequence[Contender]) -> dict[str, str]:
    """Return machine and engines by name and version; no paths."""
    cores = f"{_available_cores()} cores"
    machine = f"{platform.system()} {platform.machine()}, {cores}, Python {platform.python_version()}"
    return {"machine": machine, **{contender.name: contender.describe() for contender in contenders}}


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
