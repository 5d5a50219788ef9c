"""`llama-assist demo`: the notebook it opens, and what it says with and without weights."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO

import nbformat
import pytest
from scripted_backend import ScriptedBackend, prompt_text

from llama_assist.cli import main
from llama_assist.cli.demo import find_tour
from llama_assist.errors import ModelError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Models that were fetched; each is absent until then."""
    models: list[str] = []
    monkeypatch.setattr("llama_assist.models.store.Store.find", lambda self, model: models or None)
    monkeypatch.setattr("llama_assist.models.store.Store.fetch", lambda self, model, progress: models.append(model))
    return models


def test_it_completes_explains_and_answers_and_says_how_to_go_on(
    fetched: list[str], backend: ScriptedBackend, capsys: Capture
) -> None:
    fetched.append("here already")
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    for part in ("A month at the weather station", "Complete: cell 8", "Explain: cell 6", "Ask: How many days"):
        assert part in out
    assert out.count("np.mean(values)") == 3
    assert len(re.findall(r"first token after \d+\.\d\d s, \d+ tokens/s", out)) == 3
    for command in ('pip install ".[lab]"', "jupyter lab", "%load_ext llama_assist", "%%llama"):
        assert command in out
    assert fetched == ["here already"]


def test_the_cursor_stands_in_the_half_written_function(fetched: list[str], backend: ScriptedBackend) -> None:
    fetched.append("here already")
    assert main(["demo"]) == 0
    completion, explanation, question = map(prompt_text, backend.jobs)
    assert completion.endswith("smooth = moving_average(temperature, window=HOURS_PER_DAY)<|fim_middle|>    return ")
    assert "def fill_gaps" in explanation.split("Explain this cell")[1]
    assert "10 of 30 days are warm" in question


def test_absent_weights_are_fetched_first(fetched: list[str], backend: ScriptedBackend, capsys: Capture) -> None:
    assert main(["demo", "--model", "smollm2-135m-instruct"]) == 0
    assert fetched == ["smollm2-135m-instruct"]
    assert "The weights of smollm2-135m-instruct are not on this machine yet" in capsys.readouterr().out


def test_weights_that_cannot_be_had_end_it_with_the_reason(
    fetched: list[str], backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def refuse(*arguments: object) -> None:
        raise ModelError("The hub cannot be reached. Check the network.", "offline")

    monkeypatch.setattr("llama_assist.models.store.Store.fetch", refuse)
    assert main(["demo"]) == 1
    assert capsys.readouterr().err.strip().endswith("llama-assist: The hub cannot be reached. Check the network.")
    assert not backend.num_starts


def test_the_tour_is_a_valid_notebook_that_runs_as_it_says() -> None:
    notebook = nbformat.read(find_tour(), as_version=4)
    nbformat.validate(notebook)
    names: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        printed = StringIO()
        with redirect_stdout(printed):
            exec(cell.source, names)
        assert printed.getvalue() == "".join(output.text for output in cell.outputs)
