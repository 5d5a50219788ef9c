"""A stranger's tokenizer or template can neither hang nor crash the process that asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_files import tokenizer_json, write_json

from llama_assist.errors import ModelError
from llama_assist.models import probe
from llama_assist.models.probe import probe_template, probe_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_json(tmp_path / "tokenizer.json", tokenizer_json())
    return tmp_path


def complaint_of_tokenizer(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        probe_tokenizer(folder)
    assert caught.value.reason == "bad-tokenizer"
    return str(caught.value)


def test_a_good_tokenizer_passes(folder: Path) -> None:
    probe_tokenizer(folder)


def test_a_pattern_that_explodes_is_given_up(folder: Path) -> None:
    content = tokenizer_json()
    bomb = {"type": "Split", "pattern": {"Regex": "^(a|a|aa)+$"}, "behavior": "Isolated", "invert": False}
    write_json(folder / "tokenizer.json", {**content, "pre_tokenizer": bomb})
    assert complaint_of_tokenizer(folder)


def test_a_probe_that_never_ends_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_WALL_SECONDS", 0.3)
    monkeypatch.setattr(probe, "_TOKENIZER_PROBE", "while True: pass")
    assert "0.3 s" in complaint_of_tokenizer(folder)


def test_a_probe_that_crashes_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_TOKENIZER_PROBE", "import os; os.abort()")
    assert "signal 6" in complaint_of_tokenizer(folder)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{% for message in messages %}{{ message['content'] }}{% endfor %}",
        "{{ raise_exception('no system role') }}",
        "{% generation %}unknown tag{% endgeneration %}",
        "{{ missing.attribute }}",
        "{{ strftime_now('%Y') }} é 漢",
    ],
)
def test_harmless_templates_pass_even_where_they_fail(folder: Path, template: str) -> None:
    write_json(folder / "tokenizer_config.json", {"chat_template": template})
    probe_template(folder, "model")
