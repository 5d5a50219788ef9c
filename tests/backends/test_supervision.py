"""A worker that dies, hangs or cannot load costs one request at most, never the server."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
from backend_runs import LONG, FrozenWorkers, answer, backend_on, job, posix, text, until, worker_of
from tiny_model import TINY

from llama_assist.backends import process, supervisor
from llama_assist.backends.process import WorkerProcess
from llama_assist.backends.supervisor import CRASH_WINDOW, LONGEST_BACKOFF, Supervisor
from llama_assist.config import Assist
from llama_assist.errors import EngineCrashedError, EngineUnavailableError, ModelError
from llama_assist.types import Chunk


async def drain(chunks: AsyncGenerator[Chunk, None]) -> None:
    """Take what still comes; an end must be an error, never a reason to stop."""
    async for chunk in chunks:
        assert chunk.finish_reason is None


@posix
async def test_a_request_that_got_nothing_yet_survives_a_crash(tiny_home: Path, frozen_workers: FrozenWorkers) -> None:
    async with backend_on(tiny_home) as backend:
        task = asyncio.create_task(text(backend, job()))
        await until(lambda: frozen_workers.pids)
        frozen_workers.active = False
        await frozen_workers.kill(0)
        survived = await task
        assert survived == await text(backend, job())
        assert backend.status().restarts == 1


@posix
async def test_a_request_is_tried_again_only_once_and_crashes_in_a_row_end_in_failure(
    tiny_home: Path, frozen_workers: FrozenWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "MAX_CRASHES", 2)
    async with backend_on(tiny_home) as backend:
        task = asyncio.create_task(text(backend, job()))
        await frozen_workers.kill(0)
        await frozen_workers.kill(1)
        with pytest.raises(EngineCrashedError):
            await task
        await until(lambda: backend.status().state == "failed")
        with pytest.raises(EngineUnavailableError, match=r"2 times within a minute.*code -9") as caught:
            await answer(backend, job())
        assert caught.value.state == "failed"
        assert "code -9" in backend.status().detail
        assert len(frozen_workers.pids) == 2
        frozen_workers.active = False
        await backend.start()
        assert await text(backend, job())


@posix
async def test_a_crash_in_the_middle_of_an_answer_is_told_and_the_next_request_works(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        expected = await text(backend, job())
        async with aclosing(backend.generate(job(max_tokens=LONG))) as chunks:
            await chunks.__anext__()
            os.kill(worker_of(backend).pid, signal.SIGKILL)
            with pytest.raises(EngineCrashedError):
                await drain(chunks)
        assert backend.status().queue == backend.status().running == 0
        assert await text(backend, job()) == expected
        assert backend.status().restarts == 1


@posix
async def test_a_worker_that_hangs_is_replaced(tiny_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STALL_SECONDS", 1.0)
    async with backend_on(tiny_home) as backend:
        async with aclosing(backend.generate(job(max_tokens=LONG))) as chunks:
            await chunks.__anext__()
            os.kill(worker_of(backend).pid, signal.SIGSTOP)
            with pytest.raises(EngineCrashedError):
                await drain(chunks)
        assert await text(backend, job())


@posix
async def test_an_idle_worker_is_never_taken_for_a_hanging_one(
    tiny_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STALL_SECONDS", 0.1)
    async with backend_on(tiny_home) as backend:
        await backend.start()
        await asyncio.sleep(1.5)
        assert not worker_of(backend).is_stalled
        assert backend.status().state == "ready"


@posix
async def test_a_worker_that_does_not_read_never_blocks_the_event_loop(caplog: pytest.LogCaptureFixture) -> None:
    worker = WorkerProcess(logging.getLogger("test"))
    os.kill(worker.pid, signal.SIGSTOP)
    for _ in range(4):
        worker.send({"op": "load", "padding": "x" * 300_000})
    await worker.close(grace=0.1)
    assert (await worker.control.get())["event"] == "stopped"
    assert not worker.is_alive


async def test_several_first_requests_start_one_worker(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        waiting = [asyncio.create_task(text(backend, job())) for _ in range(3)]
        await until(lambda: backend.status().state == "loading")
        assert backend.status().queue == 3
        texts = await asyncio.gather(*waiting)
        assert len(set(texts)) == 1
        assert backend.status().restarts == 0


async def test_stopping_ends_answers_without_starting_again(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        async with aclosing(backend.generate(job(max_tokens=LONG))) as chunks:
            await chunks.__anext__()
            pid = worker_of(backend).pid
            await backend.stop()
            with pytest.raises(EngineUnavailableError) as caught:
                await drain(chunks)
        assert caught.value.state == "stopped"
        assert backend.status().state == "stopped"
        assert not psutil.pid_exists(pid)


async def test_stopping_while_the_engine_loads_is_told_to_those_who_wait(tiny_home: Path) -> None:
    async with backend_on(tiny_home) as backend:
        task = asyncio.create_task(text(backend, job()))
        await until(lambda: backend._supervisor._worker is not None)
        await backend.stop()
        with pytest.raises(EngineUnavailableError) as caught:
            await task
        assert caught.value.state == "stopped"
        assert await text(backend, job())


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_an_idle_engine_gives_its_memory_back_and_comes_again(tiny_home: Path, is_cancelled: bool) -> None:
    async with backend_on(tiny_home, idle_unload=1) as backend:
        async with aclosing(backend.generate(job(max_tokens=LONG if is_cancelled else 3))) as chunks:
            async for _ in chunks:
                if is_cancelled:
                    break
        pid = worker_of(backend).pid
        await until(lambda: backend.status().state == "stopped")
        await until(lambda: not psutil.pid_exists(pid))
        assert await text(backend, job())
        assert backend.status().restarts == 0


def damage(home: Path, place: Path, offset: int) -> Path:
    """A copy of the model's home in which one bit of the weights is another."""
    copy = place / "damaged"
    shutil.copytree(home, copy)
    weights = copy / "checkpoints" / TINY / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[offset] ^= 1
    weights.write_bytes(data)
    return copy


