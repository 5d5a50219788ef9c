"""A converted GGUF file holds the weights that went in, under the names and in the order of Hugging Face."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from model_files import HEADS, KV_HEADS, hf_name, interleave, llama_metadata, llama_weights, read_bfloat16, write_gguf

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.safetensors import read_header
from llama_assist.models import convert
from llama_assist.models.convert import convert_gguf, converted_size
from llama_assist.models.dequantize import to_bfloat16
from llama_assist.models.gguf import read_gguf
from llama_assist.models.progress import ignore


def rounded(weight: np.ndarray) -> np.ndarray:
    bits = to_bfloat16(np.ascontiguousarray(weight, dtype=np.float32)).astype(np.uint32) << 16
    return bits.view(np.float32)


def converted(path: Path, folder: Path) -> Path:
    folder.mkdir()
    convert_gguf(read_gguf(path), folder, ignore)
    return folder


def test_every_weight_comes_back_in_its_place(tmp_path: Path) -> None:
    folder = converted(write_gguf(tmp_path / "m.gguf"), tmp_path / "out")
    found = read_bfloat16(folder / "model.safetensors")
    expected = {hf_name(name): rounded(weight) for name, weight in llama_weights().items()}
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        np.testing.assert_array_equal(found[name], weight, err_msg=name)


def test_small_chunks_give_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf(tmp_path / "m.gguf")
    whole = (converted(path, tmp_path / "a") / "model.safetensors").read_bytes()
    monkeypatch.setattr(convert, "_CHUNK_WEIGHTS", 1)
    assert (converted(path, tmp_path / "b") / "model.safetensors").read_bytes() == whole


def test_rotary_biases_are_put_in_order_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    weights = llama_weights()
    for layer in range(2):
        for part, size in (("attn_q", 64), ("attn_k", 32), ("attn_v", 32), ("attn_output", 64)):
            weights[f"blk.{layer}.{part}.bias"] = rng.standard_normal(size).astype(np.float32)
    folder = converted(write_gguf(tmp_path / "m.gguf", weights=weights), tmp_path / "out")
    found = read_bfloat16(folder / "model.safetensors")
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        name = f"blk.1.{part}.bias"
        np.testing.assert_array_equal(found[hf_name(name)], rounded(weights[name]))


def test_qwen2_stores_its_rows_as_they_are(tmp_path: Path) -> None:
    metadata = {key.replace("llama.", "qwen2."): value for key, value in llama_metadata().items()}
    metadata["general.architecture"] = "qwen2"
    weights = llama_weights()
    for layer in range(2):
        weights |= {f"blk.{layer}.{part}.bias": np.ones(size) for part, size in (("attn_q", 64), ("attn_k", 32))}
        weights[f"blk.{layer}.attn_v.bias"] = np.ones(32)
    folder = converted(write_gguf(tmp_path / "m.gguf", metadata, weights), tmp_path / "out")
    found = read_bfloat16(folder / "model.safetensors")["model.layers.0.self_attn.q_proj.weight"]
    np.testing.assert_array_equal(found, rounded(interleave(weights["blk.0.attn_q.weight"], HEADS)))


def test_qwen3_keeps_its_norms_of_queries_and_keys(tmp_path: Path) -> None:
    metadata = {key.replace("llama.", "qwen3."): value for key, value in llama_metadata().items()}
    metadata["general.architecture"] = "qwen3"
    weights = llama_weights()
    for layer in range(2):
        weights |= {f"blk.{layer}.{part}_norm.weight": np.full(16, 2.0) for part in ("attn_q", "attn_k")}
    folder = converted(write_gguf(tmp_path / "m.gguf", metadata, weights), tmp_path / "out")
    assert Checkpoint(folder, "m").config["model_type"] == "qwen3"
    assert (read_bfloat16(folder / "model.safetensors")["model.layers.1.self_attn.k_norm.weight"] == 2).all()


def test_the_folder_is_a_complete_checkpoint(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf")
    checkpoint = Checkpoint(converted(path, tmp_path / "out"), "m")
    checkpoint.check_contents()
    assert checkpoint.native
    assert checkpoint.info().eos_tokens == ("<|im_end|>", "<|endoftext|>")
    assert json.loads((tmp_path / "out" / "generation_config.json").read_bytes()) == {"eos_token_id": [2, 0]}
    assert {entry.dtype for entry in read_header(checkpoint.weight_files[0]).values()} == {"BF16"}
    assert (tmp_path / "out" / "model.safetensors").stat().st_size < converted_size(read_gguf(path))


def test_progress_counts_the_bytes_that_are_written(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    (tmp_path / "out").mkdir()
    gguf = read_gguf(write_gguf(tmp_path / "m.gguf"))
    convert_gguf(gguf, tmp_path / "out", lambda *step: steps.append(step))
    total = 2 * sum(weight.size for weight in llama_weights().values())
    assert steps[-1] == ("convert", total, total)
    assert steps == sorted(steps)


def test_logits_equal_those_of_transformers_own_reader(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    pytest.importorskip("accelerate")
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    path = write_gguf(tmp_path / "m.gguf", weights={name: rounded(w) for name, w in llama_weights().items()})
    folder = converted(path, tmp_path / "out")
    ids = torch.arange(40)[None] % 200
    with torch.no_grad():
        ours = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(ids).logits
        theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", dtype=torch.float32)(ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_the_interleaving_of_these_tests_moves_rows(tmp_path: Path) -> None:
    weight = llama_weights()["blk.0.attn_k.weight"]
    assert not np.array_equal(interleave(weight, KV_HEADS), weight)
