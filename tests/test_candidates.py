"""Several candidates of one completion: distinct, best first, as many choices as were asked for."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from tiny_model import TINY

from llama_assist.assistant import Assistant
from llama_assist.backends import Backend
from llama_assist.backends.local import LocalBackend
from llama_assist.candidates import FEW_ALTERNATIVES, SAME, TRIES, healed
from llama_assist.config import Assist
from llama_assist.models.store import Store
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

Table = Mapping[str, Sequence[tuple[str, float]]]

# What may come after a text, the likeliest token first; after any other text the answer ends.
MEANS: Table = {
    "x =": ((" np", -0.2), (" pd", -1.8)),
    "x = np": ((".mean", -0.7), (".median", -0.8), (".sum", -3.0)),
    "x = np.mean": (("(a)", -0.1), ("(b)", -2.5)),
    "x = np.median": (("(a)", -0.1),),
    "x = pd": ((".read()", -0.3),),
}
TRAP: Table = {
    "x =": ((" foo", -0.6), (" bar", -0.8)),
    "x = foo": (("_one", -2.5),),
    "x = bar": (("_two", -0.01),),
}


class TableBackend:
    """Writes what the table says, with healing; when chance is asked for, the next of the `drawn` texts."""

    def __init__(self, table: Table, drawn: Sequence[str] = ()) -> None:
        self.table = table
        self.drawn = list(drawn)
        self.jobs: list[Job] = []
        self.num_running = 0

    async def describe(self) -> ModelInfo:
        return ModelInfo("table", "qwen2.5-coder", 4096)

    def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        self.jobs.append(job)
        self.num_running += 1
        try:
            if job.sampling.temperature > 0.0:
                yield Chunk(self.drawn.pop(0), finish_reason="stop")
                return
            last = re.search(r"[ .]?\w*\Z", job.prompt.typed)
            assert last is not None
            text, forced, number, offset = job.prompt.typed[: last.start()], last[0], 0, 0
            while found := [pair for pair in self.table.get(text, ()) if _agree(pair[0], forced)]:
                token, logprob = found[0]
                number, text = number + 1, text + token
                shown, forced = token[len(forced) :], forced[len(token) :]
                top = tuple(self.table[text[: -len(token)]][: job.sampling.logprobs or 0])
                yield Chunk(shown, logprobs=(TokenLogprob(token, logprob, top, offset),), usage=Usage(9, number))
                offset += len(token)
            yield Chunk(finish_reason="stop", usage=Usage(9, number))
        finally:
            self.num_running -= 1

    def status(self) -> Status:
        return Status("ready", "table")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def _agree(token: str, forced: str) -> bool:
    return token.startswith(forced) or forced.startswith(token)


def request(n: int, **changes: object) -> CompletionRequest:
    return CompletionRequest(**{"prefix": "x = ", "n": n, "manual": True, **changes})  # type: ignore[arg-type]


async def choices(backend: Backend, order: CompletionRequest) -> list[tuple[str, Chunk]]:
    """Return the text and the last chunk of each choice."""
    texts: dict[int, str] = {}
    last: dict[int, Chunk] = {}
    async with aclosing(Assistant(backend, Assist()).complete(order)) as chunks:
        async for chunk in chunks:
            assert chunk.index not in last or last[chunk.index].finish_reason is None
            texts[chunk.index] = texts.get(chunk.index, "") + chunk.text
            last[chunk.index] = chunk
    assert sorted(texts) == list(range(order.n))
    assert all(chunk.finish_reason is not None and chunk.debug is not None for chunk in last.values())
    return [(texts[index], last[index]) for index in range(order.n)]


async def texts_of(backend: Backend, order: CompletionRequest) -> list[str]:
    return [text for text, _ in await choices(backend, order)]


async def test_further_candidates_leave_the_first_where_another_token_was_likeliest() -> None:
    assert await texts_of(TableBackend(MEANS), request(3)) == ["np.mean(a)", "np.median(a)", "pd.read()"]


async def test_one_candidate_is_one_job_with_few_alternatives() -> None:
    backend = TableBackend(MEANS)
    assert await texts_of(backend, request(1)) == ["np.mean(a)"]
    assert [job.sampling.logprobs for job in backend.jobs] == [FEW_ALTERNATIVES]


async def test_the_likeliest_text_goes_out_before_another_is_begun() -> None:
    backend = TableBackend(MEANS)
    async with aclosing(Assistant(backend, Assist()).complete(request(3))) as chunks:
        first = await anext(chunks)
        assert (first.index, len(backend.jobs)) == (0, 1)
        assert "np.mean(a)".startswith(first.text)


@pytest.mark.parametrize(("best_first", "expected"), [(True, ["bar_two", "foo_one"]), (False, ["foo_one", "bar_two"])])
async def test_the_best_is_first_where_that_is_wanted(best_first: bool, expected: list[str]) -> None:
    assert await texts_of(TableBackend(TRAP), request(2, best_first=best_first)) == expected


async def test_the_others_are_ordered_by_their_confidence() -> None:
    found = await choices(TableBackend(MEANS), request(4))
    sure = [float(str((chunk.debug or {})["confidence"])) for _, chunk in found[1:]]
    assert sure == sorted(sure, reverse=True)


async def test_choices_for_which_there_is_no_candidate_are_empty_and_say_why() -> None:
    backend = TableBackend({"x =": ((" foo", -0.1), (" bar", -2.0))}, drawn=["foo", "bar ", "foo", "", "foo", "foo"])
    found = await choices(backend, request(4))

    assert [text for text, _ in found] == ["foo", "bar", "", ""]
    assert len(backend.jobs) == 1 + TRIES * 3
    for _, chunk in found[2:]:
        assert chunk.debug is not None
        assert (chunk.finish_reason, chunk.debug["shown"], chunk.debug["reason"]) == ("stop", False, SAME)


async def test_what_is_drawn_twice_is_drawn_again() -> None:
    backend = TableBackend({}, drawn=["foo", "foo", "foo ", "bar", "foo"])
    order = request(2, sampling=SamplingParams(temperature=0.8, seed=5))

    assert await texts_of(backend, order) == ["foo", ""]
    assert [job.sampling.seed for job in backend.jobs] == [5, 6, 7]
    assert await texts_of(backend, order) == ["bar", "foo"]


async def test_a_candidate_that_may_not_be_shown_gives_its_place_to_another() -> None:
    backend = TableBackend({"x =": ((" ", -0.1), (" foo", -0.2), (" bar", -0.3))})
    found = await choices(backend, request(2))

    assert [text for text, _ in found] == ["foo", "bar"]


async def test_only_the_first_job_stands_for_the_document() -> None:
    backend = TableBackend(MEANS)
    await choices(backend, request(3, document=Document((Cell("x = "),), 0, "a.ipynb")))
    assert [job.document for job in backend.jobs] == ["a.ipynb#0", "", ""]


async def test_leaving_ends_the_candidate_that_is_being_written() -> None:
    backend = TableBackend(MEANS)
    async with aclosing(Assistant(backend, Assist()).complete(request(3))) as chunks:
        await anext(chunks)
    assert backend.num_running == 0
    assert len(backend.jobs) == 1


async def test_log_probabilities_are_those_of_the_whole_text() -> None:
    order = request(2, sampling=SamplingParams(logprobs=1))
    for text, chunk in await choices(TableBackend(MEANS), order):
        written = "".join(token.token for token in chunk.logprobs)
        assert written == " " + text
        assert all(len(token.top) == 1 for token in chunk.logprobs)
    assert [token.text_offset for token in chunk.logprobs] == [0, 3, 10]
    assert [token.logprob for token in chunk.logprobs] == [-0.2, -0.8, -0.1]


@pytest.mark.parametrize(
    ("typed", "pieces", "text", "expected"),
    [
        ("x = n", (" np", "."), "p.", 2),
        ("x = n", ("p", "."), "p.", 0),
        ("x", ("x", "x", "y"), "xy", 1),
        ("x = ", (), "", 0),
        ("x = n", (" n",), "", 2),
        ("x = number", (" nu",), "", None),
        ("x = ", (" \ufffd", "\ufffd"), "é", None),
    ],
)
def test_what_is_written_once_more_is_known(typed: str, pieces: tuple[str, ...], text: str, expected: int) -> None:
    assert healed(typed, [TokenLogprob(piece, 0.0) for piece in pieces], text) == expected


@pytest.mark.parametrize("prefix", ["The mean of the val", "Read the first rows of ", "number"])
async def test_a_model_writes_distinct_candidates_the_same_each_time(tiny_home: Path, prefix: str) -> None:
    """In prose, where nothing that a model of random weights writes breaks the syntax."""
    backend = LocalBackend(Assist(model=TINY, weights="float32", num_threads=1), store=Store(tiny_home))
    document = Document((Cell(prefix, "markdown"),))
    order = request(4, prefix=prefix, document=document, sampling=SamplingParams(max_tokens=6, logprobs=0))
    try:
        found, again = await choices(backend, order), await choices(backend, order)
    finally:
        await backend.stop()

    texts = [text for text, _ in found]
    shown = [text.rstrip() for text in texts if text]
    assert texts == [text for text, _ in again]
    assert len(shown) == len(set(shown)) >= 2
    assert texts[: len(shown)] == [text for text in texts if text]
    for text, chunk in found[: len(shown)]:
        written = "".join(token.token for token in chunk.logprobs)
        assert text.rstrip() in written
        offsets = [token.text_offset for token in chunk.logprobs]
        assert all(written[at:].startswith(token.token) for at, token in zip(offsets, chunk.logprobs, strict=True))


async def test_where_nothing_is_left_of_one_candidate_another_beginning_is_tried() -> None:
    copied: Table = {
        "x = 1\n": (("y", -0.1), ("z", -0.4)),
        "x = 1\ny": ((" = 2", -0.1),),
        "x = 1\nz": ((" = 3", -0.1),),
    }
    backend = TableBackend({text.rpartition("\n")[2]: pairs for text, pairs in copied.items()})
    order = request(1, prefix="x = 1\n", suffix="\ny = 2")
    assert await texts_of(backend, order) == ["z = 3"]
    assert [job.sampling.temperature for job in backend.jobs] == [0.0, 0.0, 0.0]
