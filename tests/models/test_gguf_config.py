"""A GGUF file's metadata becomes the config.json of the same network, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import HIDDEN, VOCAB, llama_metadata, llama_weights, write_gguf

from llama_assist.checkpoint.settings import clean_config
from llama_assist.errors import ModelError
from llama_assist.models.convert import plan
from llama_assist.models.gguf import GgufFile, read_gguf
from llama_assist.models.gguf_config import build_config, llama3_factors


@pytest.fixture
def make(tmp_path: Path) -> Any:
    def make(weights: dict[str, np.ndarray] | None = None, **changes: Any) -> GgufFile:
        return read_gguf(write_gguf(tmp_path / "m.gguf", llama_metadata(**changes), weights))

    return make


def test_a_llama_gets_its_own_settings(make: Any) -> None:
    config = build_config(make())
    assert clean_config(config, "m") == config
    assert config["model_type"] == "llama"
    assert (config["hidden_size"], config["num_key_value_heads"], config["head_dim"]) == (64, 2, 16)
    assert config["rms_norm_eps"] == 1e-6
    assert config["vocab_size"] == VOCAB
    assert config["rope_scaling"] is None
    assert config["tie_word_embeddings"] is True


def test_heads_may_be_wider_than_hidden_size_says(make: Any) -> None:
    assert build_config(make(**{"llama.attention.key_length": 32}))["head_dim"] == 32


def test_linear_and_yarn_scaling_are_kept(make: Any) -> None:
    linear = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    assert build_config(make(**linear))["rope_scaling"] == {"rope_type": "linear", "factor": 4.0}
    yarn = {
        "llama.rope.scaling.type": "yarn",
        "llama.rope.scaling.factor": 4.0,
        "llama.rope.scaling.original_context_length": 32,
    }
    expected = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
    assert build_config(make(**yarn))["rope_scaling"] == expected


def test_unknown_scaling_is_refused(make: Any) -> None:
    with pytest.raises(ModelError) as caught:
        build_config(make(**{"llama.rope.scaling.type": "longrope"}))
    assert caught.value.reason == "unsupported-rope"


def test_llama3_scaling_is_recognised_by_its_factors(make: Any) -> None:
    factors = llama3_factors(16, 500000.0, 8.0).astype(np.float32)
    theta = {"llama.rope.freq_base": 500000.0}
    scaling = build_config(make(llama_weights() | {"rope_freqs.weight": factors}, **theta))["rope_scaling"]
    assert scaling["rope_type"] == "llama3"
    assert scaling["factor"] == 8.0
    with pytest.raises(ModelError) as caught:
        build_config(make(llama_weights() | {"rope_freqs.weight": factors * 1.1}, **theta))
    assert caught.value.reason == "unsupported-rope"


def test_llama3_factors_are_those_of_transformers() -> None:
    torch = pytest.importorskip("torch")
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    scaling = {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(hidden_size=64, num_attention_heads=1, head_dim=64, rope_parameters=scaling)
    found, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = 500000.0 ** -(np.arange(0, 64, 2) / 64)
    np.testing.assert_allclose(plain / llama3_factors(64, 500000.0, 32.0), found.numpy(), rtol=1e-5)


def test_two_quantisations_of_one_matrix_are_tied_and_the_finer_is_kept(make: Any) -> None:
    weights = llama_weights()
    weights["output.weight"] = weights["token_embd.weight"] * 1.01
    gguf = make(weights)
    config = build_config(gguf)
    assert config["tie_word_embeddings"] is True
    kept = {weight.name: weight.source.name for weight in plan(gguf, config)}
    assert kept["model.embed_tokens.weight"] == "output.weight"
    assert "lm_head.weight" not in kept


def test_a_head_of_its_own_is_kept(make: Any) -> None:
    weights = llama_weights() | {"output.weight": llama_weights(1)["token_embd.weight"]}
    gguf = make(weights)
    config = build_config(gguf)
    assert config["tie_word_embeddings"] is False
    assert {"lm_head.weight", "model.embed_tokens.weight"} <= {weight.name for weight in plan(gguf, config)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"general.architecture": "mamba"}, "unknown-architecture"),
        ({"general.architecture": None}, "unknown-architecture"),
        ({"llama.expert_count": 8}, "unknown-architecture"),
        ({"llama.attention.sliding_window": 8}, "unknown-architecture"),
        ({"split.count": 2}, "split-file"),
        ({"llama.block_count": None}, "bad-gguf"),
        ({"llama.block_count": 0}, "bad-gguf"),
        ({"llama.block_count": "2"}, "bad-gguf"),
        ({"llama.attention.head_count": [4, 4]}, "bad-gguf"),
        ({"llama.embedding_length": True}, "bad-gguf"),
        ({"llama.block_count": 1 << 20}, "bad-config"),
        ({"llama.rope.freq_base": 0.0}, "bad-gguf"),
        ({"llama.rope.freq_base": float("nan")}, "bad-gguf"),
    ],
)
def test_other_networks_and_impossible_settings_are_refused(make: Any, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        build_config(make(**changes))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda weights: weights.pop("blk.1.ffn_up.weight"), "bad-tensors"),
        (lambda weights: weights.update({"blk.2.ffn_up.weight": np.zeros((96, 64))}), "bad-tensors"),
        (lambda weights: weights.update({"blk.0.ffn_up.weight": np.zeros((95, 64))}), "bad-tensors"),
        (lambda weights: weights.update({"blk.0.attn_q.bias": np.zeros(64)}), "bad-tensors"),
        (lambda weights: weights.update({"blk.0.ffn_gate_exps.weight": np.zeros(64)}), "unknown-architecture"),
        (lambda weights: weights.update({"blk.x.ffn_up.weight": np.zeros(64)}), "unknown-architecture"),
    ],
)
def test_missing_unknown_and_misshapen_tensors_are_refused(make: Any, edit: Any, reason: str) -> None:
    weights = llama_weights()
    edit(weights)
    gguf = make(weights)
    with pytest.raises(ModelError) as caught:
        plan(gguf, build_config(gguf))
    assert caught.value.reason == reason


def test_a_file_without_embedding_is_refused(make: Any) -> None:
    weights = llama_weights()
    del weights["token_embd.weight"]
    with pytest.raises(ModelError) as caught:
        build_config(make(weights | {"extra.weight": np.zeros(HIDDEN)}))
    assert caught.value.reason == "missing-tensor"
