"""One inline answer from the first token to what may be shown, and the further tries where it is doubtful."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator

from llama_assist.assistant import Assistant
from llama_assist.config import Assist
from llama_assist.inline import DOUBTFUL, TRUST_IN_LEADS
from llama_assist.inline_prompt import Recipe
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
        text, logprob = self.texts[min(len(self.jobs), len(self.texts)) - 1]
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
    model = Model(("print(np)", UNSURE), ("print(np)", UNSURE), (" np.ones(3)", SURE))
    text, last = fill(model, "x = 1\n│\nprint(count)")
    assert text == "count = np.ones(3)"
    assert [job.prompt.typed for job in model.jobs] == ["", "", "count ="]
    assert reason(last)["lead"] == "count ="


def test_the_second_try_has_a_line_of_its_own_where_the_cursor_stands_before_code() -> None:
    model = Model(("print(np)", UNSURE), ("print(np)", UNSURE), (" np.ones(3)", SURE))
    text, _ = fill(model, "def f():\n│    return count")
    assert text == "    count = np.ones(3)\n"


def test_the_likelier_of_two_tries_is_shown() -> None:
    model = Model(("print(np)", -1.2), ("np.load()", UNSURE), (" np.ones(3)", UNSURE))
    text, last = fill(model, "x = 1\n│\nprint(count)")
    assert text == "print(np)"
    assert reason(last)["lead"] == ""


def test_nothing_left_of_the_first_try_leaves_the_second() -> None:
    model = Model(("print(count)", SURE), ("print(count)", SURE), (" np.ones(3)", UNSURE))
    text, _ = fill(model, "x = 1\n│\nprint(count)")
    assert text == "count = np.ones(3)"


def test_an_answer_that_makes_the_name_is_not_tried_again_however_doubtful() -> None:
    model = Model(("count = 7", UNSURE))
    assert fill(model, "x = 1\n│\nprint(count)")[0] == "count = 7"
    assert [job.prompt.typed for job in model.jobs] == ["", ""]


def test_the_second_try_can_be_left_out_to_measure_it() -> None:
    model = Model(("print(np)", UNSURE))
    assert fill(model, "x = 1\n│\nprint(count)", recipe=Recipe(frozenset({"needed"})))[0] == "print(np)"


def test_a_lead_of_ours_is_trusted_less_when_nobody_asked() -> None:
    sure_enough = -0.9  # more than the threshold by itself, less with what a lead takes off
    assert 0.3 / TRUST_IN_LEADS > math.exp(sure_enough) > 0.3
    model = Model(("print(np)", UNSURE), ("print(np)", UNSURE), (" np.ones(3)", sure_enough))
    text, last = fill(model, "x = 1\n│\nprint(count)", manual=False)
    assert text == ""
    assert reason(last)["reason"] == "low confidence"
    assert DOUBTFUL > 0.3


def shown_suffixes(model: Model) -> list[bool]:
    """Tell for each job whether the model was shown the code below, which ends with `print(count)`."""
    return [any("print(count)" in part for part in job.prompt.segments if isinstance(part, str)) for job in model.jobs]


def test_on_an_empty_line_the_code_below_is_shown_only_when_the_answer_without_it_is_doubtful() -> None:
    sure = Model(("count = 3", SURE))
    fill(sure, "x = 1\n│\nprint(count)")
    assert shown_suffixes(sure) == [False]
    doubtful = Model(("count = 1", UNSURE), ("count = 2", SURE))
    text, _ = fill(doubtful, "x = 1\n│\nprint(count)")
    assert shown_suffixes(doubtful) == [False, True]
    assert text == "count = 2"


def test_within_a_line_the_code_below_is_shown_at_once() -> None:
    model = Model((" 3", UNSURE))
    fill(model, "count =│\nprint(count)")
    assert shown_suffixes(model) == [True]


def test_a_line_that_closes_a_bracket_of_the_code_below_needs_to_see_it() -> None:
    model = Model(("3", UNSURE))
    fill(model, "total(\n    │)\nprint(count)")
    assert shown_suffixes(model) == [True]


def test_statements_go_out_before_the_whole_is_known_only_if_they_are_likely_right() -> None:
    assert len(pieces(Model(("a = 1\n", SURE), ("b = 2", SURE)))) == 2
    assert len(pieces(Model(("a = 1\n", -0.8), ("b = 2", SURE)))) == 1
    assert len(pieces(Model(("# first\n", SURE), ("b = 2", SURE)))) == 1


def pieces(model: Model) -> list[str]:
    """Return the texts that go out one by one while the model writes all its texts as one answer to an empty cell."""

    async def generate(job: Job) -> AsyncGenerator[Chunk, None]:
        for text, logprob in model.texts:
            yield Chunk(text, logprobs=(TokenLogprob(text, logprob),))
        yield Chunk(finish_reason="stop", usage=Usage(9, 2, 3))

    async def run() -> list[str]:
        request = CompletionRequest("", "", Document((Cell(""),)), SamplingParams(max_tokens=32), manual=True)
        return [chunk.text async for chunk in Assistant(model, Assist()).complete(request) if chunk.text]

    model.generate = generate  # type: ignore[method-assign]
    return asyncio.run(run())


def test_time_ends_an_answer_at_the_end_of_a_line_but_never_within_the_first() -> None:
    class Slow(Model):
        async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
            for number, text in enumerate(["a = 1\n", "b = 2\n", "c", " = 3\n", "d = 4\n"]):
                await asyncio.sleep(0.02 * (number == 1))
                yield Chunk(text, logprobs=(TokenLogprob(text, SURE),), usage=Usage(9, number, 3))
            yield Chunk(finish_reason="stop", usage=Usage(9, 5, 3))

    async def run(max_ms: float | None) -> str:
        request = CompletionRequest("", "", sampling=SamplingParams(), manual=True, max_ms=max_ms)
        chunks = Assistant(Slow(("", SURE)), Assist()).complete(request)
        return "".join([chunk.text async for chunk in chunks]).rstrip()

    assert asyncio.run(run(10.0)) == "a = 1\nb = 2"
    assert asyncio.run(run(None)).startswith("a = 1\nb = 2\nc = 3")


def test_the_debug_tells_of_what_went_out_however_the_rest_was_judged() -> None:
    model = Model(("a = 1\n", SURE), ("b = zzz + yyy", -4.0))

    async def generate(job: Job) -> AsyncGenerator[Chunk, None]:
        for text, logprob in model.texts:
            yield Chunk(text, logprobs=(TokenLogprob(text, logprob),))
        yield Chunk(finish_reason="stop", usage=Usage(9, 2, 3))

    async def run() -> list[Chunk]:
        request = CompletionRequest("", "", Document((Cell(""),)), SamplingParams(max_tokens=32))
        return [chunk async for chunk in Assistant(model, Assist()).complete(request)]

    model.generate = generate  # type: ignore[method-assign]
    chunks = asyncio.run(run())
    assert "".join(chunk.text for chunk in chunks) == "a = 1"
    assert reason(chunks[-1])["shown"] is True
    assert float(str(reason(chunks[-1])["confidence"])) > 0.9
