"""A model's own config.json, with everything removed or refused that could run code or exhaust memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llama_assist.errors import ModelError

NATIVE_MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3")
"""Architectures that the engine's own network computes; others are left to transformers."""

NATIVE_ROPE_TYPES = ("default", "linear", "llama3")
"""Scalings of rotary positions that it computes; others (yarn, dynamic, longrope) are left to transformers, too."""

_MISTRAL_WINDOW = 4096  # what transformers takes where a Mistral's settings name no window

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
        _check_tables(raw, name)
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


def _check_tables(config: dict[str, Any], name: str) -> None:
    for key in ("rope_scaling", "rope_parameters"):
        if not isinstance(config.get(key), dict | None):
            raise ModelError(f"{key} is no table in the config.json of {name}.", "bad-config")


def is_native(config: Mapping[str, Any]) -> bool:
    """Whether the engine's own network computes this model exactly; if not, transformers' class must."""
    if config["model_type"] not in NATIVE_MODEL_TYPES:
        return False
    rope = rope_settings(config)
    return (
        not _slides(config)
        and config.get("hidden_act", "silu") == "silu"
        and rope["rope_type"] in NATIVE_ROPE_TYPES
        and rope.get("partial_rotary_factor", 1.0) == 1.0
    )


def rope_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Join the spellings of how positions turn: `rope_theta` with `rope_scaling`, and the newer `rope_parameters`.

    The result always has `rope_theta` and `rope_type`.
    """
    rope = {key: config[key] for key in ("rope_theta", "partial_rotary_factor") if config.get(key) is not None}
    for key in ("rope_scaling", "rope_parameters"):
        rope.update(config.get(key) or {})
    rope.setdefault("rope_theta", 10000.0)
    rope.setdefault("rope_type", rope.get("type", "default"))
    return rope


def _slides(config: Mapping[str, Any]) -> bool:
    """Whether attention looks back less far than the context; Qwen ships a window that it switches off."""
    if "sliding_attention" in (config.get("layer_types") or ()):
        return True
    is_mistral = config["model_type"] == "mistral"
    if not config.get("use_sliding_window", is_mistral):
        return False
    window = config.get("sliding_window", _MISTRAL_WINDOW if is_mistral else None)
    return window is not None and window < config.get("max_position_embeddings", window + 1)
