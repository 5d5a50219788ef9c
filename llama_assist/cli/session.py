"""One assistant for the length of a command; its engine ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from llama_assist.config import Assist

if TYPE_CHECKING:
    from llama_assist.assistant import Assistant


def make_assistant(config: Assist) -> Assistant:
    """Return the assistant of this machine, as the server makes it; nothing is started."""
    from llama_assist.assistant import Assistant
    from llama_assist.backends.local import LocalBackend

    return Assistant(LocalBackend(config), config)


@asynccontextmanager
async def open_assistant(config: Assist) -> AsyncIterator[Assistant]:
    """Give an assistant whose model is loaded; raise `ModelError` or `EngineUnavailableError`."""
    assistant = make_assistant(config)
    try:
        await assistant.backend.start()
        yield assistant
    finally:
        await assistant.backend.stop()
