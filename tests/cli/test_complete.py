"""`llama-assist complete`: a cursor in a file on disk, and what the editor would be offered there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_backend import ScriptedBackend, prompt_text

from llama_assist.cli import main
from llama_assist.errors import EngineCrashedError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Means 🙂"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "execution_count": 1,
            "source": ["import numpy as np\n", "values = [1, 2]"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "a secret of the output"}],
        },
        {
            "cell_type": "code",
            "id": "c",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": 'a = "🙂"; b = \nx',
        },
    ]
    path = tmp_path / "means.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "means.py"
    path.write_bytes(b"import numpy as np\r\n\r\nmean = \r\nprint(mean)\r\n")
    return path


def test_the_text_goes_to_stdout_and_the_times_to_stderr(
    notebook: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    assert main(["complete", str(notebook), "--cell", "3", "--offset", "13"]) == 0
    out, err = capsys.readouterr()
    assert out == "np.mean(values)\n"
    assert "first token after" in err
    assert "tokens/s" in err


def test_offsets_count_characters_and_other_cells_are_context(notebook: Path, backend: ScriptedBackend) -> None:
    assert main(["complete", str(notebook), "--cell", "3", "--offset", "13"]) == 0
    prompt = prompt_text(backend.jobs[0])
    assert prompt.endswith('<|fim_suffix|>\nx<|fim_middle|>a = "🙂"; b = ')
    assert "import numpy as np" in prompt
    assert "secret" not in prompt


def test_without_an_offset_the_cursor_is_at_the_end(notebook: Path, backend: ScriptedBackend) -> None:
    assert main(["complete", str(notebook), "--cell", "2"]) == 0
    assert prompt_text(backend.jobs[0]).endswith("<|fim_suffix|><|fim_middle|>values = [1, 2]")


def test_a_source_file_takes_line_and_column(source: Path, backend: ScriptedBackend) -> None:
    assert main(["complete", str(source), "--line", "3", "--column", "7"]) == 0
    prompt = prompt_text(backend.jobs[0])
    assert "import numpy as np\n\n<|fim_suffix|>\nprint(mean)\n<|fim_middle|>mean = " in prompt


def test_json_says_what_it_cost_and_what_was_sent(notebook: Path, backend: ScriptedBackend, capsys: Capture) -> None:
    assert main(["complete", str(notebook), "--cell", "3", "--offset", "13", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == "np.mean(values)"
    assert answer["finish_reason"] == "stop"
    assert answer["usage"]["cached_tokens"] == 5
    assert {"context", "stop", "filters"} <= set(answer["debug"])
    assert answer["ttft_ms"] <= answer["total_ms"]


def test_the_engine_ends_with_the_command_also_after_an_error(
    notebook: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    backend.pieces = ["np.", EngineCrashedError("The engine ended in the middle of the answer.")]
    assert main(["complete", str(notebook), "--cell", "3"]) == 1
    assert "llama-assist: The engine ended" in capsys.readouterr().err
    assert (backend.num_starts, backend.num_stops) == (1, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{notebook} --cell 4", "has 3 cells"),
        ("{notebook} --cell 0", "count them from 1"),
        ("{notebook} --cell 3 --offset 16", "has 15 characters"),
        ("{notebook}", "--cell N [--offset K]"),
        ("{notebook} --cell 2 --line 1", "--cell N [--offset K]"),
        ("{source} --cell 0", "--line L [--column C]"),
        ("{source} --line 6", "has 5 lines"),
        ("{source} --line 3 --column 8", "has 7 characters"),
        ("{source}.none --line 1", "cannot be read"),
        ("{source} --line 1 --Assist.weights=int3", "--Assist.weights=int3"),
        ("{source} --line 1 --Assist.num_slots=many", "--Assist.num_slots=many"),
    ],
)
def test_a_wrong_place_is_refused_by_name(
    words: str, said: str, notebook: Path, source: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    assert main(["complete", *words.format(notebook=notebook, source=source).split()]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("llama-assist: ")
    assert said in err
    assert not backend.jobs


@pytest.mark.parametrize("content", ["not json", "[]", "{}", '{"nbformat": 4, "nbformat_minor": 5}', '{"nbformat": 9}'])
def test_what_is_no_notebook_is_refused(
    content: str, tmp_path: Path, backend: ScriptedBackend, capsys: Capture
) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(content, encoding="utf-8")
    assert main(["complete", str(path), "--cell", "1"]) == 1
    assert f"{path} is no notebook" in capsys.readouterr().err


def test_a_notebook_of_an_older_format_is_read(tmp_path: Path, backend: ScriptedBackend) -> None:
    cell = {"cell_type": "code", "language": "python", "metadata": {}, "outputs": [], "input": ["total = "]}
    content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["complete", str(path), "--cell", "1"]) == 0
    assert prompt_text(backend.jobs[0]).endswith("<|fim_middle|>total = ")


def test_settings_are_those_of_the_server(notebook: Path, backend: ScriptedBackend) -> None:
    words = ["--model", "other", "--Assist.num_slots=2", "--Assist.fast_prefill=False"]
    assert main(["complete", str(notebook), "--cell", "2", *words]) == 0
    assert (backend.config.model, backend.config.num_slots, backend.config.fast_prefill) == ("other", 2, False)


def test_absent_weights_are_named_with_what_to_do(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "home"))
    assert main(["complete", str(notebook), "--cell", "2", "--model", "smollm2-135m-instruct"]) == 1
    assert "llama-assist model pull smollm2-135m-instruct" in capsys.readouterr().err
