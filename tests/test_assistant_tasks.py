"""A task from the request to the last chunk: what the model is asked, hole by hole, and what it is stopped at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from llama_assist.assistant import Assistant
from llama_assist.types import (
    Cell,
    Chunk,
    CompletionRequest,
    Document,
    Failure,
    FinishReason,
    Job,
    ModelInfo,
    SamplingParams,
    Status,
    TaskRequest,
    Usage,
)

TEMPLATE = "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}<assistant>"


class Model:
    """Writes the next of `texts` at every job, letter by letter, up to a stop string."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.jobs: list[Job] = []
        self.num_closed = 0

    async def describe(self) -> ModelInfo:
        return ModelInfo("scripted", "qwen2.5-coder", 4096, TEMPLATE)

    def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        text = self.texts[len(self.jobs)]
        self.jobs.append(job)
        ends = [place for place in (text.find(stop) for stop in job.sampling.stop) if place >= 0]
        written = text[: min(ends, default=len(text))]
        reason: FinishReason = "length" if len(written.split()) > job.sampling.max_tokens else "stop"
        try:
            for letter in written:
                yield Chunk(letter, usage=Usage(9, 1, 3))
            yield Chunk(finish_reason=reason, usage=Usage(9, len(written), 3))
        finally:
            self.num_closed += 1

    def status(self) -> Status:
        return Status("ready", "scripted")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def perform(model: Model, task: Any, *sources: str, at: int = 0, **more: Any) -> tuple[str, Chunk]:
    """Return the whole text and the last chunk."""
    request = TaskRequest(task, Document(tuple(Cell(source) for source in sources), at), **more)

    async def run() -> list[Chunk]:
        async with aclosing(Assistant(model).perform(request)) as chunks:
            return [chunk async for chunk in chunks]

    chunks = asyncio.run(run())
    assert [chunk for chunk in chunks if chunk.finish_reason is not None] == chunks[-1:]
    assert all(chunk.text for chunk in chunks[:-1])
    return "".join(chunk.text for chunk in chunks), chunks[-1]


def prompt_text(job: Job) -> str:
    parts = [segment if isinstance(segment, str) else segment.text for segment in job.prompt.segments]
    return "".join(parts) + job.prompt.typed


def test_an_answer_in_the_models_own_words_is_one_job() -> None:
    model = Model("It sets x.")
    text, last = perform(model, "explain", "x = 1")

    assert text == "It sets x."
    assert last.finish_reason == "stop"
    assert last.debug is not None
    assert last.debug["task"] == "explain"
    assert last.debug["prompt_tokens"] == 9
    assert prompt_text(model.jobs[0]).startswith("<system>You are a careful assistant")
    assert model.jobs[0].priority == "chat"


def test_each_hole_goes_on_from_the_text_before_it() -> None:
    model = Model("Says a.", "Says b.")
    text, last = perform(model, "document", "def a():\n    return 1\n\ndef b():\n    return 2")

    assert text == (
        '```python\ndef a():\n    """Says a."""\n    return 1\n\ndef b():\n    """Says b."""\n    return 2\n```'
    )
    assert model.jobs[0].prompt.typed == '```python\ndef a():\n    """'
    assert model.jobs[1].prompt.typed == text.partition("Says b.")[0]
    assert model.jobs[0].prompt.segments == model.jobs[1].prompt.segments
    assert last.usage == Usage(9, 14, 3)


def test_a_fix_that_repeats_the_cell_is_asked_for_once_more_with_the_reason() -> None:
    failure = Failure("ZeroDivisionError", "division by zero", "Cell In[1], line 1\n----> 1 b = 1 / 0\n")
    model = Model("Zero.", "b = 1 / 0\nprint(b)", "no zero\nb = 1 / 2\nprint(b)")
    text, last = perform(model, "fix", "b = 1 / 0\nprint(b)", failure=failure)

    assert text == "Zero.\n\n```python\n# Fixed: no zero\nb = 1 / 2\nprint(b)\n```"
    assert last.debug is not None
    assert last.debug["refused"] is False
    assert "same as the code that fails" in prompt_text(model.jobs[2])
    assert prompt_text(model.jobs[2]).startswith(prompt_text(model.jobs[0]).removesuffix("<assistant>"))
    assert model.jobs[2].sampling.temperature > 0
    assert model.jobs[2].sampling.seed == 0
    assert model.num_closed == 3


def test_a_fix_that_repeats_the_cell_twice_is_refused() -> None:
    model = Model("Hm.", "x = 1", "so\nx = 1")
    text, last = perform(model, "fix", "x = 1")

    assert text == "Hm.\n\nNo different fix was found. The explanation above led to none: do not rely on it."
    assert last.debug is not None
    assert last.debug["refused"] is True
    assert last.debug["code"] is None
    assert len(model.jobs) == 3


def test_what_the_notebook_does_not_tell_is_said_without_the_model() -> None:
    model = Model()
    text, last = perform(model, "ask", "x = 1", question="Which neural network is trained here?")

    assert text == "I found nothing about this in the notebook."
    assert last.debug is not None
    assert last.debug["found"] is False
    assert last.debug["cells"] == []
    assert model.jobs == []


def test_leaving_an_answer_closes_the_job() -> None:
    model = Model("many words " * 50)

    async def run() -> None:
        request = TaskRequest("explain", Document((Cell("x = 1"),)))
        async with aclosing(Assistant(model).perform(request)) as chunks:
            async for _ in chunks:
                break

    asyncio.run(run())
    assert model.num_closed == 1


def test_the_last_prompt_is_kept_for_each_user() -> None:
    model = Model("It sets x.", "x", "y")
    assistant = Assistant(model)

    async def run() -> None:
        cells = Document((Cell("x = 1"),))
        async for _ in assistant.perform(TaskRequest("explain", cells, user="ada")):
            pass
        async for _ in assistant.complete(
            CompletionRequest("x = ", document=cells, sampling=SamplingParams(), manual=True, user="bob")
        ):
            pass

    asyncio.run(run())
    ada, bob = assistant.prompts.of("ada"), assistant.prompts.of("bob")
    assert ada is not None
    assert bob is not None
    assert assistant.prompts.of("") is None
    assert ada.task == "explain"
    assert "Explain in plain words" in ada.text
    assert ada.tokens(model.count) > 20
    assert bob.task == "complete"
    assert bob.text.endswith("x = ")
