"""Prompts go in, chunks come out, through a real worker process."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from backend_runs import LONG, answer, backend_on, job, text, until, worker_of
from tiny_model import TINY

from llama_assist.backends.local import LocalBackend
from llama_assist.backends.process import WorkerProcess
from llama_assist.errors import (
    BusyError,
    ContextTooLongError,
    InvalidRequestError,
    ModelError,
    SupersededError,
)
from llama_assist.types import Job, Prompt, SamplingParams, Special


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Everything that workers say, in order."""
    seen: list[dict[str, Any]] = []
    dispatch = WorkerProcess._dispatch

    def note(worker: WorkerProcess, event: dict[str, Any]) -> None:
        seen.append(event)
        dispatch(worker, event)

    monkeypatch.setattr(WorkerProcess, "_dispatch", note)
    return seen


async def test_an_answer_is_streamed_and_the_next_one_is_cached(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        assert backend.status().state == "stopped"
        first = await answer(backend, job(max_tokens=6))
        assert len(first) == 7
        assert [chunk.finish_reason for chunk in first] == [None] * 6 + ["length"]
        usage = first[-1].usage
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (
            backend.count("def load(path"),
            6,
            0,
        )
        second = await answer(backend, job(max_tokens=6))
        assert [chunk.text for chunk in second] == [chunk.text for chunk in first]
        assert second[-1].usage is not None
        assert second[-1].usage.cached_tokens == usage.prompt_tokens - 1


async def test_the_status_tells_what_runs(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        await backend.start()
        await answer(backend, job())
        status = backend.status()
        assert (status.state, status.model, status.device, status.weights) == ("ready", TINY, "cpu", "float32")
        assert (status.queue, status.running, status.restarts) == (0, 0, 0)
        assert status.memory_bytes > 10 << 20
        assert len(status.latencies_ms) == 1
        await backend.stop()
        assert backend.status().state == "stopped"
        assert backend.status().memory_bytes == 0
        assert await text(backend, job())


async def test_many_requests_share_one_worker_and_take_turns(tiny_home: Path, events: list[dict[str, Any]]) -> None:
    async with backend_on(tiny_home) as backend:
        orders = [job("import numpy", 40), job("class Counter", 40), job("values = [", 40, temperature=0.8, seed=3)]
        together = await asyncio.gather(*(text(backend, order) for order in orders))
        assert [event["event"] for event in events].count("ready") == 1
        ids = [event["id"] for event in events if event["event"] == "token"]
        assert ids[: ids.index("3") + 20] != sorted(ids[: ids.index("3") + 20])
        assert [await text(backend, order) for order in orders] == list(together)


async def test_closing_an_answer_frees_the_engine(tiny_home: Path, events: list[dict[str, Any]]) -> None:
    async with backend_on(tiny_home, num_slots=1) as backend:
        async with aclosing(backend.generate(job(max_tokens=LONG))) as chunks:
            async for _ in chunks:
                break
        assert worker_of(backend).num_requests == 0
        assert await text(backend, job("import pandas", 3))
        (cancelled,) = (event for event in events if event.get("finish_reason") == "cancelled")
        assert cancelled["usage"]["completion_tokens"] < LONG
        assert backend.status().queue == backend.status().running == 0


async def test_cancelling_the_task_frees_the_engine(tiny_home: Path, events: list[dict[str, Any]]) -> None:
    async with backend_on(tiny_home, num_slots=1) as backend:
        task = asyncio.create_task(text(backend, job(max_tokens=LONG)))
        await until(lambda: any(event["event"] == "token" for event in events))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await text(backend, job("import pandas", 3))
        assert [event["finish_reason"] for event in events if event["event"] == "done"] == ["cancelled", "length"]


async def test_closing_an_answer_that_waits_for_the_engine_to_load_leaves_nothing_behind(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        task = asyncio.create_task(text(backend, job()))
        await until(lambda: backend.status().state == "loading")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert backend.status().queue == 0
        assert await text(backend, job())


async def test_a_newer_request_for_a_document_takes_the_place_of_the_older(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        older = backend.generate(job(max_tokens=LONG, priority="inline", document="a.ipynb#1"))
        await older.__anext__()
        assert await text(backend, job("import pandas", 3, priority="inline", document="a.ipynb#1"))
        with pytest.raises(SupersededError):
            async for _ in older:
                pass
        await older.aclose()


async def test_a_full_queue_refuses_at_once(tiny_home: Path) -> None:
    async with backend_on(tiny_home, max_queue=1) as backend:
        async with aclosing(backend.generate(job(max_tokens=LONG))) as chunks:
            await chunks.__anext__()
            with pytest.raises(BusyError) as caught:
                await answer(backend, job())
        assert caught.value.retry_after >= 1
        assert await text(backend, job())


async def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(tiny_home: Path) -> None:
    async with backend_on(tiny_home, context_length=256) as backend:
        await backend.describe()
        prompt = "x = 1\n" * 300
        num_tokens = backend.count(prompt)
        with pytest.raises(ContextTooLongError) as caught:
            await answer(backend, job(prompt))
        assert (caught.value.num_tokens, caught.value.limit) == (num_tokens, 256)
        assert f"{num_tokens} tokens" in str(caught.value)
        assert "256" in str(caught.value)
        assert backend.status().queue == backend.status().running == 0


async def test_the_longest_prompt_that_is_accepted_is_answered(tiny_home: Path) -> None:
    async with backend_on(tiny_home, context_length=256) as backend:
        await backend.describe()
        prompt = "\x00" * 254  # one token a byte
        assert backend.count(prompt) == 254
        chunks = await answer(backend, job(prompt, max_tokens=9))
        assert chunks[-1].finish_reason == "length"
        with pytest.raises(ContextTooLongError):
            await answer(backend, job(prompt + "\x00"))


async def test_empty_and_typed_prompts_and_every_kind_of_stop_pass_through(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        chunks = await answer(backend, Job(Prompt(()), SamplingParams(max_tokens=2)))
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.prompt_tokens == 1  # the end of another text
        await check_healing(backend)
        await check_stops(backend)


async def check_healing(backend: LocalBackend) -> None:
    prompt = Prompt(("import numpy as np\n",), typed="values = np.ar")
    chunks = await answer(backend, Job(prompt, SamplingParams(max_tokens=6)))
    pieces = "".join(item.token for chunk in chunks for item in chunk.logprobs)
    assert pieces.startswith("ar")
    assert pieces.removeprefix("ar").startswith("".join(chunk.text for chunk in chunks))


async def check_stops(backend: LocalBackend) -> None:
    whole = await text(backend, job(max_tokens=30))
    stop = whole[5:8]
    chunks = await answer(backend, job(max_tokens=30, stop=(stop,)))
    assert "".join(chunk.text for chunk in chunks) == whole[: whole.index(stop)]
    assert chunks[-1].finish_reason == "stop"
    sampling = SamplingParams(logit_bias={3: 100.0}, stop_tokens=("<|fim_prefix|>", "<|unheard|>"))
    chunks = await answer(backend, Job(Prompt(("a",)), sampling))
    assert (len(chunks), chunks[-1].text, chunks[-1].finish_reason) == (1, "", "stop")


async def test_a_special_token_that_the_model_lacks_is_named(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        with pytest.raises(InvalidRequestError, match="unheard"):
            await answer(backend, Job(Prompt((Special("<|unheard|>"),)), SamplingParams()))


async def test_a_model_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    async with backend_on(tmp_path) as backend:
        with pytest.raises(ModelError, match="llama-assist model pull tiny") as caught:
            await answer(backend, job())
        assert caught.value.reason == "not-installed"
        assert backend.status().queue == 0


async def test_neither_prompt_nor_answer_is_logged(tiny_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with backend_on(tiny_home) as backend:
        prompt = Prompt(("secretprefix = 1\n",), typed="secretword")
        chunks = await answer(backend, Job(prompt, SamplingParams(max_tokens=20, temperature=1.0, seed=1)))
        await answer_of_a_broken_worker(backend)
    said = "".join(chunk.text for chunk in chunks)
    assert "engine ready" in caplog.text
    assert "secret" not in caplog.text
    assert said not in caplog.text


async def answer_of_a_broken_worker(backend: LocalBackend) -> None:
    """A fault inside the engine is logged by its place, without the values that led to it."""
    worker = worker_of(backend)
    queue = worker.open_queue("broken")
    sampling = {"max_tokens": "secret number"}
    worker.send({"op": "generate", "id": "broken", "token_ids": [10, 11], "sampling": sampling})
    assert (await queue.get())["event"] == "exit"
    assert any("engine worker failed: TypeError at" in line for line in worker.errors)
