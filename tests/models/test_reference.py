"""A model's name never becomes a path outside the store, and a bare name is never looked up on the disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llama_assist.errors import ModelError
from llama_assist.models.catalogue import load_catalogue
from llama_assist.models.reference import (
    FileReference,
    FolderReference,
    HubReference,
    Reference,
    StoreReference,
    key_of,
    parse_reference,
    unknown_model,
)

CATALOGUE = load_catalogue()


def parse(text: str) -> Reference:
    return parse_reference(text, CATALOGUE)


def test_each_kind_of_name_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse("smollm2-135m-instruct") is CATALOGUE["smollm2-135m-instruct"]
    assert parse("hub:owner/name") == HubReference("owner", "name")
    assert parse("hub:owner/name@v1.0") == HubReference("owner", "name", "v1.0")
    assert parse("./models/x") == FolderReference(tmp_path / "models/x")
    assert parse("x.gguf") == FileReference(tmp_path / "x.gguf")
    assert parse("~/x.GGUF") == FileReference(Path("~/x.GGUF").expanduser())
    assert parse("tiny-1a2b3c4d") == StoreReference("tiny-1a2b3c4d")


def test_a_bare_name_is_not_a_folder_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil").mkdir()
    assert parse("evil") == StoreReference("evil")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "..", ".hidden", "a\0b", "a\nb", "a b", "%2e%2e", "x" * 97, "\ud800", "-x", "C:x"),
        *("hub:", "hub:a", "hub:/a", "hub:a/", "hub:a/b/c", "hub:../b", "hub:a/..", "hub:a/b@", "hub:a/b@../x"),
        *("hub:a/b@/x", "hub:a/b@x//y", "hub:a/b@x@y", "hub:a /b", "hub:.a/b"),
    ],
)
def test_names_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(text)
    assert caught.value.reason == "bad-name"


@given(st.text(max_size=60) | st.from_regex(r"(hub:)?[a-z./\\~%@-]{1,40}(\.gguf)?", fullmatch=True))
@example("../../etc/passwd")
@example("/")
@example("//")
@example("~")
@example("~nobody-of-this-name/x")
@example("hub:a/b@c/d")
@example("...gguf")
def test_every_key_is_one_safe_folder_name(text: str) -> None:
    try:
        key = key_of(parse(text))
    except ModelError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}", key)


def test_different_models_of_one_name_have_different_keys(tmp_path: Path) -> None:
    references = [
        *(FolderReference(tmp_path / place / "tiny") for place in "ab"),
        FileReference(tmp_path / "tiny.gguf"),
        HubReference("a", "tiny"),
        HubReference("a", "tiny", "main"),
        HubReference("a", "tiny", "x/y"),
        HubReference("a", "tiny", "x-y"),
    ]
    assert len({reference.key for reference in references}) == len(references)


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    error = unknown_model("qwen2.5-coder-0.5b", CATALOGUE)
    assert "Did you mean qwen2.5-coder-0.5b-instruct?" in str(error)
    assert error.reason == "unknown-model"
