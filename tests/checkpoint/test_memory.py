"""The estimate counts weights, their copies and the cache; a container's limit counts as the machine's."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_files import HEAD_DIM, HIDDEN, KV_HEADS, LAYERS, VOCAB, llama_config

from llama_assist.checkpoint.memory import RUNTIME_BYTES, _container_bytes, estimate_bytes

EMBEDDING = VOCAB * HIDDEN
LINEAR = 1_000_000


@pytest.mark.parametrize(
    ("weights", "tied", "fast", "expected"),
    [
        ("bf16", True, True, 2 * (EMBEDDING + LINEAR)),
        ("bf16", False, True, 2 * (2 * EMBEDDING + LINEAR)),
        ("float32", True, False, 4 * (EMBEDDING + LINEAR)),
        ("int8", True, False, 2 * EMBEDDING + EMBEDDING + LINEAR),
        ("int8", True, True, 2 * EMBEDDING + EMBEDDING + 3 * LINEAR),
        ("int4", False, False, int(2 * EMBEDDING + 0.625 * (EMBEDDING + LINEAR))),
    ],
)
def test_weights_and_their_copies_are_counted(weights: str, tied: bool, fast: bool, expected: int) -> None:
    config = llama_config(tie_word_embeddings=tied)
    parameters = LINEAR + EMBEDDING * (1 if tied else 2)
    found = estimate_bytes(config, parameters, weights, fast_prefill=fast, num_tokens=0)
    assert found == expected + RUNTIME_BYTES


def test_the_cache_holds_keys_and_values_of_every_layer() -> None:
    def estimate(num_tokens: int) -> int:
        return estimate_bytes(llama_config(), LINEAR, "bf16", fast_prefill=False, num_tokens=num_tokens)

    assert estimate(1000) - estimate(0) == 1000 * 2 * LAYERS * KV_HEADS * HEAD_DIM * 2


def test_what_a_container_has_left_counts_its_file_cache_as_free(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert _container_bytes(tmp_path) == 450


def test_a_container_without_limit_or_no_container_bounds_nothing(tmp_path: Path) -> None:
    assert _container_bytes(tmp_path) is None
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("")
    assert _container_bytes(tmp_path) is None
