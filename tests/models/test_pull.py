"""The process of a download: its lines, and its end with the one who started it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llama_assist.models.pull import Reports, main
from llama_assist.models.store import Store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def lines(shown: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in shown.splitlines()]


def test_a_model_is_fetched_and_its_progress_told(
    tiny_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own"
    shutil.copytree(tiny_home / "checkpoints" / "tiny", folder)
    (folder / "manifest.json").unlink()

    assert main([str(folder)]) == 0
    assert all("progress" in line for line in lines(capsys.readouterr().out))
    assert Store().find(str(folder)) is not None


def test_a_model_that_is_not_known_is_one_line_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-model"]) == 1
    (line,) = lines(capsys.readouterr().out)
    assert line["error"]["reason"]  # type: ignore[index]
    assert "no-such-model" in line["error"]["message"]  # type: ignore[index]


def test_a_place_that_cannot_be_written_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.write_text("in the way", encoding="utf-8")

    assert main(["qwen2.5-coder-0.5b-instruct"]) == 1
    (line,) = lines(capsys.readouterr().out)
    assert line["error"]["reason"] == "cannot-write"  # type: ignore[index]


def test_few_of_many_reports_of_a_stage_go_out_the_first_and_the_last_always(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Reports()
    for done in range(1001):
        report("download", done, 1000)
    report("wait", 0, 1)
    shown = [line["progress"] for line in lines(capsys.readouterr().out)]

    assert shown[0] == {"file": "download", "done": 0, "total": 1000}
    assert {"file": "download", "done": 1000, "total": 1000} in shown
    assert shown[-1] == {"file": "wait", "done": 0, "total": None}
    assert len(shown) < 1000


def test_the_process_ends_when_nobody_holds_its_stdin(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "locks").mkdir()
    waits = (
        "from filelock import FileLock; import sys\n"
        "from llama_assist.models.reference import key_of, parse_reference\n"
        "from llama_assist.models.store import Store\n"
        "store = Store()\n"
        "key = key_of(parse_reference('qwen2.5-coder-0.5b-instruct', store.catalogue))\n"
        "with FileLock(store.places.lock(key)): print('held', flush=True); sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", waits], **pipes) as holder:  # type: ignore[call-overload]
        assert holder.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "llama_assist.models.pull", "qwen2.5-coder-0.5b-instruct"]
        with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
            assert json.loads(process.stdout.readline())["progress"]["file"] == "wait"
            process.stdin.close()
            assert process.wait(60) == 130
        holder.stdin.close()
