"""Another model is served without a restart of the server, or the old one goes on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from backend_runs import LONG, answer, backend_on, job, text, until, worker_of
from tiny_model import TINY, write_manifest

from llama_assist.backends import Switchable
from llama_assist.errors import EngineUnavailableError, ModelError

OTHER = "other"


@pytest.fixture
def two_models(tiny_home: Path, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name in (TINY, OTHER):
        shutil.copytree(tiny_home / "checkpoints" / TINY, home / "checkpoints" / name)
    write_manifest(home / "checkpoints" / OTHER, OTHER)
    return home


async def test_the_next_answer_comes_from_the_model_that_was_switched_to(two_models: Path) -> None:
    async with backend_on(two_models) as backend:
        assert isinstance(backend, Switchable)
        first = await text(backend, job())
        old = worker_of(backend).pid
        await backend.switch(OTHER)
        assert backend.status().model == OTHER
        assert backend.status().state == "stopped"
        assert (await backend.describe()).id == OTHER
        assert await text(backend, job()) == first
        assert worker_of(backend).pid != old


async def test_switching_to_the_same_model_leaves_it_loaded(two_models: Path) -> None:
    async with backend_on(two_models) as backend:
        await backend.start()
        pid = worker_of(backend).pid
        await backend.switch(TINY)
        assert worker_of(backend).pid == pid


async def test_a_model_that_is_not_here_is_not_switched_to(two_models: Path) -> None:
    async with backend_on(two_models) as backend:
        await backend.start()
        with pytest.raises(ModelError, match=r"smollm2.* are not on this machine") as caught:
            await backend.switch("smollm2-135m-instruct")
        assert caught.value.reason == "not-installed"
        assert (backend.status().model, backend.status().state) == (TINY, "ready")
        assert (await backend.describe()).id == TINY


async def test_what_runs_while_the_model_is_switched_ends_with_an_error(two_models: Path) -> None:
    async with backend_on(two_models) as backend:
        running = asyncio.create_task(answer(backend, job(max_tokens=LONG)))
        await until(lambda: backend.status().running)
        await backend.switch(OTHER)
        with pytest.raises(EngineUnavailableError):
            await running
        assert len(await answer(backend, job(max_tokens=2))) == 3
