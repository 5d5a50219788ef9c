"""Which prompt family a model belongs to, inferred where nobody says so."""

from __future__ import annotations

from collections.abc import Collection

_FAMILIES = (
    ("qwen2.5-coder", "qwen2.5-coder", "<|fim_prefix|>"),
    ("codellama", "code-llama", "▁<PRE>"),
    ("code-llama", "code-llama", "▁<PRE>"),
    ("deepseek-coder", "deepseek-coder", "<｜fim▁begin｜>"),
    ("granite-code", "granite-code", "<fim_prefix>"),
    ("mellum", "mellum", "<fim_suffix>"),
    ("codegemma", "codegemma", "<|fim_prefix|>"),
    ("starcoder", "starcoder", "<fim_prefix>"),
    ("codestral", "codestral", "[SUFFIX]"),
    ("seed-coder", "seed-coder", "<[fim-suffix]>"),
    ("smollm2", "smollm2", ""),
)
"""Part of the name, family, and a token without which the name lies. A token alone proves no training."""


def infer_family(names: Collection[str], model_type: str, special_tokens: Collection[str]) -> str:
    """Return the family of a model that goes by any of `names`, or its bare `model_type`."""
    spoken = " ".join(names).lower().replace("_", "-").replace(" ", "-")
    if "granite" in spoken and "code" in spoken:
        spoken += " granite-code"
    for part, family, token in _FAMILIES:
        if part in spoken and (not token or token in special_tokens):
            return family
    return model_type


def family_of_name(name: str) -> str:
    """Return the family that a model's name names, or nothing: for models whose tokens cannot be looked at."""
    every_token = {token for _, _, token in _FAMILIES}
    return infer_family([name], "", every_token)
