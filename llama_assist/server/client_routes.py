"""The routes that other people's clients use: one handler for every shape that generates, one for what they ask of us.

A shape is a row in `wire.shapes`; who may complete may do so in every shape.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

import llama_assist
from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.backends.choose import Kind, find_backend
from llama_assist.errors import AssistError
from llama_assist.models.listing import list_models
from llama_assist.prompt.fim import find_form
from llama_assist.server.answers import AnswerHandler, user_of
from llama_assist.server.base import AssistHandler, Route
from llama_assist.server.limits import limited
from llama_assist.types import ChatRequest, Chunk


class ShapeHandler(AnswerHandler):
    """Reads a body in its shape, lets the assistant answer, and sends the answer in the same shape."""

    def initialize(self, assistant: Assistant, shape: wire.Shape) -> None:  # type: ignore[override]
        """Keep the `assistant`, and the `shape` of this route."""
        super().initialize(assistant)
        self.shape = shape

    def error_body(self, error: AssistError) -> wire.Json:
        """Return the error as the shape says it."""
        return self.shape.error_body(error)

    async def answer(self) -> None:
        """Answer the body."""
        asked = self.shape.read(self.json_body())
        kind: Kind = "chat" if isinstance(asked.request, ChatRequest) else "inline"
        reply = asked.reply(self.served_model(asked.delivery.model, kind))
        n = 1 if asked.request is None else asked.request.n
        chunks = limited(self._chunks(asked), asked.limits, n)
        await self.send_answer(chunks, reply, n, asked.delivery.stream)

    def _chunks(self, asked: wire.Asked) -> AsyncGenerator[Chunk, None]:
        if asked.request is None:
            return self._load(asked.delivery.model)
        request = replace(asked.request, user=user_of(self), model=asked.delivery.model)
        if isinstance(request, ChatRequest):
            return self.assistant.chat(request)
        return self.assistant.complete(request)

    async def _load(self, model: str) -> AsyncGenerator[Chunk, None]:
        await find_backend(self.assistant.backends, self.assistant.config, model, "inline").start()
        yield Chunk(finish_reason="stop")


class CompletionsHandler(ShapeHandler):
    """Text for a cursor, or the continuation of a prompt."""

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:completions")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Complete."""
        await self.answer()


class ChatHandler(ShapeHandler):
    """The next turn of a conversation."""

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:chat")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Answer."""
        await self.answer()


class ModelsHandler(AssistHandler):
    """`GET v1/models`: the models that are served, loaded or not."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:models")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List."""
        self.finish(json.dumps(wire.models_body(*(each.status().model for each in self.assistant.backends))))


class HealthHandler(AssistHandler):
    """`GET health`, as llama.cpp's clients ask: 503 while the model loads, and where it cannot."""

    SUPPORTED_METHODS = ("GET",)
    _track_activity = False

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Report."""
        body = wire.llama_cpp.health(self.assistant.backend.status())
        self.set_status(200 if body["status"] == "ok" else 503)
        self.finish(json.dumps(body))


class PropsHandler(AssistHandler):
    """`GET props`: what llama.cpp's clients want to know of the server."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Report."""
        config, status = self.assistant.config, self.assistant.backend.status()
        body = wire.llama_cpp.props(status, config.context_length, config.num_slots, llama_assist.__version__)
        self.finish(json.dumps(body))


class TabbyHealthHandler(AssistHandler):
    """`v1/health`: Tabby's plugins ask by GET, older ones by POST; it starts nothing."""

    SUPPORTED_METHODS = ("GET", "POST")
    _track_activity = False

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Report."""
        self._report()

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Report."""
        self._report()

    def _report(self) -> None:
        self.finish(json.dumps(wire.tabby.health(self.assistant.backend.status(), llama_assist.__version__)))


class OllamaHandler(AssistHandler):
    """Base of what Ollama's clients ask of the server."""

    def error_body(self, error: AssistError) -> wire.Json:
        """Return the error as Ollama says it."""
        return wire.ollama.error_body(error)


class VersionHandler(OllamaHandler):
    """`GET api/version`."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Report."""
        self.finish(json.dumps({"version": llama_assist.__version__}))


class TagsHandler(OllamaHandler):
    """`GET api/tags`: the models that are served."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:models")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List."""
        listed = {model["id"]: model for model in await asyncio.to_thread(list_models)}
        served = {status.model: status.weights for status in (each.status() for each in self.assistant.backends)}
        models = [wire.ollama.tag(name, weights, listed.get(name, {})) for name, weights in served.items()]
        self.finish(json.dumps({"models": models}))


class ShowHandler(OllamaHandler):
    """`POST api/show`: what the model can do; reads its settings, and does not load it."""

    SUPPORTED_METHODS = ("POST",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:models")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Show."""
        asked = wire.ollama.model_asked(self.json_body())
        backend = find_backend(self.assistant.backends, self.assistant.config, asked, "inline")
        info = await backend.describe()
        form = find_form(info.family)
        marks = (form.prefix, form.suffix, form.middle if form.is_trained else "")
        length = min(self.assistant.config.context_length, info.context_length)
        self.finish(json.dumps(wire.ollama.show(info.family, length, backend.status().weights, marks)))


def client_routes(assistant: Assistant, base: str) -> list[Route]:
    """Return the handlers of all clients' routes below `base`, which is empty or begins with a slash."""
    shared: dict[str, Any] = {"assistant": assistant}
    return [
        *((f"{base}/{shape.path}", CompletionsHandler, {**shared, "shape": shape}) for shape in wire.COMPLETIONS),
        *((f"{base}/{shape.path}", ChatHandler, {**shared, "shape": shape}) for shape in wire.CHATS),
        (f"{base}/v1/models", ModelsHandler, shared),
        (f"{base}/v1/health", TabbyHealthHandler, shared),
        (f"{base}/health", HealthHandler, shared),
        (f"{base}/props", PropsHandler, shared),
        (f"{base}/api/version", VersionHandler, shared),
        (f"{base}/api/tags", TagsHandler, shared),
        (f"{base}/api/show", ShowHandler, shared),
    ]
