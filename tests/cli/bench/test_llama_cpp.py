"""The rival in its own process: asked through a pipe, timed at its place, refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from llama_assist.cli.bench.llama_cpp import LlamaCpp, LlamaCppOptions, check_llama_cpp
from llama_assist.cli.bench.trace import Keystroke
from llama_assist.errors import InvalidRequestError, ModelError
from llama_assist.prompt.fim import FimForm

FORM = FimForm("psm", "<P>", "<S>", "<M>")


@pytest.fixture(autouse=True)
def fake_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "fake_llama_cpp"))


def run(name: str, ask: Callable[[LlamaCpp], Coroutine[Any, Any, Any]]) -> Any:
    async def session() -> Any:
        rival = LlamaCpp(LlamaCppOptions(Path(name), 2, 4096, FORM))
        await rival.load()
        try:
            return await ask(rival)
        finally:
            await rival.unload()

    return asyncio.run(session())


def test_an_answer_is_timed_and_counted() -> None:
    timing = run("good.gguf", lambda rival: rival.generate("hello", 4))
    assert (timing.num_tokens, timing.prompt_tokens, timing.cached_tokens) == (4, 5, 0)
    assert 0 < timing.first_token_ms < timing.last_token_ms == timing.total_ms
    assert timing.decode_speed > 0


def test_an_answer_ends_where_the_model_ends_it() -> None:
    assert run("good.gguf", lambda rival: rival.generate("stop!", 4)).num_tokens == 1


def test_what_the_cache_holds_is_not_counted_as_read() -> None:
    async def ask(rival: LlamaCpp) -> list[int]:
        texts = ("abcdef", "abcdxy", "abcdxy")
        return [(await rival.generate(text, 1)).num_evaluated for text in texts]

    assert run("good.gguf", ask) == [6, 2, 1]


def test_streams_are_written_in_one_batch() -> None:
    assert run("good.gguf", lambda rival: rival.stream(["abc", "de", "f", "gh"], 8)) > 0


def test_a_keystroke_is_asked_in_the_plain_order() -> None:
    timing = run("good.gguf", lambda rival: rival.complete(Keystroke("0", "ab", "c", "de"), 2))
    assert timing.prompt_tokens == 3 + len("abcde")


def test_it_says_what_it_is_without_its_path() -> None:
    async def ask(rival: LlamaCpp) -> str:
        return rival.describe()

    assert run("/somewhere/good.gguf", ask) == "llama-cpp-python 0.0-fake, good.gguf, 2 threads"


def test_its_memory_is_known() -> None:
    async def ask(rival: LlamaCpp) -> int:
        return rival.peak_bytes()

    assert run("good.gguf", ask) > 1_000_000


def test_a_file_that_it_cannot_load_is_refused_with_its_own_words() -> None:
    with pytest.raises(ModelError, match=r"broken\.gguf: Failed to load model from file"):
        run("broken.gguf", lambda rival: rival.generate("", 1))


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("llama_assist.cli.bench.llama_cpp.find_spec", lambda name: None)
    with pytest.raises(InvalidRequestError, match="pip install llama-cpp-python"):
        check_llama_cpp(tmp_path / "good.gguf")


def test_an_absent_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("llama_assist.cli.bench.llama_cpp.find_spec", lambda name: object())
    with pytest.raises(InvalidRequestError, match=r"There is no file .*good\.gguf"):
        check_llama_cpp(tmp_path / "good.gguf")
