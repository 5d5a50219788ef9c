"""The one path: context, prompt, backend, postprocess. Text in, text out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from llama_assist.backends import Backend
from llama_assist.config import Assist
from llama_assist.context.builder import Context, ContextBuilder
from llama_assist.context.selection import SOURCES
from llama_assist.inline import InlineAnswer, make_site
from llama_assist.prompt.chat import build_chat
from llama_assist.prompt.fim import Layout, build_prompt, cut_window, find_form
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
ROOM_STEP = 128  # tokens by which the room of other cells changes; what is typed on the line never changes it
CHAT_CONTEXT = 0.5  # of the model's context may be notebook; the rest is conversation and answer
CANDIDATE_TEMPERATURE = 0.7  # further candidates of an inline completion must differ from the first


@dataclass(frozen=True, slots=True)
class Recipe:
    """How inline completions are made; other recipes than the default exist to be measured against it.

    `without` names sources of context and filters that are left out.
    """

    without: frozenset[str] = frozenset()
    layout: Layout = "anchored"


DEFAULT_RECIPE = Recipe()


class Assistant:
    """Completes code and answers questions with whatever backend it stands on."""

    def __init__(self, backend: Backend, config: Assist | None = None, recipe: Recipe = DEFAULT_RECIPE) -> None:
        self.backend = backend
        self.config = config or Assist()
        self._recipe = recipe
        self._context = ContextBuilder(frozenset(SOURCES) - recipe.without)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        """Stream what belongs between `prefix` and `suffix`, candidate after candidate."""
        model = await self.backend.describe()
        if request.raw:
            prompt = _raw_prompt(model, request.prefix)
            for index in range(request.n):
                job = Job(prompt, _reseeded(request.sampling, index))
                async for chunk in _numbered(self.backend.generate(job), index):
                    yield chunk
            return
        prompt, context = self._inline_prompt(model, request)
        site = make_site(request, context, request.document.variables if request.document else ())
        for index in range(request.n):
            answer = InlineAnswer(request, site, self.config.min_confidence, self._recipe.without)
            job = self._inline_job(model, request, prompt, answer, index)
            async for chunk in _numbered(self._write(job, answer, context), index):
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the assistant's next turn."""
        model = await self.backend.describe()
        prompt = build_chat(model, self._messages(request, model))
        for index in range(request.n):
            sampling = _reseeded(request.sampling, index)
            async for chunk in _numbered(self.backend.generate(Job(prompt, sampling)), index):
                yield chunk

    async def _write(self, job: Job, answer: InlineAnswer, context: Context) -> AsyncGenerator[Chunk, None]:
        """Let the model write until the answer is over; leaving the loop frees the engine."""
        async with aclosing(self.backend.generate(job)) as chunks:
            async for chunk in chunks:
                text = answer.take(chunk)
                if text:
                    yield Chunk(text, usage=answer.usage)
                if answer.is_over:
                    break
        yield answer.close(_describe(context))

    def _inline_prompt(self, model: ModelInfo, request: CompletionRequest) -> tuple[Prompt, Context]:
        budget, count = self.config.prompt_tokens, self.backend.count
        window = cut_window(request.prefix, request.suffix, int(budget * WINDOW_SHARE), count)
        used = count(window.prefix) + count(window.suffix)
        room = budget - -(-used // ROOM_STEP) * ROOM_STEP
        document = request.document or Document((Cell(request.prefix + request.suffix),))
        context = self._context.build(document, request.prefix, request.suffix, room, count)
        return build_prompt(model, _context_text(context), window, self._recipe.layout), context

    def _inline_job(
        self, model: ModelInfo, request: CompletionRequest, prompt: Prompt, answer: InlineAnswer, index: int
    ) -> Job:
        sampling = _reseeded(request.sampling, index)
        sampling = replace(
            sampling,
            max_tokens=min(sampling.max_tokens, answer.plan.max_tokens),
            stop=(*sampling.stop, *answer.plan.stop),
            stop_tokens=find_form(model.family).stops,
            temperature=sampling.temperature or (CANDIDATE_TEMPERATURE if index else 0.0),
        )
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


async def _numbered(chunks: AsyncGenerator[Chunk, None], index: int) -> AsyncGenerator[Chunk, None]:
    """Mark the chunks of one choice; closing this closes the backend's generator at once."""
    async with aclosing(chunks) as running:
        async for chunk in running:
            yield replace(chunk, index=index)


def _context_text(context: Context) -> str:
    return "".join(block.text + "\n\n" for block in context.blocks)


def _describe(context: Context) -> dict[str, object]:
    """Return what the user may see of the prompt: which cells, as what, and how many tokens."""
    blocks = [{"kind": block.kind, "cells": block.cells, "tokens": block.tokens} for block in context.blocks]
    return {"context": blocks, "context_tokens": context.tokens}
