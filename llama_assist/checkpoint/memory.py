"""How much memory a model will take, estimated from its shapes before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WEIGHT_BYTES = {"int4": 0.625, "int8": 1.0, "bf16": 2.0, "float32": 4.0}
"""Bytes of one weight; int4 counts its scale and zero, two bfloat16 for each group of 32."""

RUNTIME_BYTES = 450 << 20
"""What a process with torch takes before any weights, plus the activations of one prefill chunk."""


def estimate_bytes(
    config: dict[str, Any], num_parameters: int, weights: str, *, fast_prefill: bool, num_tokens: int
) -> int:
    """Return the bytes of runtime, weights and a KV cache of `num_tokens` positions over all slots."""
    embedding = _count(config, "vocab_size") * _count(config, "hidden_size")
    is_quantised = weights in ("int4", "int8")
    is_tied = bool(config.get("tie_word_embeddings", False))
    linear = max(num_parameters - embedding * (1 if is_tied else 2), 0)
    wide = 4 if weights == "float32" else 2
    total = embedding * wide + linear * WEIGHT_BYTES[weights]
    if is_quantised or not is_tied:
        total += embedding * WEIGHT_BYTES[weights]
    if is_quantised and fast_prefill:
        total += linear * 2
    return int(total) + kv_bytes(config, num_tokens, wide) + RUNTIME_BYTES


def kv_bytes(config: dict[str, Any], num_tokens: int, width: int) -> int:
    """Return the bytes of keys and values of `num_tokens` positions, `width` bytes a number."""
    heads = _count(config, "num_attention_heads")
    kv_heads = _count(config, "num_key_value_heads", heads)
    head_dim = _count(config, "head_dim", _count(config, "hidden_size") // max(heads, 1))
    return 2 * _count(config, "num_hidden_layers") * kv_heads * head_dim * num_tokens * width


def _count(config: dict[str, Any], key: str, default: int = 0) -> int:
    value = config.get(key)
    return default if value is None else int(value)


def available_bytes() -> int:
    """Return the memory that a new process may take: the machine's, or the container's if that is less."""
    import psutil

    machine = int(psutil.virtual_memory().available)
    limit = _container_bytes(Path("/sys/fs/cgroup"))
    return machine if limit is None else min(machine, limit)


def _container_bytes(cgroup: Path) -> int | None:
    """Return what is left of a control group's limit (cgroup v2), file cache counted as free."""
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        entries = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return None
    if limit == "max":
        return None
    return max(int(limit) - used + int(entries.get("inactive_file", 0)), 0)
