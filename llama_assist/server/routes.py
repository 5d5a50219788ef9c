"""The table of all routes. Every method names who may call it."""

from __future__ import annotations

from typing import Any

from llama_assist.assistant import Assistant
from llama_assist.server.base import Route
from llama_assist.server.client_routes import client_routes
from llama_assist.server.document_routes import DocumentHandler
from llama_assist.server.download import Downloads
from llama_assist.server.feedback_routes import EventsHandler, StatusHandler
from llama_assist.server.job_routes import JobHandler
from llama_assist.server.model_routes import ModelHandler
from llama_assist.server.task_routes import PromptHandler, RenderHandler, TaskHandler

BASE = "/llama-assist"


def routes(assistant: Assistant, *, at_root: bool = False) -> list[Route]:
    """Return the handlers of the extension, all before one `assistant`.

    `at_root` adds those of other clients below the server's own base URL, for clients that take no path.
    """
    shared: dict[str, Any] = {"assistant": assistant}
    found: list[Route] = [
        *client_routes(assistant, BASE),
        (rf"{BASE}/v1/jobs", JobHandler, shared),
        (rf"{BASE}/v1/tasks", TaskHandler, shared),
        (rf"{BASE}/v1/render", RenderHandler, shared),
        (rf"{BASE}/v1/events", EventsHandler, shared),
        (rf"{BASE}/status", StatusHandler, shared),
        (rf"{BASE}/model", ModelHandler, {**shared, "downloads": Downloads()}),
        (rf"{BASE}/prompt", PromptHandler, shared),
        (rf"{BASE}/document", DocumentHandler, shared),
    ]
    if at_root:
        found += [*client_routes(assistant, ""), ("/v1/events", EventsHandler, shared)]
    return found
