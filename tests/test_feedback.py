"""Counts survive several servers, damaged files and crashes, and hold no text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llama_assist.errors import AssistError
from llama_assist.feedback import Counts, add_events, counts_path, read_counts

EVENTS = [("shown", 10), ("accepted", 10), ("shown", 20), ("accepted_part", 7), ("shown", 5), ("dismissed", 5)]


def test_what_was_taken_saves_its_characters(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "usage.json"

    assert add_events(EVENTS, file) == Counts(3, 1, 1, 1, 17)
    assert add_events([("accepted", 3)], file) == read_counts(file) == Counts(3, 2, 1, 1, 20)


def test_the_file_holds_numbers_only(tmp_path: Path) -> None:
    add_events(EVENTS, tmp_path / "usage.json")
    content = json.loads((tmp_path / "usage.json").read_text("utf-8"))

    assert all(type(value) is int for value in content.values())
    assert sorted(path.name for path in tmp_path.iterdir()) in (["usage.json"], ["usage.json", "usage.lock"])


def test_nothing_is_counted_before_the_first_event(tmp_path: Path) -> None:
    assert read_counts(tmp_path / "usage.json") == Counts()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"shown": "many"}', '{"shown": -1}', '{"other": 3}', "\x00"])
def test_a_damaged_file_counts_as_nothing_and_is_mended_by_the_next_event(tmp_path: Path, content: str) -> None:
    file = tmp_path / "usage.json"
    file.write_text(content, encoding="utf-8")

    assert read_counts(file) == Counts()
    assert add_events([("shown", 1)], file) == Counts(shown=1)


def test_several_processes_lose_no_event(tmp_path: Path) -> None:
    file = tmp_path / "usage.json"
    code = (
        "import pathlib, sys; from llama_assist.feedback import add_events\n"
        "for _ in range(25): add_events([('accepted', 2)], pathlib.Path(sys.argv[1]))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(file)]) for _ in range(3)]

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert read_counts(file) == Counts(accepted=75, characters_saved=150)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(AssistError, match=r"usage\.json cannot be written"):
        add_events([("shown", 1)], tmp_path / "file" / "usage.json")


def test_the_file_lies_in_the_data_folder_of_jupyter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))

    assert counts_path() == tmp_path / "llama_assist" / "usage.json"
