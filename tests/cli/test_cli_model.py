"""`llama-assist model`: each command says in one sentence what it did, or why it could not."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from model_files import write_gguf

from llama_assist.cli.model import add_parser


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="llama-assist")
    add_parser(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["model", *words])
    code = arguments.run(arguments)
    assert isinstance(code, int)
    return code


def test_a_model_is_pulled_listed_shown_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_gguf(tmp_path / "tiny.gguf"))
    assert run("pull", path) == 0
    out, err = capsys.readouterr()
    name = out.split()[0]
    assert out.startswith(f"{name} is ready in ")
    assert "converting" in err
    assert run("list") == 0
    assert f" {name} " in capsys.readouterr().out
    assert run("show", name) == 0
    out = capsys.readouterr().out
    assert "files    all intact:" in out
    assert "model.safetensors" in out
    assert run("remove", name) == 0
    assert capsys.readouterr().out == f"{name} is removed.\n"
    assert run("show", name) == 1


def test_the_catalogue_is_listed_with_its_licences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    out = capsys.readouterr().out
    assert "qwen2.5-coder-0.5b-instruct   available" in out
    assert "Apache-2.0" in out
    assert str(home) in out


def test_a_model_that_is_not_here_is_shown_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "smollm2-135m-instruct") == 0
    assert "`llama-assist model pull smollm2-135m-instruct` fetches 98 MB" in capsys.readouterr().out


def test_show_finds_a_damaged_file(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_gguf(tmp_path / "tiny.gguf"))
    run("pull", path)
    weights = next(home.rglob("model.safetensors"))
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    capsys.readouterr()
    assert run("show", path) == 1
    assert "[wrong-hash]" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["pull", "show", "remove"])
def test_errors_are_one_sentence_on_stderr(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "no-such-model") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no-such-model" in err
    assert "Traceback" not in err


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llama_assist.models.store.Store.fetch", interrupt)
    assert run("pull", "smollm2-135m-instruct") == 130
    assert "pull again to go on" in capsys.readouterr().err
