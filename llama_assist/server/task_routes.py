"""The routes of the assistant panel: tasks, rendering, and the last prompt that was sent."""

from __future__ import annotations

import json
from dataclasses import replace

from jupyter_server.auth.decorator import authorized
from tornado import web

from llama_assist import wire
from llama_assist.backends.choose import as_sent, find_backend
from llama_assist.render import render_html
from llama_assist.server.answers import AnswerHandler, user_of
from llama_assist.server.base import AssistHandler
from llama_assist.server.rendered import rendered
from llama_assist.types import TaskRequest


class TaskHandler(AnswerHandler):
    """`POST v1/tasks`: explain, fix, ask and the others."""

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:tasks")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Perform, or with `preview` show what would be sent."""
        request, delivery = wire.task_request(self.json_body())
        request = replace(request, user=user_of(self), model=delivery.model)
        model = self.served_model(delivery.model, "chat")
        if delivery.preview:
            await self._preview(request)
            return
        chunks = self.assistant.perform(request)
        reply = wire.ChatReply(model, include_usage=delivery.include_usage)
        await self.send_answer(rendered(chunks) if delivery.render else chunks, reply, 1, delivery.stream)

    async def _preview(self, request: TaskRequest) -> None:
        plan = await self.assistant.plan(request)
        backend = find_backend(self.assistant.backends, self.assistant.config, request.model, "chat")
        messages = [{"role": message.role, "content": as_sent(backend, message.content)} for message in plan.messages]
        tokens = sum(backend.count(message.content) for message in plan.messages)
        self.finish(json.dumps({"task": request.task, "messages": messages, "tokens": tokens, "sent": plan.blocks}))


class RenderHandler(AssistHandler):
    """`POST v1/render`: text to safe HTML."""

    SUPPORTED_METHODS = ("POST",)

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:render")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Render."""
        self.finish(json.dumps({"html": render_html(wire.render_request(self.json_body()))}))


class PromptHandler(AssistHandler):
    """`GET prompt`: what was sent to the model last for this user."""

    SUPPORTED_METHODS = ("GET",)

    @web.authenticated
    @authorized(action="read", resource="llama_assist:prompt")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Show."""
        last = self.assistant.prompts.of(user_of(self))
        if last is None:
            self.finish(json.dumps({"text": None}))
            return
        tokens = last.tokens(self.assistant.backend.count)
        body = {"text": last.text, "tokens": tokens, "task": last.task, "when": last.when, "blocks": list(last.blocks)}
        self.finish(json.dumps(body))
