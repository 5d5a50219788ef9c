"""The one path: context, prompt, backend, postprocess. Text in, text out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from llama_assist.backends import Backend, Guarded
from llama_assist.backends.choose import Kind, find_backend
from llama_assist.candidates import write_candidates
from llama_assist.config import Assist
from llama_assist.context.builder import Context
from llama_assist.context.retrieve import Retriever
from llama_assist.filling import CANDIDATE_TEMPERATURE, Filling, Notes, noted, reseeded
from llama_assist.inline import make_site
from llama_assist.inline_prompt import DEFAULT_RECIPE, InlinePrompts, Recipe
from llama_assist.prompt.chat import build_chat
from llama_assist.prompt.fim import find_form
from llama_assist.prompt.last import LastPrompt, LastPrompts
from llama_assist.prompt.notebook import SYSTEM, notebook_message
from llama_assist.tasks import TaskAnswer, TaskPlan, make_plan
from llama_assist.types import (
    ChatRequest,
    Chunk,
    CompletionRequest,
    Job,
    Message,
    ModelInfo,
    Prompt,
    SamplingParams,
    Special,
    TaskRequest,
)

CHAT_CONTEXT = 0.5  # of the model's context may be notebook; the rest is conversation and answer


class Assistant:
    """Completes code and answers questions with whatever backend it stands on."""

    def __init__(
        self,
        backend: Backend,
        config: Assist | None = None,
        recipe: Recipe = DEFAULT_RECIPE,
        chat_backend: Backend | None = None,
    ) -> None:
        """Stand on `backend`, and for chat and tasks on `chat_backend` where there is one."""
        self.backend = backend
        self.backends = (backend,) if chat_backend is None else (backend, chat_backend)
        self.config = config or Assist()
        self.prompts = LastPrompts()
        self._recipe = recipe
        self._retriever = Retriever()
        self._inline = InlinePrompts(self.config.prompt_tokens, recipe)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        """Stream what belongs between `prefix` and `suffix`, candidate after candidate."""
        backend = self._find(request.model, "inline")
        model = await backend.describe()
        if request.raw:
            prompt = _raw_prompt(model, request.prefix)
            self._keep(request.user, backend, prompt, "complete")
            async with aclosing(_choices(backend, prompt, request)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        prompts, context = self._inline.build(model, request, backend.count)
        self._keep(request.user, backend, prompts[0], "complete", _blocks(context))
        filling = Filling(
            backend,
            request,
            make_site(request, context, request.document.variables if request.document else ()),
            prompts,
            find_form(model.family).stops,
            self.config.min_confidence,
            self._recipe.without,
            _describe(context),
        )
        async with aclosing(write_candidates(request, prompts[0].typed, filling.write)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the assistant's next turn."""
        backend = self._find(request.model, "chat")
        model = await backend.describe()
        prompt = build_chat(model, self._messages(backend, request, model))
        self._keep(request.user, backend, prompt, "chat")
        async with aclosing(_choices(backend, prompt, request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def perform(self, request: TaskRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the answer to a task; the last chunk says what it rests on and what its code is worth.

        Code that is there already is no answer: it is not let out, and asked for once more.
        """
        plan = await self.plan(request)
        answer, notes = TaskAnswer(plan), Notes()
        async with aclosing(self._fill(plan, answer, request.sampling, notes)) as chunks:
            async for chunk in chunks:
                yield chunk
        if answer.repeats:
            plan = plan.again(answer.text)
            gap = answer.restart(plan)
            if gap:
                yield Chunk(gap)
            async with aclosing(self._fill(plan, answer, _varied(request.sampling), notes)) as chunks:
                async for chunk in chunks:
                    yield chunk
        text = answer.refuse() if answer.repeats else ""
        yield Chunk(text, finish_reason=answer.finish_reason, usage=answer.usage, debug=answer.describe() | notes)

    async def plan(self, request: TaskRequest) -> TaskPlan:
        """Return what would be sent for a task; loads no model."""
        backend = self._find(request.model, "chat")
        model = await backend.describe()
        limit = min(self.config.context_length, model.context_length)
        return make_plan(request, limit, backend.count, self._retriever)

    async def _fill(
        self, plan: TaskPlan, answer: TaskAnswer, sampling: SamplingParams, notes: Notes
    ) -> AsyncGenerator[Chunk, None]:
        """Let the model fill one hole after the other; each goes on from the text before it."""
        backend = self._find(plan.request.model, "chat")
        model = await backend.describe()
        prompt = build_chat(model, plan.messages) if plan.messages else Prompt(())
        for step in plan.steps:
            text = answer.begin(step)
            if text:
                yield Chunk(text)
            if not step.tokens:
                continue
            limits = replace(sampling, max_tokens=step.tokens, stop=(*sampling.stop, *step.stop))
            job = Job(replace(prompt, typed=answer.typed), limits)
            self._keep(plan.request.user, backend, job.prompt, plan.request.task, plan.blocks)
            async with aclosing(noted(backend.generate(job), notes)) as chunks:
                async for chunk in chunks:
                    text = answer.take(chunk)
                    if text:
                        yield Chunk(text, usage=answer.usage)
                    if answer.is_over:
                        return

    def _find(self, model: str, kind: Kind) -> Backend:
        return find_backend(self.backends, self.config, model, kind)

    def _keep(
        self, user: str, backend: Backend, prompt: Prompt, task: str, blocks: Sequence[Mapping[str, object]] = ()
    ) -> None:
        """Keep the prompt for its user to see, as it is sent."""
        sent = backend.outgoing(prompt) if isinstance(backend, Guarded) else prompt
        self.prompts.keep(user, LastPrompt(sent, task, time.time(), blocks))

    def _messages(self, backend: Backend, request: ChatRequest, model: ModelInfo) -> list[Message]:
        messages = list(request.messages)
        if request.document is None:
            return messages
        limit = min(self.config.context_length, model.context_length)
        spoken = sum(backend.count(message.content) for message in messages) + request.sampling.max_tokens
        budget = min(int(limit * CHAT_CONTEXT), limit - spoken - backend.count(SYSTEM))
        notebook = notebook_message(request.document, budget, backend.count)
        system = [] if any(message.role == "system" for message in messages) else [Message("system", SYSTEM)]
        if notebook is None:
            return [*system, *messages]
        return [*system, notebook, Message("assistant", "I have read it."), *messages]


def _raw_prompt(model: ModelInfo, text: str) -> Prompt:
    return Prompt(tuple(part for part in (Special(model.bos_token) if model.bos_token else "", text) if part))


def _varied(sampling: SamplingParams) -> SamplingParams:
    """Return the sampling of a second try, which the likeliest text would only repeat."""
    seed = 0 if sampling.seed is None else sampling.seed
    return replace(sampling, temperature=sampling.temperature or CANDIDATE_TEMPERATURE, seed=seed)


async def _choices(
    backend: Backend, prompt: Prompt, request: CompletionRequest | ChatRequest
) -> AsyncGenerator[Chunk, None]:
    """Stream the choices of a prompt one after the other; closing this closes the backend's generator at once."""
    for index in range(request.n):
        job = Job(prompt, reseeded(request.sampling, index))
        async with aclosing(backend.generate(job)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, index=index)


def _describe(context: Context) -> dict[str, object]:
    """Return what the user may see of the prompt: which cells, as what, and how many tokens."""
    return {"context": _blocks(context), "context_tokens": context.tokens}


def _blocks(context: Context) -> list[dict[str, object]]:
    return [{"kind": block.kind, "cells": block.cells, "tokens": block.tokens} for block in context.blocks]
