"""The one path: context, prompt, backend, postprocess. Text in, text out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from llama_assist.backends import Backend
from llama_assist.candidates import ALTERNATIVES, FEW_ALTERNATIVES, Attempt, write_candidates
from llama_assist.config import Assist
from llama_assist.context.builder import Context, ContextBuilder
from llama_assist.context.retrieve import Retriever
from llama_assist.context.selection import SOURCES
from llama_assist.inline import InlineAnswer, make_site
from llama_assist.prompt.chat import build_chat
from llama_assist.prompt.fim import Layout, build_prompt, cut_window, find_form
from llama_assist.prompt.last import LastPrompt, LastPrompts
from llama_assist.prompt.notebook import SYSTEM, notebook_message
from llama_assist.tasks import TaskAnswer, TaskPlan, make_plan
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
    TaskRequest,
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
        self.prompts = LastPrompts()
        self._recipe = recipe
        self._retriever = Retriever()
        self._context = ContextBuilder(frozenset(SOURCES) - recipe.without)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Chunk, None]:
        """Stream what belongs between `prefix` and `suffix`, candidate after candidate."""
        model = await self.backend.describe()
        if request.raw:
            prompt = _raw_prompt(model, request.prefix)
            self._keep(request.user, prompt, "complete")
            for index in range(request.n):
                job = Job(prompt, _reseeded(request.sampling, index))
                async for chunk in _numbered(self.backend.generate(job), index):
                    yield chunk
            return
        prompt, context = self._inline_prompt(model, request)
        self._keep(request.user, prompt, "complete", _blocks(context))
        site = make_site(request, context, request.document.variables if request.document else ())

        def write(attempt: Attempt) -> tuple[InlineAnswer, AsyncGenerator[Chunk, None]]:
            answer = InlineAnswer(request, site, self.config.min_confidence, self._recipe.without)
            job = self._inline_job(model, request, prompt, answer, attempt)
            return answer, self._fill_in(job, answer, context, attempt)

        async with aclosing(write_candidates(request, prompt.typed, write)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the assistant's next turn."""
        model = await self.backend.describe()
        prompt = build_chat(model, self._messages(request, model))
        self._keep(request.user, prompt, "chat")
        for index in range(request.n):
            sampling = _reseeded(request.sampling, index)
            async for chunk in _numbered(self.backend.generate(Job(prompt, sampling)), index):
                yield chunk

    async def perform(self, request: TaskRequest) -> AsyncGenerator[Chunk, None]:
        """Stream the answer to a task; the last chunk says what it rests on and what its code is worth.

        Code that is there already is no answer: it is not let out, and asked for once more.
        """
        plan = await self.plan(request)
        answer = TaskAnswer(plan)
        async with aclosing(self._fill(plan, answer, request.sampling)) as chunks:
            async for chunk in chunks:
                yield chunk
        if answer.repeats:
            plan = plan.again(answer.text)
            gap = answer.restart(plan)
            if gap:
                yield Chunk(gap)
            async with aclosing(self._fill(plan, answer, _varied(request.sampling))) as chunks:
                async for chunk in chunks:
                    yield chunk
        text = answer.refuse() if answer.repeats else ""
        yield Chunk(text, finish_reason=answer.finish_reason, usage=answer.usage, debug=answer.describe())

    async def plan(self, request: TaskRequest) -> TaskPlan:
        """Return what would be sent for a task; loads no model."""
        model = await self.backend.describe()
        limit = min(self.config.context_length, model.context_length)
        return make_plan(request, limit, self.backend.count, self._retriever)

    async def _fill(self, plan: TaskPlan, answer: TaskAnswer, sampling: SamplingParams) -> AsyncGenerator[Chunk, None]:
        """Let the model fill one hole after the other; each goes on from the text before it."""
        model = await self.backend.describe()
        prompt = build_chat(model, plan.messages) if plan.messages else Prompt(())
        for step in plan.steps:
            text = answer.begin(step)
            if text:
                yield Chunk(text)
            if not step.tokens:
                continue
            limits = replace(sampling, max_tokens=step.tokens, stop=(*sampling.stop, *step.stop))
            job = Job(replace(prompt, typed=answer.typed), limits)
            self._keep(plan.request.user, job.prompt, plan.request.task, plan.blocks)
            async with aclosing(self.backend.generate(job)) as chunks:
                async for chunk in chunks:
                    text = answer.take(chunk)
                    if text:
                        yield Chunk(text, usage=answer.usage)
                    if answer.is_over:
                        return

    def _keep(self, user: str, prompt: Prompt, task: str, blocks: Sequence[Mapping[str, object]] = ()) -> None:
        self.prompts.keep(user, LastPrompt(prompt, task, time.time(), blocks))

    async def _fill_in(
        self, job: Job, answer: InlineAnswer, context: Context, attempt: Attempt
    ) -> AsyncGenerator[Chunk, None]:
        """Write one candidate; the first again where the code below tells a better start; the likelier one is shown."""
        async with aclosing(self._write(job, answer, attempt)) as chunks:
            async for chunk in chunks:
                yield chunk
        second = answer.second_try() if attempt.number == 0 else None
        if second is not None:
            prompt = replace(job.prompt, typed=job.prompt.typed + second.lead)
            async with aclosing(self._write(replace(job, prompt=prompt), second, attempt)) as chunks:
                async for chunk in chunks:
                    yield chunk
            answer = max(answer, second, key=lambda each: each.confidence)
        yield answer.close(_describe(context))

    async def _write(self, job: Job, answer: InlineAnswer, attempt: Attempt) -> AsyncGenerator[Chunk, None]:
        """Let the model write until the answer is over; leaving the loop frees the engine."""
        async with aclosing(attempt.continued(self.backend.generate(job), job.prompt.typed)) as chunks:
            async for chunk in chunks:
                text = answer.take(chunk)
                if text:
                    yield Chunk(text, usage=answer.usage)
                if answer.is_over:
                    break

    def _inline_prompt(self, model: ModelInfo, request: CompletionRequest) -> tuple[Prompt, Context]:
        budget, count = self.config.prompt_tokens, self.backend.count
        window = cut_window(request.prefix, request.suffix, int(budget * WINDOW_SHARE), count)
        used = count(window.prefix) + count(window.suffix)
        room = budget - -(-used // ROOM_STEP) * ROOM_STEP
        document = request.document or Document((Cell(request.prefix + request.suffix),))
        context = self._context.build(document, request.prefix, request.suffix, room, count)
        return build_prompt(model, _context_text(context), window, self._recipe.layout), context

    def _inline_job(
        self, model: ModelInfo, request: CompletionRequest, prompt: Prompt, answer: InlineAnswer, attempt: Attempt
    ) -> Job:
        sampling = _reseeded(request.sampling, attempt.number)
        is_drawn = attempt.number > 0 and not attempt.head
        alternatives = 0 if attempt.number else ALTERNATIVES if request.n > 1 else FEW_ALTERNATIVES
        sampling = replace(
            sampling,
            max_tokens=min(sampling.max_tokens, answer.plan.max_tokens) - len(attempt.tokens[1:]),
            stop=(*sampling.stop, *answer.plan.stop),
            stop_tokens=find_form(model.family).stops,
            temperature=sampling.temperature or (CANDIDATE_TEMPERATURE if is_drawn else 0.0),
            logprobs=max(sampling.logprobs or 0, alternatives) or sampling.logprobs,
        )
        document = request.document
        key = f"{document.path}#{document.cell}" if document is not None and attempt.number == 0 else ""
        return Job(replace(prompt, typed=prompt.typed + attempt.head), sampling, "inline", key)

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


def _varied(sampling: SamplingParams) -> SamplingParams:
    """Return the sampling of a second try, which the likeliest text would only repeat."""
    seed = 0 if sampling.seed is None else sampling.seed
    return replace(sampling, temperature=sampling.temperature or CANDIDATE_TEMPERATURE, seed=seed)


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
    return {"context": _blocks(context), "context_tokens": context.tokens}


def _blocks(context: Context) -> list[dict[str, object]]:
    return [{"kind": block.kind, "cells": block.cells, "tokens": block.tokens} for block in context.blocks]
