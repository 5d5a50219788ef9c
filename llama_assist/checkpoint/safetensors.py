"""The header of a safetensors file, checked against the file before anybody maps its weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from llama_assist.checkpoint.bounded_json import parse_object
from llama_assist.errors import ModelError

MAX_HEADER_BYTES = 8 << 20
MAX_TENSORS = 100_000

_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of a file; `start` and `stop` count bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def num_weights(self) -> int:
        """Number of values."""
        return prod(self.shape)


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Return the tensors of `path` by name.

    Raises `ModelError` with reason `missing-file`, `truncated` (the file ends before its weights) or
    `bad-safetensors` (header too long, more than 100,000 tensors, overlaps, gaps, wrong sizes).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            _check_length(path, length, size)
            raw = file.read(length)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "missing-file") from error
    if raw.count(b'"data_offsets"') > MAX_TENSORS:
        raise _refuse(path, f"its header names more than {MAX_TENSORS} tensors")
    content = parse_object(raw, f"The header of {path}", "bad-safetensors")
    content.pop("__metadata__", None)
    entries = {name: _entry(path, name, value) for name, value in content.items()}
    _check_layout(path, entries, size - 8 - length)
    return entries


def _refuse(path: Path, what: str, reason: str = "bad-safetensors") -> ModelError:
    return ModelError(f"{path} is not a usable safetensors file: {what}. Fetch the model again.", reason)


def _check_length(path: Path, length: int, size: int) -> None:
    if size < 8:
        raise _refuse(path, f"it has only {size} bytes", "truncated")
    if length > MAX_HEADER_BYTES:
        raise _refuse(path, f"its header claims {length} bytes, more than {MAX_HEADER_BYTES}")
    if length > size - 8:
        raise _refuse(path, f"it ends at byte {size}, inside its header of {length}", "truncated")


def _entry(path: Path, name: str, value: Any) -> TensorEntry:
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise _refuse(path, f"the entry of {name!r} is malformed")
    shape, offsets = value["shape"], value["data_offsets"]
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2 or len(shape) > 8:
        raise _refuse(path, f"shape or place of {name!r} is malformed")
    width = _WIDTHS.get(str(value["dtype"]))
    entry = TensorEntry(str(value["dtype"]), tuple(shape), *offsets)
    if width is None or entry.stop - entry.start != entry.num_weights * width:
        raise _refuse(
            path, f"{name!r} ({entry.dtype} {entry.shape}) does not fill its {entry.stop - entry.start} bytes"
        )
    return entry


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 48 for value in values)


def _check_layout(path: Path, entries: dict[str, TensorEntry], available: int) -> None:
    """Tensors must follow each other without gap or overlap and end exactly with the file."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].stop)):
        if entry.start != end:
            raise _refuse(path, f"{name!r} begins at byte {entry.start} of its weights instead of {end}")
        end = entry.stop
    if end > available:
        raise _refuse(path, f"{available} bytes of weights stand where {end} should", "truncated")
    if end < available:
        raise _refuse(path, f"{available - end} unexplained bytes stand behind its weights")
