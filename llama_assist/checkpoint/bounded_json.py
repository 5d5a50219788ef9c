"""JSON objects from files that may be hostile: size, kind and depth are checked, and nothing else is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llama_assist.errors import ModelError

MAX_SETTINGS_BYTES = 4 << 20
MAX_TOKENIZER_BYTES = 64 << 20


def parse_object(raw: bytes, name: str, reason: str) -> dict[str, Any]:
    """Return the JSON object in `raw`; `ModelError` with `reason` for anything else, repeated keys included."""
    try:
        content = json.loads(raw, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not valid JSON ({error}).", reason) from error
    if not isinstance(content, dict):
        raise ModelError(f"{name} is not a JSON object.", reason)
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content


def read_object(path: Path, limit: int = MAX_SETTINGS_BYTES, reason: str = "bad-config") -> dict[str, Any]:
    """Return the JSON object in the file `path` of at most `limit` bytes.

    Raises `ModelError` with reason `missing-file` where it is absent and `reason` where it is unusable.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "missing-file") from error
    if len(raw) > limit:
        raise ModelError(f"{path} is longer than {limit >> 20} MiB.", reason)
    return parse_object(raw, str(path), reason)


def read_optional_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`, or an empty one where the file is absent."""
    return read_object(path) if path.exists() else {}
