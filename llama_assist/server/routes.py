"""OpenAI's routes, and the table of all: read, ask the assistant, answer. Every method names who may call it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.server.answers import AnswerHandler, user_of
from llama_assist.server.base import AssistHandler
from llama_assist.server.download import Downloads
from llama_assist.server.feedback_routes import EventsHandler, StatusHandler
from llama_assist.server.model_routes import ModelHandler
from llama_assist.server.task_routes import PromptHandler, RenderHandler, TaskHandler


class CompletionsHandler(AnswerHandler):
    """`POST v1/completions`: text for a cursor, or the continuation of a prompt."""

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:completions")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Complete."""
        request, delivery = wire.completion_request(self.json_body())
        reply = wire.CompletionReply(self.served_model(delivery.model), include_usage=delivery.include_usage)
        chunks = self.assistant.complete(replace(request, user=user_of(self)))
        await self.send_answer(chunks, reply, request.n, delivery.stream)


class ChatHandler(AnswerHandler):
    """`POST v1/chat/completions`: the next turn of a conversation."""

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:chat")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Answer."""
        request, delivery = wire.chat_request(self.json_body())
        reply = wire.ChatReply(self.served_model(delivery.model), include_usage=delivery.include_usage)
        chunks = self.assistant.chat(replace(request, user=user_of(self)))
        await self.send_answer(chunks, reply, request.n, delivery.stream)


class ModelsHandler(AssistHandler):
    """`GET v1/models`: the model that is served, loaded or not."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:models")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List."""
        self.finish(json.dumps(wire.models_body(self.assistant.backend.status().model)))


def routes(assistant: Assistant) -> list[tuple[str, type[AssistHandler], dict[str, Any]]]:
    """Return the handlers of the extension, all before one `assistant`."""
    shared = {"assistant": assistant}
    return [
        (r"/llama-assist/v1/completions", CompletionsHandler, shared),
        (r"/llama-assist/v1/chat/completions", ChatHandler, shared),
        (r"/llama-assist/v1/models", ModelsHandler, shared),
        (r"/llama-assist/v1/tasks", TaskHandler, shared),
        (r"/llama-assist/v1/render", RenderHandler, shared),
        (r"/llama-assist/v1/events", EventsHandler, shared),
        (r"/llama-assist/status", StatusHandler, shared),
        (r"/llama-assist/model", ModelHandler, {**shared, "downloads": Downloads()}),
        (r"/llama-assist/prompt", PromptHandler, shared),
    ]