@pytest.mark.parametrize("offset", [0, 7, 10, 200, -1])
async def test_damaged_weights_are_refused_with_the_reason(tiny_home: Path, tmp_path: Path, offset: int) -> None:
    """Also where the damage makes loading itself fail: in the length or the names at the file's beginning."""
    async with backend_on(damage(tiny_home, tmp_path, offset)) as backend:
        with pytest.raises(ModelError, match=r"model\.safetensors is not the file that was pinned") as caught:
            await answer(backend, job())
        assert caught.value.reason == "wrong-hash"
        assert backend.status().state == "failed"
        assert "model.safetensors" in backend.status().detail
        with pytest.raises(ModelError):
            await answer(backend, job())
        assert backend.status().restarts == 0


async def test_weights_that_do_not_fit_into_memory_are_refused(tiny_home: Path, tmp_path: Path) -> None:
    async with backend_on(tiny_home, num_slots=10**9) as backend:
        with pytest.raises(ModelError, match="GiB are free") as caught:
            await answer(backend, job())
        assert caught.value.reason == "too-little-memory"


@posix
async def test_a_worker_that_ends_while_loading_is_reported_with_its_last_words(
    tiny_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'out of memory' >&2\nexit 9\n")
    program.chmod(0o755)
    async with backend_on(tiny_home) as backend:
        await backend.describe()
        monkeypatch.setattr(sys, "executable", str(program))
        with pytest.raises(EngineUnavailableError, match=r"code 9\. out of memory"):
            await answer(backend, job())
        monkeypatch.undo()
        assert await text(backend, job())


def test_the_wait_before_a_restart_doubles_up_to_a_limit() -> None:
    found = Supervisor(Assist(), logging.getLogger("test"), dict)
    waits = []
    for number in range(5):
        waits.append(found._backoff())
        found._crashes.append(time.monotonic() - 10 * (4 - number))
    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0]
    found._crashes.extend([time.monotonic() - 2 * CRASH_WINDOW] * 5)
    assert found._backoff() == 0.0
    assert LONGEST_BACKOFF == 30.0


PARENT = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = [sys.argv[2], sys.argv[3]]
from backend_runs import backend_on, job, worker_of

async def main():
    async with backend_on(Path(sys.argv[1])) as backend:
        async for _ in backend.generate(job(max_tokens=3000)):
            print(worker_of(backend).pid, flush=True)

asyncio.run(main())
"""


@posix
def test_a_worker_ends_with_a_server_that_was_killed(tiny_home: Path) -> None:
    folder = Path(__file__).parent
    arguments = [sys.executable, "-c", PARENT, str(tiny_home), str(folder), str(folder.parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([worker])
    assert not worker.is_running()
