"""Which tensors the checkpoint of a LLaMA-like network must hold, from its config.json."""

from __future__ import annotations

from typing import Any, TypeAlias

Shapes: TypeAlias = dict[str, tuple[int, ...]]


def expected_shapes(config: dict[str, Any]) -> Shapes:
    """Return name and shape of every tensor that a checkpoint with this config.json must hold."""
    hidden, vocab = config["hidden_size"], config["vocab_size"]
    shapes: Shapes = {"model.embed_tokens.weight": (vocab, hidden), "model.norm.weight": (hidden,)}
    if not config.get("tie_word_embeddings", False):
        shapes["lm_head.weight"] = (vocab, hidden)
    layer = _layer_shapes(config)
    for index in range(config["num_hidden_layers"]):
        shapes |= {f"model.layers.{index}.{name}": shape for name, shape in layer.items()}
    return shapes


def _layer_shapes(config: dict[str, Any]) -> Shapes:
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    mlp = {"gate_proj": (inner, hidden), "up_proj": (inner, hidden), "down_proj": (hidden, inner)}
    shapes: Shapes = {"input_layernorm.weight": (hidden,), "post_attention_layernorm.weight": (hidden,)}
    shapes |= _linear("mlp", mlp, bias=config.get("mlp_bias", False))
    return shapes | _attention_shapes(config)


def _attention_shapes(config: dict[str, Any]) -> Shapes:
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = _given(config, "head_dim", hidden // heads)
    queries, keys = heads * head, _given(config, "num_key_value_heads", heads) * head
    inner = {"q_proj": (queries, hidden), "k_proj": (keys, hidden), "v_proj": (keys, hidden)}
    has_bias = config.get("attention_bias", False)
    shapes = _linear("self_attn", inner, bias=has_bias or config["model_type"] == "qwen2")
    shapes |= _linear("self_attn", {"o_proj": (hidden, queries)}, bias=has_bias)
    if config["model_type"] == "qwen3":
        shapes |= {"self_attn.q_norm.weight": (head,), "self_attn.k_norm.weight": (head,)}
    return shapes


def _given(config: dict[str, Any], key: str, default: int) -> int:
    value = config.get(key)
    return default if value is None else int(value)


def _linear(prefix: str, matrices: dict[str, tuple[int, int]], *, bias: bool) -> Shapes:
    shapes: Shapes = {f"{prefix}.{name}.weight": shape for name, shape in matrices.items()}
    if bias:
        shapes |= {f"{prefix}.{name}.bias": shape[:1] for name, shape in matrices.items()}
    return shapes
