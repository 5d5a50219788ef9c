"""A real Jupyter server process with the extension and a scripted assistant, for clients that need a socket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator

from fake_assistant import FakeAssistant, Request, hello

from llama_assist.errors import BusyError, ContextTooLongError, EngineCrashedError, EngineUnavailableError
from llama_assist.server.app import LlamaAssistApp
from llama_assist.types import ChatRequest, Chunk

ERRORS = {
    "busy": BusyError("The queue is full.", retry_after=3),
    "long": ContextTooLongError(5000, 4096),
    "loading": EngineUnavailableError("The model is being loaded.", state="failed"),
}


async def scripted(request: Request) -> AsyncGenerator[Chunk, None]:
    """Do what the last text of `request` says; say hello to anything else."""
    text = request.messages[-1].content if isinstance(request, ChatRequest) else request.prefix
    if text in ERRORS:
        raise ERRORS[text]
    if text == "crash":
        yield Chunk("half an ans")
        raise EngineCrashedError("The engine ended.")
    if text == "slow":
        yield Chunk("first")
        await asyncio.sleep(3600)
    async for chunk in hello(request):
        yield chunk


if __name__ == "__main__":
    LlamaAssistApp.make_assistant = lambda self: FakeAssistant(scripted)  # type: ignore[method-assign, assignment, return-value]
    LlamaAssistApp.launch_instance(sys.argv[1:])
