"""The one path: context, prompt, backend, postprocess. Text in, text out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from llama_assist.backends import Backend
from llama_assist.config import Assist
from llama_assist.context.builder import Context, ContextBuilder
from llama_assist.prompt.chat import build_chat
from llama_assist.prompt.fim import build_prompt, cut_window, find_form
from llama_assist.prompt.notebook import SYSTEM, notebook_message
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
)

WINDOW_SHARE = 0.4  # of an inline prompt's tokens belong to the current cell; what it leaves goes to other cells
ROOM_STEP = 128  # tokens by which the room of other cells changes, so that typing does not change the selection
CHAT_CONTEXT = 0.5  # of the model's context may be notebook; the rest is conversation and answer
CANDIDATE_TEMPERATURE = 0.7  # further candidates of an inline completion must differ from the first


class Assistant:
    """Completes code and answers questions with whatever backend it stands on."""

    def __init__(self, backend: Backend, config: Assist | None = None) -> None:
        self.backend = backend
        self.config = config or Assist()
        self._context = ContextBuilder()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        """Stream what belongs between `prefix` and `suffix`, candidate after candidate."""
        model = await self.backend.describe()
        debug: dict[str, object] = {}
        if request.raw:
            prompt = _raw_prompt(model, request.prefix)
        else:
            prompt, debug = self._inline_prompt(model, request)
        for index in range(request.n):
            job = self._inline_job(model, request, prompt, index)
            async for chunk in _numbered(self.backend.generate(job), index, debug):
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the assistant's next turn."""
        model = await self.backend.describe()
        prompt = build_chat(model, self._messages(request, model))
        for index in range(request.n):
            sampling = _reseeded(request.sampling, index)
            async for chunk in _numbered(self.backend.generate(Job(prompt, sampling)), index, {}):
                yield chunk

    def _inline_prompt(self, model: ModelInfo, request: CompletionRequest) -> tuple[Prompt, dict[str, object]]:
        budget, count = self.config.prompt_tokens, self.backend.count
        window = cut_window(request.prefix, request.suffix, int(budget * WINDOW_SHARE), count)
        used = sum(count(part) for part in (window.prefix, window.typed, window.suffix))
        room = budget - -(-used // ROOM_STEP) * ROOM_STEP
        document = request.document or Document((Cell(request.prefix + request.suffix),))
        context = self._context.build(document, request.prefix, request.suffix, room, count)
        prompt = build_prompt(model, _context_text(context), window)
        return prompt, _describe(context)

    def _inline_job(self, model: ModelInfo, request: CompletionRequest, prompt: Prompt, index: int) -> Job:
        sampling = _reseeded(request.sampling, index)
        if request.raw:
            return Job(prompt, sampling)
        if index and not sampling.temperature:
            sampling = replace(sampling, temperature=CANDIDATE_TEMPERATURE)
        sampling = replace(sampling, stop_tokens=find_form(model.family).stops)
        document = request.document
        key = f"{document.path}#{document.cell}" if document is not None and index == 0 else ""
        return Job(prompt, sampling, "inline", key)

    def _messages(self, request: ChatRequest, model: ModelInfo) -> list[Message]:
        messages = list(request.messages)
        if request.document is None:
            return messages
        limit = min(self.config.context_length, model.context_length)
        spoken = sum(self.backend.count(message.content) for message in messages) + request.sampling.max_tokens
        budget = min(int(limit * CHAT_CONTEXT), limit - spoken - self.backend.count(SYSTEM))
        notebook = notebook_message(request.document, budget, self.backend.count)
        system = [] if any(message.role == "system" for message in messages) else [Message("system", SYSTEM)]
        if notebook is None:
            return [*system, *messages]
        return [*system, notebook, Message("assistant", "I have read it."), *messages]


def _raw_prompt(model: ModelInfo, text: str) -> Prompt:
    return Prompt(tuple(part for part in (Special(model.bos_token) if model.bos_token else "", text) if part))


def _reseeded(sampling: SamplingParams, index: int) -> SamplingParams:
    """Give each choice a seed of its own, or all would be the same."""
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + index)


async def _numbered(
    chunks: AsyncGenerator[Chunk, None], index: int, debug: dict[str, object]
) -> AsyncGenerator[Chunk, None]:
    """Mark the chunks of one choice; closing this closes the backend's generator at once."""
    async with aclosing(chunks) as running:
        async for chunk in running:
            is_last = chunk.finish_reason is not None and debug
            yield replace(chunk, index=index, debug=debug if is_last else chunk.debug)


def _context_text(context: Context) -> str:
    return "".join(block.text + "\n\n" for block in context.blocks)


def _describe(context: Context) -> dict[str, object]:
    """Return what the user may see of the prompt: which cells, as what, and how many tokens."""
    blocks = [{"kind": block.kind, "cells": block.cells, "tokens": block.tokens} for block in context.blocks]
    return {"context": blocks, "context_tokens": context.tokens}
