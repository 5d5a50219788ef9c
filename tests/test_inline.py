"""One inline answer from the first token to what may be shown, and the second try that syntax suggests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator

from llama_assist.assistant import Assistant, Recipe
from llama_assist.config import Assist
from llama_assist.inline import DOUBTFUL, TRUST_IN_LEADS
from llama_assist.types import (
    Cell,
    Chunk,
    CompletionRequest,
    Document,
    Job,
    ModelInfo,
    SamplingParams,
    Status,
    TokenLogprob,
    Usage,
)

SURE, UNSURE = -0.01, -2.0


class Model:
    """Writes `texts` one after the other, each as one token with its log probability."""

    def __init__(self, *texts: tuple[str, float]) -> None:
        self.texts = list(texts)
        self.jobs: list[Job] = []

    async def describe(self) -> ModelInfo:
        return ModelInfo("scripted", "qwen2.5-coder", 4096)

    def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        self.jobs.append(job)
        text, logprob = self.texts[len(self.jobs) - 1]
        yield Chunk(text, logprobs=(TokenLogprob(text, logprob),), usage=Usage(9, 1, 3))
        yield Chunk(finish_reason="stop", usage=Usage(9, 2, 3))

    def status(self) -> Status:
        return Status("ready", "scripted")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def fill(model: Model, drawn: str, *, manual: bool = True, recipe: Recipe | None = None) -> tuple[str, Chunk]:
    """Return the whole text at the cursor │ and the last chunk."""
    prefix, suffix = drawn.split("│")
    document = Document((Cell("import numpy as np"), Cell(prefix + suffix)), cell=1)
    request = CompletionRequest(prefix, suffix, document, SamplingParams(max_tokens=32), manual=manual)
    assistant = Assistant(model, Assist(), recipe or Recipe())

    async def run() -> list[Chunk]:
        return [chunk async for chunk in assistant.complete(request)]

    chunks = asyncio.run(run())
    return "".join(chunk.text for chunk in chunks), chunks[-1]


def reason(chunk: Chunk) -> dict[str, object]:
    assert chunk.debug is not None
    return dict(chunk.debug)


def test_a_sure_answer_is_shown_and_asked_for_once() -> None:
    model = Model(("total = 1", SURE))
    text, last = fill(model, "│\nprint(count)")
    assert text == "total = 1"
    assert len(model.jobs) == 1
    assert reason(last)["lead"] == ""


def test_a_doubtful_answer_that_leaves_the_code_below_without_a_name_is_tried_again_with_it() -> None:
    model = Model(("print(np)", UNSURE), (" np.ones(3)", SURE))
    text, last = fill(model, "x = 1\n│\nprint(count)")
    assert text == "count = np.ones(3)"
    assert [job.prompt.typed for job in model.jobs] == ["", "count ="]
    assert reason(last)["lead"] == "count ="


def test_the_second_try_has_a_line_of_its_own_where_the_cursor_stands_before_code() -> None:
    model = Model(("print(np)", UNSURE), (" np.ones(3)", SURE))
    text, _ = fill(model, "def f():\n│    return count")
    assert text == "    count = np.ones(3)\n"


def test_the_likelier_of_two_tries_is_shown() -> None:
    model = Model(("print(np)", -1.2), (" np.ones(3)", UNSURE))
    text, last = fill(model, "x = 1\n│\nprint(count)")
    assert text == "print(np)"
    assert reason(last)["lead"] == ""


def test_nothing_left_of_the_first_try_leaves_the_second() -> None:
    model = Model(("print(count)", SURE), (" np.ones(3)", UNSURE))
    text, _ = fill(model, "x = 1\n│\nprint(count)")
    assert text == "count = np.ones(3)"


def test_an_answer_that_makes_the_name_is_not_tried_again_however_doubtful() -> None:
    model = Model(("count = 7", UNSURE))
    assert fill(model, "x = 1\n│\nprint(count)")[0] == "count = 7"
    assert len(model.jobs) == 1


def test_the_second_try_can_be_left_out_to_measure_it() -> None:
    model = Model(("print(np)", UNSURE))
    assert fill(model, "x = 1\n│\nprint(count)", recipe=Recipe(frozenset({"needed"})))[0] == "print(np)"


def test_a_lead_of_ours_is_trusted_less_when_nobody_asked() -> None:
    sure_enough = -0.9  # more than the threshold by itself, less with what a lead takes off
    assert 0.3 / TRUST_IN_LEADS > math.exp(sure_enough) > 0.3
    model = Model(("print(np)", UNSURE), (" np.ones(3)", sure_enough))
    text, last = fill(model, "x = 1\n│\nprint(count)", manual=False)
    assert text == ""
    assert reason(last)["reason"] == "low confidence"
    assert DOUBTFUL > 0.3
