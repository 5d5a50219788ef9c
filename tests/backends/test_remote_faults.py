"""A remote engine that fails: one typed error that says what to do, nothing silently short, and no second origin."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from remote_engine import (
    DONE,
    HEAD,
    KEY,
    FakeEngine,
    Script,
    chunks_of,
    delta,
    event,
    fake_engine,
    job,
    piece,
    remote_backend,
    reply,
    saying,
    stream,
    text_of,
    then,
)

from llama_assist.backends.remote import RemoteBackend
from llama_assist.config import Assist
from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    SupersededError,
)
from llama_assist.types import Chunk

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def failure(engine: FakeEngine, home: Path, **settings: float) -> tuple[str, AssistError]:
    """Return the text that came before the error, and the error."""
    seen: list[Chunk] = []
    async with remote_backend(engine, home, **settings) as backend:
        with pytest.raises(AssistError) as caught:
            await _follow(backend, seen)
        assert not backend.status().running
    assert all(each.finish_reason is None for each in seen)
    return "".join(each.text for each in seen), caught.value


async def _follow(backend: RemoteBackend, seen: list[Chunk]) -> None:
    async with aclosing(backend.generate(job())) as chunks:
        async for each in chunks:
            seen.append(each)


BROKEN_AT_ONCE: dict[str, tuple[Script, type[AssistError], str]] = {
    "dies before a byte": (then(), EngineUnavailableError, "unreachable"),
    "dies in the head": (then(b"HTTP/1.1 200 OK\r\nContent-Ty"), EngineUnavailableError, "unreachable"),
    "dies before the first event": (then(HEAD), EngineUnavailableError, "unreachable"),
    "ends before the first event": (saying(HEAD), EngineUnavailableError, "unreachable"),
    "no HTTP": (saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"), EngineUnavailableError, "unreachable"),
    "an endless head": (saying(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20000), EngineUnavailableError, "unreachable"),
    "a web page": (
        saying(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"),
        EngineUnavailableError,
        "failed",
    ),
}


@pytest.mark.parametrize("case", BROKEN_AT_ONCE)
async def test_what_breaks_before_the_first_piece_is_one_error(case: str, tmp_path: Path) -> None:
    script, kind, state = BROKEN_AT_ONCE[case]
    async with fake_engine(script) as engine:
        text, error = await failure(engine, tmp_path)
    assert (text, type(error)) == ("", kind)
    assert isinstance(error, EngineUnavailableError)
    assert error.state == state


BROKEN_LATER: dict[str, Script] = {
    "dies": then(HEAD, piece("x = ")),
    "ends without a reason": saying(HEAD, piece("x = ")),
    "ends with [DONE] but without a reason": saying(HEAD, piece("x = "), DONE),
    "half an event": saying(HEAD, piece("x = "), b'data: {"choices": [{"te'),
    "no JSON": saying(HEAD, piece("x = "), b"data: <html>\n\n"),
    "an error object": saying(HEAD, piece("x = "), event({"error": {"message": "out of memory"}})),
    "an error text": saying(HEAD, piece("x = "), event({"error": "out of memory"})),
    "given up": saying(HEAD, piece("x = "), piece("", "abort"), DONE),
    "a chunk that is cut": then(CHUNKED, chunk(piece("x = ")), b"ff\r\nda"),
    "a chunk of no size": saying(CHUNKED, chunk(piece("x = ")), b"-5\r\n"),
    "no end of a line": saying(HEAD, piece("x = "), *[b"a" * 2**20] * 5),
}


@pytest.mark.parametrize("case", BROKEN_LATER)
async def test_what_breaks_in_the_middle_is_one_error_after_the_text_that_came(case: str, tmp_path: Path) -> None:
    async with fake_engine(BROKEN_LATER[case]) as engine:
        text, error = await failure(engine, tmp_path)
        assert (text, type(error)) == ("x = ", EngineCrashedError)
        assert len(engine.posts) == 1


async def test_nothing_is_asked_twice_after_the_first_piece_and_once_more_before(tmp_path: Path) -> None:
    async with fake_engine(then(HEAD), stream("x", "= 1")) as engine, remote_backend(engine, tmp_path) as backend:
        assert await text_of(backend, job()) == "x= 1"
        assert len(engine.posts) == 2


async def test_a_refused_connection_is_tried_again_and_then_named(tmp_path: Path) -> None:
    async with fake_engine() as engine:
        pass
    async with remote_backend(engine, tmp_path) as backend:
        with pytest.raises(EngineUnavailableError, match="cannot be reached") as caught:
            await chunks_of(backend, job())
        assert caught.value.state == "unreachable"
        assert backend.status().state == "failed"
        assert engine.url.removesuffix("/v1") in backend.status().detail


@pytest.mark.parametrize("blocks", [(), (HEAD,), (HEAD, piece("x = "))], ids=["mute", "after head", "in the answer"])
async def test_an_engine_that_hangs_is_left_after_the_timeout(blocks: Sequence[bytes], tmp_path: Path) -> None:
    async with fake_engine(then(*blocks, hang=True)) as engine:
        text, error = await failure(engine, tmp_path, backend_timeout=0.3)
        await engine.gone.wait()
    assert "nothing for 0.3 s" in str(error)
    assert len(engine.posts) == 1, "what was silent once is not asked again"
    assert isinstance(error, EngineCrashedError if text else EngineUnavailableError)


@pytest.mark.parametrize(
    ("header", "seconds"), [({}, 1), ({"Retry_After": "7"}, 7), ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0)]
)
async def test_429_is_passed_on_with_its_time_to_wait(header: dict[str, str], seconds: int, tmp_path: Path) -> None:
    async with fake_engine(saying(reply(429, {"error": {"message": "slow down"}}, **header))) as engine:
        _, error = await failure(engine, tmp_path)
        assert len(engine.posts) == 1
    assert isinstance(error, BusyError)
    assert error.retry_after == seconds
    assert "slow down" in str(error)


async def test_503_is_passed_on_with_its_time_to_wait(tmp_path: Path) -> None:
    async with fake_engine(saying(reply(503, {"detail": "Loading model"}, Retry_After="3"))) as engine:
        _, error = await failure(engine, tmp_path)
        assert len(engine.posts) == 1
    assert isinstance(error, EngineUnavailableError)
    assert (error.state, error.retry_after) == ("loading", 3)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_named_but_not_shown(status: int, tmp_path: Path) -> None:
    async with fake_engine(saying(reply(status, {"error": {"message": f"bad key {KEY}"}}))) as engine:
        _, error = await failure(engine, tmp_path)
    assert isinstance(error, EngineUnavailableError)
    assert error.state == "refused"
    assert "backend_keys" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_no_byte_reaches_its_goal(status: int, tmp_path: Path) -> None:
    async with fake_engine(stream("gotcha")) as other:
        script = saying(reply(status, {}, Location=other.url + "/completions?token=x"))
        async with fake_engine(script) as engine:
            _, error = await failure(engine, tmp_path)
        assert other.seen == []
    assert isinstance(error, EngineUnavailableError)
    assert error.state == "redirected"
    assert "token=x" not in str(error)


async def test_a_redirected_probe_is_refused_too(tmp_path: Path) -> None:
    async with fake_engine(stream("x")) as other, fake_engine(stream("x")) as engine:
        engine.pages["/v1/models"] = 302
        _, error = await failure(engine, tmp_path)
        assert other.seen == engine.posts == []
    assert isinstance(error, EngineUnavailableError)
    assert error.state == "redirected"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "This model's maximum context length is 64 tokens. However, you requested 90 tokens"}},
        {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 90, "n_ctx": 64, "message": "too long"}},
        {"error": {"code": "context_length_exceeded", "num_tokens": 90, "limit": 64, "message": "too long"}},
    ],
    ids=["vllm", "llama.cpp", "ours"],
)
async def test_a_prompt_that_is_too_long_for_the_server_names_both_numbers(body: object, tmp_path: Path) -> None:
    async with fake_engine(saying(reply(400, body))) as engine:
        _, error = await failure(engine, tmp_path)
    assert isinstance(error, ContextTooLongError)
    assert (error.num_tokens, error.limit) == (90, 64)


@pytest.mark.parametrize("body", [{"detail": "no"}, {"error": "no"}, {"message": "no"}, "no", [], None, {"error": {}}])
async def test_any_other_refusal_is_the_requests_fault(body: object, tmp_path: Path) -> None:
    async with fake_engine(saying(reply(422, body))) as engine:
        _, error = await failure(engine, tmp_path)
    assert isinstance(error, InvalidRequestError)


async def test_an_engine_that_is_back_with_another_model_is_asked_again_what_it_serves(tmp_path: Path) -> None:
    scripts = [saying(reply(404, {"error": {"message": "no such model"}})), stream("x")]
    async with fake_engine(*scripts) as engine, remote_backend(engine, tmp_path, model=Assist().model) as backend:
        with pytest.raises(EngineUnavailableError, match="no such model"):
            await chunks_of(backend, job())
        assert backend.status().state == "failed"
        engine.pages["/v1/models"] = {"data": [{"id": "another"}]}
        assert await text_of(backend, job()) == "x"
        assert engine.posts[-1].body["model"] == backend.status().model == "another"
        assert backend.status().state == "ready"


async def test_leaving_an_answer_closes_the_connection(tmp_path: Path) -> None:
    async with fake_engine(then(HEAD, piece("x"), hang=True)) as engine, remote_backend(engine, tmp_path) as backend:
        async with aclosing(backend.generate(job())) as chunks:
            async for each in chunks:
                if each.text:
                    break
        await engine.gone.wait()
        assert backend.status().running == 0


async def test_cancelling_while_the_engine_is_mute_closes_the_connection(tmp_path: Path) -> None:
    async with fake_engine(then(hang=True)) as engine, remote_backend(engine, tmp_path) as backend:
        waiting = asyncio.create_task(chunks_of(backend, job()))
        await engine.asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await engine.gone.wait()
        assert backend.status().running == 0


async def test_a_newer_request_of_the_same_document_takes_the_place_of_the_older(tmp_path: Path) -> None:
    scripts = [then(HEAD, piece("old"), hang=True), stream("new")]
    async with fake_engine(*scripts) as engine, remote_backend(engine, tmp_path) as backend:
        older = asyncio.create_task(chunks_of(backend, job(document="a.ipynb#1")))
        await engine.asked.wait()
        assert await text_of(backend, job(document="a.ipynb#1")) == "new"
        with pytest.raises(SupersededError):
            await older
        await engine.gone.wait()


async def test_stopping_ends_what_runs(tmp_path: Path) -> None:
    async with fake_engine(then(HEAD, piece("x"), hang=True)) as engine, remote_backend(engine, tmp_path) as backend:
        running = asyncio.create_task(chunks_of(backend, job()))
        await engine.asked.wait()
        await backend.stop()
        with pytest.raises(EngineUnavailableError, match="stopped"):
            await running
        assert backend.status().state == "stopped"


async def test_a_full_queue_is_refused_at_once(tmp_path: Path) -> None:
    async with (
        fake_engine(then(hang=True)) as engine,
        remote_backend(engine, tmp_path, max_queue=1) as backend,
    ):
        running = asyncio.create_task(chunks_of(backend, job()))
        await engine.asked.wait()
        with pytest.raises(BusyError):
            await chunks_of(backend, job())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_dead_engine_leaves_no_task_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with fake_engine(then(HEAD, delta("x"))) as engine:
        await failure(engine, tmp_path)
    gc.collect()
    assert asyncio.all_tasks() <= before
