"""What became of suggestions, and the state of the engine with these counts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from jupyter_server.auth.decorator import authorized
from tornado import web

import llama_assist
from llama_assist import wire
from llama_assist.feedback import add_events, read_counts
from llama_assist.server.base import AssistHandler


class EventsHandler(AssistHandler):
    """`POST v1/events`: suggestions were shown, taken or dismissed; counted on this machine only."""

    SUPPORTED_METHODS = ("POST",)
    _track_activity = False

    @web.authenticated
    @authorized(action="write", resource="llama_assist:events")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Count."""
        events = wire.events_request(self.json_body(), self.get_query_argument("select_kind", ""))
        if events:
            await asyncio.to_thread(add_events, [(event.kind, event.characters) for event in events])
        self.set_status(204)
        self.finish()


class StatusHandler(AssistHandler):
    """`GET status`: the state of the engine; starts nothing, and keeps no idle server alive."""

    SUPPORTED_METHODS = ("GET",)
    _track_activity = False

    @web.authenticated
    @authorized(action="read", resource="llama_assist:status")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Report."""
        self.finish(json.dumps(status_of(self)))


def status_of(handler: AssistHandler) -> dict[str, object]:
    """Return the body of `GET status`: of completions, under `chat` of another model's chat, and where text goes."""
    first, *others = (backend.status() for backend in handler.assistant.backends)
    chat = asdict(others[0]) if others else None
    body = wire.status_body(first, llama_assist.__version__)
    remote = body["remote"] or (chat and chat["remote"])
    detail = body["detail"] or (chat["detail"] if chat and chat["remote"] else "")
    return {**body, "detail": detail, "remote": remote, "chat": chat, "usage": asdict(read_counts())}
