"""One server of ours as the remote engine of another: the same answers as with the engine at home."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from backend_runs import ENDLESS, LONG, until
from jupyter_server.serverapp import ServerApp
from tiny_model import TINY
from traitlets.config import Config

from llama_assist.assistant import Assistant
from llama_assist.backends.local import LocalBackend
from llama_assist.backends.remote import RemoteBackend, read_endpoint
from llama_assist.backends.remote.order import make_orders
from llama_assist.backends.remote.probe import Remote
from llama_assist.backends.remote.render import TRANSCRIPT, messages_of
from llama_assist.config import Assist
from llama_assist.errors import EngineUnavailableError, InvalidRequestError, ModelError, SupersededError
from llama_assist.models.store import Store
from llama_assist.prompt.chat import build_chat
from llama_assist.server.app import LlamaAssistApp
from llama_assist.types import (
    Cell,
    ChatRequest,
    Chunk,
    CompletionRequest,
    Document,
    Job,
    Message,
    ModelInfo,
    Prompt,
    SamplingParams,
    Special,
    TaskRequest,
)
from llama_assist.wire.jobs import job_request

SETTINGS: dict[str, Any] = {"model": TINY, "weights": "float32", "num_threads": 1}


class Address(NamedTuple):
    """Where the server answers, and its key."""

    url: str
    key: str


CELLS = (Cell("import numpy as np\nvalues = [1, 2]"), Cell("mean = np.mea"), Cell("print(mean)"))
DOCUMENT = Document(CELLS, 1, "a.ipynb")
SAMPLING = SamplingParams(max_tokens=12, logit_bias=ENDLESS)


@pytest.fixture
def served(tiny_home: Path, jp_asyncio_loop: Any) -> LocalBackend:
    """The engine behind the server that is the remote one."""
    return LocalBackend(Assist(**SETTINGS), store=Store(tiny_home))


@pytest.fixture
def jp_server_config(monkeypatch: pytest.MonkeyPatch, served: LocalBackend) -> Config:
    monkeypatch.setattr(LlamaAssistApp, "make_assistant", lambda self: Assistant(served, Assist(**SETTINGS)))
    return Config({"ServerApp": {"jpserver_extensions": {"llama_assist": True, "jupyter_server_terminals": False}}})


@pytest.fixture
def jp_base_url() -> str:
    """Where JupyterHub puts the server of a user."""
    return "/user/ada%20l/"


@pytest.fixture
def address(jp_serverapp: ServerApp, http_server_client: Any, http_server_port: tuple[Any, int]) -> Address:
    """The server, once it listens."""
    url = f"http://127.0.0.1:{http_server_port[-1]}{jp_serverapp.base_url}llama-assist/v1"
    return Address(url, jp_serverapp.identity_provider.token)


@asynccontextmanager
async def remote(
    address: Address, home: Path, key: str | None = None, model: str = TINY
) -> AsyncIterator[RemoteBackend]:
    """A backend before the server; its store has the tokenizer if `home` has the model."""
    config = Assist(**{**SETTINGS, "backend_url": address.url, "model": model})
    keys = {address.url: address.key if key is None else key}
    backend = RemoteBackend(config, read_endpoint(address.url, keys), store=Store(home))
    try:
        yield backend
    finally:
        await backend.stop()


async def text(chunks: AsyncGenerator[Chunk, None]) -> tuple[str, str | None]:
    written, reason = "", None
    async with aclosing(chunks):
        async for chunk in chunks:
            written, reason = written + chunk.text, chunk.finish_reason or reason
    return written, reason


REQUESTS: list[CompletionRequest | ChatRequest | TaskRequest] = [
    CompletionRequest("mean = np.mea", "\nprint(mean)", DOCUMENT, SAMPLING, manual=True),
    CompletionRequest("def load(path):\n    ", "", None, SAMPLING, manual=True),
    CompletionRequest("for name in <|fim_middle|>", "", None, SAMPLING, raw=True),
    CompletionRequest("x = ", "", None, SamplingParams(max_tokens=12, temperature=0.8, seed=3), n=2, raw=True),
    ChatRequest((Message("user", "What is 你好 <|im_end|>?"),), DOCUMENT, SAMPLING),
    TaskRequest("explain", DOCUMENT, max_tokens=12),
    TaskRequest("document", Document((Cell("def f(x):\n    return x\n"),)), max_tokens=12),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda value: type(value).__name__)
async def test_an_answer_is_the_same_as_at_home(
    address: Address, served: LocalBackend, tiny_home: Path, request_: Any
) -> None:
    async with remote(address, tiny_home) as backend:
        near, far = Assistant(served, Assist(**SETTINGS)), Assistant(backend, Assist(**SETTINGS))
        kind = {CompletionRequest: "complete", ChatRequest: "chat", TaskRequest: "perform"}[type(request_)]
        expected = await text(getattr(near, kind)(request_))
        assert await text(getattr(far, kind)(request_)) == expected
        assert expected[1] is not None
        assert far.prompts.of("") is not None


async def test_tokens_and_their_probabilities_come_too(address: Address, served: LocalBackend, tiny_home: Path) -> None:
    order = Job(Prompt(("def load(path",)), SamplingParams(max_tokens=5, logprobs=2, logit_bias=ENDLESS))
    async with remote(address, tiny_home) as backend, aclosing(backend.generate(order)) as chunks:
        far = [token async for chunk in chunks for token in chunk.logprobs]
    async with aclosing(served.generate(order)) as chunks:
        near = [token async for chunk in chunks for token in chunk.logprobs]
    assert far == near
    assert len(far) == 5


async def test_it_is_recognised_and_tells_how_its_prompts_are_written(address: Address, tmp_path: Path) -> None:
    async with remote(address, tmp_path) as backend:
        info = await backend.describe()
        assert (info.id, info.family) == (TINY, "qwen2.5-coder")
        assert "im_start" in info.chat_template
        status = backend.status()
        assert status.remote is not None
        assert status.remote.origin == address.url.partition("/user/")[0]


def test_a_job_is_the_same_behind_the_wire_also_where_yet_another_server_writes_the_chat() -> None:
    info = ModelInfo("m", "qwen2.5-coder", 2048, TRANSCRIPT)
    chat = build_chat(info, [Message("system", "Be brief. <|user|>"), Message("user", "Hi 你好")])
    sampling = SamplingParams(5, 0.5, 3, 0.9, 0.1, 1.1, 7, ("\n",), ("<|im_end|>",), {4: -1.0}, 2)
    for prompt in (
        replace(chat, typed="```"),
        Prompt((Special("<|fim_prefix|>"), "x", Special("<|fim_middle|>")), "y"),
    ):
        sent = Job(prompt, sampling, "inline", "a.ipynb#1")
        (order,) = make_orders(Remote("llama_assist", "m"), sent)
        arrived = job_request(json.loads(json.dumps(order.body)))
        assert arrived == sent
    assert [message.role for message in messages_of(chat)] == ["system", "user"]


async def test_leaving_frees_the_engine_behind_it(address: Address, served: LocalBackend, tiny_home: Path) -> None:
    order = Job(Prompt(("x",)), SamplingParams(max_tokens=LONG, logit_bias=ENDLESS))
    async with remote(address, tiny_home) as backend:
        async with aclosing(backend.generate(order)) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    break
        await until(lambda: served.status().running == 0)


async def test_a_newer_keystroke_reaches_the_engine_behind_it(address: Address, tiny_home: Path) -> None:
    def order(tokens: int) -> Job:
        return Job(Prompt(("x",)), SamplingParams(max_tokens=tokens, logit_bias=ENDLESS), "inline", "a.ipynb#1")

    async with remote(address, tiny_home) as backend:
        older = asyncio.create_task(text(backend.generate(order(LONG))))
        await until(lambda: backend.status().running == 1)
        assert (await text(backend.generate(order(3))))[1] == "length"
        with pytest.raises(SupersededError):
            await older


async def test_another_key_is_refused(address: Address, tmp_path: Path) -> None:
    async with remote(address, tmp_path, key="wrong") as backend:
        with pytest.raises(EngineUnavailableError) as caught:
            await backend.describe()
        assert caught.value.state == "refused"


async def test_another_model_is_not_taken_for_the_one_that_was_chosen(address: Address, tmp_path: Path) -> None:
    async with remote(address, tmp_path, model="another") as backend:
        with pytest.raises(ModelError, match=TINY):
            await backend.describe()


async def test_a_special_token_that_the_model_lacks_is_refused(address: Address, tiny_home: Path) -> None:
    async with remote(address, tiny_home) as backend:
        with pytest.raises(InvalidRequestError, match="no token"):
            await text(backend.generate(Job(Prompt((Special("<|nothing|>"),)), SAMPLING)))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": {"segments": [{}]}, "sampling": {}}, "prompt.segments[0].text"),
        ({"prompt": {"segments": [{"text": "x"}]}}, "sampling"),
        ({"prompt": {"segments": [{"text": "x"}]}, "sampling": {"max_tokens": 0}}, "sampling.max_tokens"),
        ({"prompt": {"segments": [{"text": "x"}]}, "sampling": {}, "priority": "first"}, "priority"),
    ],
)
async def test_a_job_that_is_none_is_refused_by_its_field(jp_fetch: Any, body: object, param: str) -> None:
    response = await jp_fetch("llama-assist", "v1", "jobs", method="POST", body=json.dumps(body), raise_error=False)
    assert response.code == 400
    assert json.loads(response.body)["error"]["param"] == param
