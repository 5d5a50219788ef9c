"""The language server in a process of its own, before a scripted engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

pytest.importorskip("pygls", reason="the language server needs the extra `lsp`")

from editor import Editor
from scripted_engine import ScriptedEngine, scripted_engine
from sse_server import TOKEN


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with scripted_engine() as engine:
        yield engine


@pytest.fixture
def env(engine: ScriptedEngine) -> dict[str, str]:
    return {"LLAMA_ASSIST_URL": engine.url, "LLAMA_ASSIST_KEY": TOKEN}


@pytest.fixture
def make_editor(env: dict[str, str]) -> Iterator[Callable[..., Editor]]:
    """Start editors with the scripted engine; they are gone after the test."""
    made: list[Editor] = []

    def make(more: Mapping[str, str] | None = None, without: tuple[str, ...] = ()) -> Editor:
        given = {**env, **(more or {})}
        made.append(Editor({name: value for name, value in given.items() if name not in without}))
        return made[-1]

    yield make
    for editor in made:
        editor.kill()


@pytest.fixture
def editor(make_editor: Callable[..., Editor]) -> Editor:
    return make_editor()
