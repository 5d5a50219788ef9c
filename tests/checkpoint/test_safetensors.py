"""A safetensors header is believed only as far as the file bears it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import safetensors_bytes

from llama_assist.checkpoint.safetensors import MAX_HEADER_BYTES, TensorEntry, read_header
from llama_assist.errors import ModelError

GOOD = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def write(path: Path, header: Any, data: bytes = bytes(16)) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)
    return path


def reason_of(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_header(path)
    assert str(path) in str(caught.value)
    return caught.value.reason


def test_tensors_are_listed_with_type_shape_and_place(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors_bytes({"a": np.zeros((2, 3)), "b": np.zeros(4)}))
    assert read_header(path) == {"a": TensorEntry("F32", (2, 3), 0, 24), "b": TensorEntry("F32", (4,), 24, 40)}


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        {"a": 1},
        {"a": {**GOOD, "extra": 1}},
        {"a": {**GOOD, "dtype": "F8"}},
        {"a": {**GOOD, "shape": [2, -2]}},
        {"a": {**GOOD, "shape": [2, True]}},
        {"a": {**GOOD, "shape": [2, 3]}},
        {"a": {**GOOD, "shape": [1 << 60, 1 << 60]}},
        {"a": {**GOOD, "data_offsets": [0]}},
        {"a": {**GOOD, "data_offsets": [16, 0]}},
        {"a": {**GOOD, "data_offsets": [0.0, 16.0]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},
        {"a": GOOD, "b": GOOD},
        {},
        b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "a": {}}',
    ],
)
def test_a_malformed_header_is_refused(tmp_path: Path, header: Any) -> None:
    assert reason_of(write(tmp_path / "model.safetensors", header)) == "bad-safetensors"


def test_a_file_that_ends_inside_its_weights_is_truncated(tmp_path: Path) -> None:
    assert reason_of(write(tmp_path / "model.safetensors", {"a": GOOD}, bytes(15))) == "truncated"


def test_a_file_that_ends_inside_its_header_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((100).to_bytes(8, "little") + b"{}")
    assert reason_of(path) == "truncated"


def test_a_file_without_even_a_length_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"abc")
    assert reason_of(path) == "truncated"


def test_a_header_above_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write((MAX_HEADER_BYTES + 1).to_bytes(8, "little"))
        file.truncate(MAX_HEADER_BYTES + 100)
    assert reason_of(path) == "bad-safetensors"


def test_too_many_tensors_are_refused_before_parsing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llama_assist.checkpoint.safetensors.MAX_TENSORS", 2)
    monkeypatch.setattr("llama_assist.checkpoint.safetensors.parse_object", pytest.fail)
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    assert reason_of(write(tmp_path / "model.safetensors", dict.fromkeys("abc", empty))) == "bad-safetensors"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "model.safetensors") == "missing-file"
