"""A Jupyter server with the extension and a scripted assistant in the place of the real one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from real_server import Server, running_server
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from llama_assist.server.app import LlamaAssistApp

Fetch = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def assistant(jp_asyncio_loop: Any) -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def jp_server_config(monkeypatch: pytest.MonkeyPatch, assistant: FakeAssistant) -> Config:
    monkeypatch.setattr(LlamaAssistApp, "make_assistant", lambda self: assistant)
    return Config({"ServerApp": {"jpserver_extensions": {"llama_assist": True, "jupyter_server_terminals": False}}})


@pytest.fixture
def post(jp_fetch: Fetch) -> Fetch:
    """Post a body to a route of the extension; a refusal is returned, not raised."""

    async def post(path: str, body: object, headers: Mapping[str, str] | None = None) -> HTTPResponse:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return await jp_fetch(
            "llama-assist", *path.split("/"), method="POST", body=data, headers=dict(headers or {}), raise_error=False
        )

    return post


@pytest.fixture
def get(jp_fetch: Fetch) -> Fetch:
    """Get a route of the extension; a refusal is returned, not raised."""

    async def get(path: str) -> HTTPResponse:
        return await jp_fetch("llama-assist", *path.split("/"), raise_error=False)

    return get


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server process as `llama-assist serve` starts one: other clients' routes are at its root too."""
    with running_server(tmp_path_factory.mktemp("jupyter"), "--LlamaAssistApp.at_root=True") as server:
        yield server
