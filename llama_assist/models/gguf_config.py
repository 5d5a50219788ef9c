"""A GGUF file's metadata in, the config.json of its LLaMA-like network and its expected tensors out."""

from __future__ import annotations

from typing import Any

import numpy as np

from llama_assist.checkpoint.settings import clean_config
from llama_assist.errors import ModelError
from llama_assist.models.gguf import GgufFile, refuse

ARCHITECTURES = {
    "llama": ("llama", "LlamaForCausalLM"),
    "qwen2": ("qwen2", "Qwen2ForCausalLM"),
    "qwen3": ("qwen3", "Qwen3ForCausalLM"),
}

_LLAMA3_ROPE = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
"""What every LLaMA 3.1-3.3 uses; a GGUF file keeps only the factors that follow from it."""

_TIED_TOLERANCE = 0.3
"""Two quantisations of one matrix differ by a few percent, two different matrices by more than their own size."""


class Metadata:
    """Typed access to the entries of one file; keys without a dot-prefix belong to its architecture."""

    def __init__(self, gguf: GgufFile) -> None:
        self.gguf = gguf
        self.architecture = str(gguf.metadata.get("general.architecture", ""))

    def get(self, key: str) -> Any:
        return self.gguf.metadata.get(f"{self.architecture}.{key}")

    def count(self, key: str, default: int | None = None) -> int:
        """Return a positive integer below a million; refuse the file where there is none."""
        value = self.get(key)
        if value is None:
            value = default
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 24:
            raise refuse(self.gguf.path, f"{self.architecture}.{key} is {value!r} instead of a positive count")
        return value

    def real(self, key: str, default: float) -> float:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, int | float) or not 0 < value < 1e12:
            raise refuse(self.gguf.path, f"{self.architecture}.{key} is {value!r} instead of a positive number")
        return float(np.format_float_positional(np.float32(value), unique=True))


def build_config(gguf: GgufFile) -> dict[str, Any]:
    """Return the config.json of `gguf`; `ModelError` if it is not LLaMA-like or makes no sense."""
    metadata = Metadata(gguf)
    _check_architecture(gguf, metadata)
    heads = metadata.count("attention.head_count")
    hidden = metadata.count("embedding_length")
    model_type, class_name = ARCHITECTURES[metadata.architecture]
    config: dict[str, Any] = {
        "architectures": [class_name],
        "model_type": model_type,
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": metadata.count("feed_forward_length"),
        "num_hidden_layers": metadata.count("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": metadata.count("attention.head_count_kv", heads),
        "head_dim": metadata.count("attention.key_length", max(hidden // heads, 1)),
        "max_position_embeddings": metadata.count("context_length"),
        "rms_norm_eps": metadata.real("attention.layer_norm_rms_epsilon", 1e-6),
        "rope_theta": metadata.real("rope.freq_base", 10000.0),
        "tie_word_embeddings": is_tied(gguf),
        "torch_dtype": "bfloat16",
        "vocab_size": _vocab_size(gguf),
    }
    config["rope_scaling"] = _rope_scaling(gguf, metadata, config)
    if model_type == "llama":
        config["attention_bias"] = "blk.0.attn_q.bias" in gguf.tensors
        config["mlp_bias"] = "blk.0.ffn_gate.bias" in gguf.tensors
    return clean_config(config, gguf.path.name)


def _check_architecture(gguf: GgufFile, metadata: Metadata) -> None:
    if gguf.metadata.get("split.count", 1) != 1:
        raise refuse(gguf.path, "it is one part of several; join them with llama.cpp's gguf-split first", "split-file")
    known = metadata.architecture in ARCHITECTURES
    if not known or metadata.get("expert_count") or metadata.get("attention.sliding_window"):
        raise ModelError(
            f"{gguf.path.name} holds the architecture {metadata.architecture!r}, which cannot be converted "
            f"(dense {', '.join(sorted(ARCHITECTURES))} can). Use its safetensors folder instead.",
            "unknown-architecture",
        )


def _vocab_size(gguf: GgufFile) -> int:
    embedding = gguf.tensors.get("token_embd.weight")
    if embedding is None:
        raise refuse(gguf.path, "the tensor token_embd.weight is missing", "missing-tensor")
    return embedding.shape[0]


def is_tied(gguf: GgufFile) -> bool:
    """Whether head and embedding are one matrix: no head is stored, or both agree up to quantisation."""
    head, embedding = gguf.tensors.get("output.weight"), gguf.tensors.get("token_embd.weight")
    if head is None or embedding is None:
        return True
    if head.shape != embedding.shape:
        raise refuse(gguf.path, f"head {head.shape} and embedding {embedding.shape} differ in shape")
    stop = min(256, embedding.num_rows)
    first, second = gguf.rows(embedding, 0, stop), gguf.rows(head, 0, stop)
    return bool(np.linalg.norm(first - second) < _TIED_TOLERANCE * np.linalg.norm(second))


def _rope_scaling(gguf: GgufFile, metadata: Metadata, config: dict[str, Any]) -> dict[str, Any] | None:
    if "rope_freqs.weight" in gguf.tensors:
        return _llama3_scaling(gguf, config)
    kind = metadata.get("rope.scaling.type")
    factor = metadata.real("rope.scaling.factor", metadata.real("rope.scale_linear", 1.0))
    if kind in (None, "none", "linear"):
        return None if factor == 1.0 else {"rope_type": "linear", "factor": factor}
    if kind == "yarn":
        original = metadata.count("rope.scaling.original_context_length")
        return {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original}
    raise refuse(gguf.path, f"its rope scaling {kind!r} is not known", "unsupported-rope")


def _llama3_scaling(gguf: GgufFile, config: dict[str, Any]) -> dict[str, Any]:
    tensor = gguf.tensors["rope_freqs.weight"]
    stored = gguf.rows(tensor, 0, tensor.num_rows).reshape(-1)
    factor = float(stored.max())
    expected = llama3_factors(config["head_dim"], config["rope_theta"], factor)
    if stored.shape != expected.shape or not np.allclose(stored, expected, rtol=1e-3):
        raise refuse(gguf.path, "its rope factors are not those of LLaMA 3", "unsupported-rope")
    return {"rope_type": "llama3", "factor": factor, **_LLAMA3_ROPE}


def llama3_factors(head_dim: int, theta: float, factor: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return by how much LLaMA 3.x slows each of `head_dim // 2` rotations (its paper's reference code)."""
    wavelength = 2 * np.pi * theta ** (np.arange(0, head_dim, 2) / head_dim)
    turns = _LLAMA3_ROPE["original_max_position_embeddings"] / wavelength
    low, high = _LLAMA3_ROPE["low_freq_factor"], _LLAMA3_ROPE["high_freq_factor"]
    smooth = np.clip((turns - low) / (high - low), 0.0, 1.0)
    return np.asarray(1 / ((1 - smooth) / factor + smooth))
