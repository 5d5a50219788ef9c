"""What was heard once is told again, and the model is asked only for what is new."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from scripted_backend import ScriptedBackend

from llama_assist.cli.heard import HeardBackend
from llama_assist.types import Chunk, Job, Prompt, SamplingParams


def job(text: str = "x", **sampling: float) -> Job:
    return Job(Prompt((text,)), SamplingParams(**sampling))  # type: ignore[arg-type]


async def listen(backend: HeardBackend, order: Job, most: int = 99) -> list[Chunk]:
    chunks: list[Chunk] = []
    async with aclosing(backend.generate(order)) as running:
        async for chunk in running:
            chunks.append(chunk)
            if len(chunks) == most:
                break
    return chunks


def test_the_same_prompt_is_answered_without_the_model() -> None:
    scripted = ScriptedBackend("a", "b")
    heard = HeardBackend(scripted)

    async def twice() -> tuple[list[Chunk], list[Chunk]]:
        return await listen(heard, job()), await listen(heard, job())

    first, second = asyncio.run(twice())
    assert first == second
    assert [chunk.text for chunk in first] == ["a", "b", ""]
    assert len(scripted.jobs) == 1


def test_another_prompt_or_sampling_is_another_answer() -> None:
    scripted = ScriptedBackend("a")
    heard = HeardBackend(scripted)

    async def ask() -> None:
        for order in (job(), job("y"), job(max_tokens=3)):
            await listen(heard, order)

    asyncio.run(ask())
    assert len(scripted.jobs) == 3


def test_who_listens_longer_than_the_first_hears_the_whole() -> None:
    scripted = ScriptedBackend("a", "b", "c")
    heard = HeardBackend(scripted)

    async def ask() -> list[list[Chunk]]:
        return [await listen(heard, job(), most) for most in (1, 2, 99, 99)]

    short, longer, whole, again = asyncio.run(ask())
    assert [chunk.text for chunk in whole] == ["a", "b", "c", ""]
    assert short == whole[:1]
    assert longer == whole[:2]
    assert again == whole
    assert len(scripted.jobs) == 3
