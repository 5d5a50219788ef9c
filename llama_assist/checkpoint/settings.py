"""A model's own config.json, with everything removed or refused that could run code or exhaust memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llama_assist.errors import ModelError

NATIVE_MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3")
"""Architectures that the engine's own network computes; others are left to transformers."""

_NATIVE_KEYS = frozenset(
    {
        *("architectures", "dtype", "model_type", "torch_dtype", "vocab_size", "tie_word_embeddings"),
        *("bos_token_id", "eos_token_id", "pad_token_id", "use_cache", "pretraining_tp", "initializer_range"),
        *("hidden_act", "hidden_size", "intermediate_size", "mlp_bias", "rms_norm_eps", "num_hidden_layers"),
        *("attention_bias", "attention_dropout", "head_dim", "num_attention_heads", "num_key_value_heads"),
        *("layer_types", "max_window_layers", "sliding_window", "use_sliding_window"),
        *("max_position_embeddings", "partial_rotary_factor", "rope_parameters", "rope_scaling", "rope_theta"),
    }
)

_COUNTS = {
    "hidden_size": 1 << 17,
    "intermediate_size": 1 << 20,
    "num_hidden_layers": 1 << 10,
    "num_attention_heads": 1 << 10,
    "num_key_value_heads": 1 << 10,
    "head_dim": 1 << 12,
    "max_position_embeddings": 1 << 24,
    "vocab_size": 1 << 22,
}
"""The largest value of each count that is still plausible."""

_REQUIRED = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")


def clean_config(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what may be used of the config.json `raw` of the model `name`.

    Raises `ModelError` with reason `remote-code`, `unknown-architecture`, `unsupported-form` or `bad-config`.
    """
    refuse_remote_code(raw, name)
    model_type = raw.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise ModelError(f"The config.json of {name} names no model_type; it is no model.", "unknown-architecture")
    if "quantization_config" in raw:
        raise ModelError(f"The weights of {name} are stored quantised; give the original ones.", "unsupported-form")
    _check_counts(raw, name)
    if model_type in NATIVE_MODEL_TYPES:
        return {key: value for key, value in raw.items() if key in _NATIVE_KEYS}
    return {key: value for key, value in raw.items() if not key.startswith("_")}


def refuse_remote_code(content: dict[str, Any], name: str) -> None:
    """Raise `ModelError` with reason `remote-code` if any key, at any depth, asks for code to be run."""
    for key in _keys(content):
        if key in ("auto_map", "custom_pipelines", "trust_remote_code") or "attn_implementation" in key:
            raise ModelError(
                f"{name} asks for code of its own to be run ({key!r} in its settings); such models are not served.",
                "remote-code",
            )


def _keys(content: Any) -> Iterator[str]:
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_counts(config: dict[str, Any], name: str) -> None:
    for key, limit in _COUNTS.items():
        value = config.get(key)
        if value is None and not (key in _REQUIRED and config["model_type"] in NATIVE_MODEL_TYPES):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= limit:
            raise ModelError(
                f"{key} is {value!r} in the config.json of {name}; 1 to {limit} is possible.", "bad-config"
            )


def is_native(config: dict[str, Any]) -> bool:
    """Whether the engine's own network computes this model: a dense LLaMA-like one without sliding windows."""
    if config["model_type"] not in NATIVE_MODEL_TYPES:
        return False
    slides = config.get("use_sliding_window", config["model_type"] == "mistral")
    return not (slides and config.get("sliding_window") is not None)
