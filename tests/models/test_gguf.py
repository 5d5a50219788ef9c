"""A GGUF file is read only as far as its own bytes bear it out."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_files import gguf_bytes, llama_metadata, llama_weights, write_gguf

from llama_assist.errors import ModelError
from llama_assist.models.convert import plan
from llama_assist.models.gguf import read_gguf
from llama_assist.models.gguf_config import build_config
from llama_assist.models.gguf_tokenizer import build_tokenizer, build_tokenizer_config
from llama_assist.models.gguf_vocabulary import read_vocabulary


def reason_of(path: Path, raw: bytes) -> str:
    path.write_bytes(raw)
    with pytest.raises(ModelError) as caught:
        read_gguf(path)
    assert path.name in str(caught.value)
    return caught.value.reason


@pytest.fixture(scope="module")
def whole() -> bytes:
    return gguf_bytes(llama_metadata(), llama_weights())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_metadata_of_every_type_is_read(path: Path) -> None:
    metadata = {"a": 7, "b": True, "c": 0.5, "d": "é", "e": [1, 2], "f": ["x", ""], "g": [0.5], "h": []}
    path.write_bytes(gguf_bytes(metadata, {}))
    assert read_gguf(path).metadata == metadata


def test_rows_are_read_where_the_table_says(path: Path) -> None:
    weights = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.arange(64, dtype=np.float32).reshape(2, 32)}
    path.write_bytes(gguf_bytes({}, weights, quantised=("b",)))
    gguf = read_gguf(path)
    assert gguf.rows(gguf.tensors["a"], 1, 2).tolist() == [[3, 4, 5]]
    np.testing.assert_allclose(gguf.rows(gguf.tensors["b"], 0, 2), weights["b"], atol=0.3)


def test_every_truncation_is_refused(path: Path, whole: bytes) -> None:
    rng = random.Random(3)
    for length in [*range(64), *(rng.randrange(len(whole)) for _ in range(200)), len(whole) - 1]:
        assert reason_of(path, whole[:length]) == "truncated"


def test_a_file_that_shrinks_after_its_head_was_read_is_refused(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    gguf = read_gguf(path)
    path.write_bytes(whole[:-1000])
    with pytest.raises(ModelError, match="ended while"):
        gguf.rows(gguf.tensors["blk.1.ffn_down.weight"], 0, 64)


@given(st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_damaged_heads_are_refused_or_still_consistent(edits: list[tuple[int, int]]) -> None:
    import tempfile

    raw = bytearray(gguf_bytes(llama_metadata(), llama_weights()))
    for place, value in edits:
        raw[place] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        path.write_bytes(raw)
        try:
            gguf = read_gguf(path)
            config, vocabulary = build_config(gguf), read_vocabulary(gguf)
            weights = plan(gguf, config)
            build_tokenizer(vocabulary)
            build_tokenizer_config(vocabulary)
        except ModelError:
            return
    assert all(weight.source.offset + weight.source.num_bytes <= len(raw) for weight in weights)


def head(num_tensors: int, num_entries: int, rest: bytes = b"", magic: bytes = b"GGUF", version: int = 3) -> bytes:
    return magic + struct.pack("<IQQ", version, num_tensors, num_entries) + rest


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def tensor(name: bytes, *shape: int, kind: int = 0, offset: int = 0) -> bytes:
    return string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


HUGE = (1 << 64) - 1


@pytest.mark.parametrize(
    "raw",
    [
        head(0, 0, magic=b"GGML"),
        head(0, 0, version=1),
        head(0, 0, version=0x03000000),
        head(HUGE, 0),
        head(0, HUGE),
        head(0, 1, struct.pack("<Q", HUGE)),
        head(0, 1, string(b"\xff") + struct.pack("<II", 4, 1)),
        head(0, 1, string(b"k") + struct.pack("<I", 99)),
        head(0, 1, string(b"k") + struct.pack("<IIQ", 9, 8, HUGE)),
        head(0, 1, string(b"k") + struct.pack("<IIQ", 9, 10, HUGE)),
        head(0, 1, string(b"k") + struct.pack("<IIQ", 9, 9, 1) * 3 + bytes(100)),
        head(0, 2, (string(b"k") + struct.pack("<II", 4, 1)) * 2),
        head(0, 1, string(b"general.alignment") + struct.pack("<II", 4, 0)),
        head(0, 1, string(b"general.alignment") + struct.pack("<II", 4, 24)),
        head(0, 1, string(b"general.alignment") + struct.pack("<II", 4, 1 << 30)),
        head(1, 0, tensor(b"t") + bytes(64)),
        head(1, 0, tensor(b"t", 1, 1, 1, 1, 1) + bytes(64)),
        head(1, 0, tensor(b"t", 0, 4) + bytes(64)),
        head(1, 0, tensor(b"t", 1 << 40, 1 << 40) + bytes(64)),
        head(1, 0, tensor(b"t", 33, kind=8) + bytes(64)),
        head(1, 0, tensor(b"t", 4, offset=7) + bytes(64)),
        head(2, 0, tensor(b"t", 4) + tensor(b"u", 4) + bytes(64)),
        head(2, 0, tensor(b"t", 4) + tensor(b"t", 4, offset=32) + bytes(99)),
    ],
)
def test_a_head_that_lies_is_refused(path: Path, raw: bytes) -> None:
    assert reason_of(path, raw) == "bad-gguf"


def test_a_tensor_that_ends_behind_the_file_is_truncated(path: Path) -> None:
    assert reason_of(path, head(1, 0, tensor(b"t", 1000) + bytes(200))) == "truncated"
    assert reason_of(path, head(1, 0, tensor(b"t", 4, offset=1 << 63) + bytes(200))) == "truncated"


def test_a_form_that_cannot_be_read_is_named(path: Path) -> None:
    assert reason_of(path, head(1, 0, tensor(b"t", 256, kind=23) + bytes(64))) == "unsupported-form"


def test_weights_that_are_no_numbers_are_refused(path: Path) -> None:
    path.write_bytes(gguf_bytes({}, {"a": np.array([1.0, np.nan], dtype=np.float32)}))
    gguf = read_gguf(path)
    with pytest.raises(ModelError, match="not finite"):
        gguf.rows(gguf.tensors["a"], 0, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        read_gguf(tmp_path / "none.gguf")
    assert caught.value.reason == "missing-file"


def test_the_tiny_model_of_these_tests_is_a_good_one(path: Path) -> None:
    assert len(read_gguf(write_gguf(path)).tensors) == 20
