"""The shape of a network of the LLaMA family, read from a model's own config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llama_assist.checkpoint.settings import rope_settings


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """How rotary frequencies are stretched; `llama3` as published with LLaMA 3.1."""

    kind: str = "default"
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_length: int = 8192


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """Sizes and switches; names follow the papers, values follow config.json."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    norm_eps: float
    rope_theta: float
    rope_scaling: RopeScaling
    max_length: int
    tied: bool
    attention_bias: bool
    output_bias: bool
    mlp_bias: bool
    qk_norm: bool


def _scaling(rope: Mapping[str, Any]) -> RopeScaling:
    return RopeScaling(
        kind=str(rope["rope_type"]),
        factor=float(rope.get("factor", 1.0)),
        low_freq_factor=float(rope.get("low_freq_factor", 1.0)),
        high_freq_factor=float(rope.get("high_freq_factor", 4.0)),
        original_length=int(rope.get("original_max_position_embeddings", 8192)),
    )


def read_config(config: Mapping[str, Any]) -> LlamaConfig:
    """Read config.json's mapping; the caller has asked `checkpoint.settings.is_native` before."""
    kind = config["model_type"]
    rope = rope_settings(config)
    heads = int(config["num_attention_heads"])
    bias = kind in ("llama", "qwen3") and bool(config.get("attention_bias", False))
    return LlamaConfig(
        vocab_size=int(config["vocab_size"]),
        hidden_size=int(config["hidden_size"]),
        intermediate_size=int(config["intermediate_size"]),
        num_layers=int(config["num_hidden_layers"]),
        num_heads=heads,
        num_kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or int(config["hidden_size"]) // heads),
        norm_eps=float(config.get("rms_norm_eps", 1e-6)),
        rope_theta=float(rope["rope_theta"]),
        rope_scaling=_scaling(rope),
        max_length=int(config.get("max_position_embeddings", 2048)),
        tied=bool(config.get("tie_word_embeddings", False)),
        attention_bias=bias or kind == "qwen2",
        output_bias=bias,
        mlp_bias=kind == "llama" and bool(config.get("mlp_bias", False)),
        qk_norm=kind == "qwen3",
    )
