"""A GGUF file's metadata and tensor table, every count and offset checked against the file before use."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from llama_assist.errors import ModelError
from llama_assist.models.dequantize import NUMBER_FORMS, Floats, NumberForm, dequantize

Value: TypeAlias = "int | float | bool | str | list[Value]"

MAX_ENTRIES = 65_536
MAX_TENSORS = 100_000
MAX_HEAD_BYTES = 256 << 20
MAX_STRING_BYTES = 16 << 20
MAX_ARRAY_STRINGS = 4_000_000
MAX_NAME_BYTES = 512
MAX_WEIGHTS = 1 << 40
MAX_ALIGNMENT = 1 << 20

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 10: "<u8", 11: "<i8", 12: "<f8"}
_BOOL = 7


def refuse(path: Path, what: str, reason: str = "bad-gguf") -> ModelError:
    """Return the error for a file that breaks its format."""
    return ModelError(f"{path.name} is not a usable GGUF file: {what}. Fetch it again or choose another file.", reason)


@dataclass(frozen=True)
class Tensor:
    """One tensor: `shape` in row-major order, `offset` from the start of the file."""

    name: str
    shape: tuple[int, ...]
    form: NumberForm
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, which is a whole number of blocks."""
        return self.shape[-1] // self.form.num_weights * self.form.num_bytes

    @property
    def num_rows(self) -> int:
        """Rows of the tensor seen as a matrix."""
        return int(np.prod(self.shape[:-1], dtype=np.int64))

    @property
    def num_bytes(self) -> int:
        """Bytes of the whole tensor in the file."""
        return self.num_rows * self.row_bytes


@dataclass(frozen=True)
class GgufFile:
    """What stands before the weights of one file."""

    path: Path
    metadata: dict[str, Value]
    tensors: dict[str, Tensor]

    def rows(self, tensor: Tensor, start: int, stop: int) -> Floats:
        """Return rows `start` to `stop` as float32 (rows, columns); `ModelError` if they are not finite numbers."""
        with self.path.open("rb") as file:
            file.seek(tensor.offset + start * tensor.row_bytes)
            data = file.read((stop - start) * tensor.row_bytes)
        if len(data) != (stop - start) * tensor.row_bytes:
            raise refuse(self.path, f"it ended while {tensor.name} was read", "truncated")
        values = dequantize(tensor.form, data).reshape(stop - start, tensor.shape[-1])
        if not np.isfinite(values).all():
            raise refuse(self.path, f"{tensor.name} holds values that are not finite")
        return values


def read_gguf(path: Path) -> GgufFile:
    """Read and check the head of `path`; the weights stay on disk.

    Raises `ModelError` with reason `missing-file`, `truncated`, `bad-gguf` or `unsupported-form`.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ModelError(f"{path} cannot be opened: {error.strerror}.", "missing-file") from error
    with file:
        return _Reader(path, file).read()


class _Reader:
    """One pass over the head of one file."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self.size = path.stat().st_size
        self.position = 0

    def read(self) -> GgufFile:
        magic, version = self.take(4), self.number("<u4")
        if magic != b"GGUF":
            raise refuse(self.path, "it does not begin with the letters GGUF")
        if version not in (2, 3):
            raise refuse(self.path, f"format version {version} is not 2 or 3")
        num_tensors = self.count(MAX_TENSORS, "tensors")
        num_entries = self.count(MAX_ENTRIES, "metadata entries")
        metadata = self.metadata(num_entries)
        infos = [self.tensor_info() for _ in range(num_tensors)]
        return GgufFile(self.path, metadata, self.place(infos, self.alignment(metadata)))

    def take(self, length: int) -> bytes:
        """Read exactly `length` bytes of the head."""
        if length > self.size - self.position:
            raise refuse(self.path, f"it ends at byte {self.size}, inside its own head", "truncated")
        self.position += length
        if self.position > MAX_HEAD_BYTES:
            raise refuse(self.path, f"its head is longer than {MAX_HEAD_BYTES >> 20} MiB")
        return self.file.read(length)

    def number(self, kind: str) -> int:
        return int(np.frombuffer(self.take(int(kind[2])), dtype=kind)[0])

    def count(self, limit: int, of: str) -> int:
        (value,) = struct.unpack("<Q", self.take(8))
        if value > limit:
            raise refuse(self.path, f"it claims {value} {of}, more than {limit}")
        return int(value)

    def string(self, limit: int = MAX_STRING_BYTES) -> str:
        raw = self.take(self.count(limit, "bytes in one string"))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refuse(self.path, "a string in its head is not UTF-8") from error

    def metadata(self, num_entries: int) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        for _ in range(num_entries):
            key = self.string(MAX_NAME_BYTES)
            if key in entries:
                raise refuse(self.path, f"the entry {key!r} stands twice")
            entries[key] = self.value(self.number("<u4"), depth=0)
        return entries

    def value(self, kind: int, depth: int) -> Value:
        if kind in _NUMBERS:
            scalar = np.frombuffer(self.take(int(_NUMBERS[kind][2])), dtype=_NUMBERS[kind])[0].item()
            return float(scalar) if isinstance(scalar, float) else int(scalar)
        if kind == _BOOL:
            return self.take(1) != b"\0"
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY and depth < 2:
            return self.array(depth + 1)
        raise refuse(self.path, f"a metadata entry has the unknown type {kind}")

    def array(self, depth: int) -> Value:
        kind = self.number("<u4")
        if kind in _NUMBERS:
            width = int(_NUMBERS[kind][2])
            raw = self.take(self.count(self.size // width, "numbers in one list") * width)
            return list(np.frombuffer(raw, dtype=_NUMBERS[kind]).tolist())
        return [self.value(kind, depth) for _ in range(self.count(MAX_ARRAY_STRINGS, "values in one list"))]

    def tensor_info(self) -> Tensor:
        """Read one row of the table; its offset still counts from the start of the weights."""
        name = self.string(MAX_NAME_BYTES)
        num_dimensions = self.number("<u4")
        if not 1 <= num_dimensions <= 4:
            raise refuse(self.path, f"{name!r} has {num_dimensions} dimensions")
        shape = tuple(self.count(MAX_WEIGHTS, "weights in one dimension") for _ in range(num_dimensions))[::-1]
        kind = self.number("<u4")
        if kind not in NUMBER_FORMS:
            raise refuse(self.path, f"{name!r} is stored in the unsupported form {kind}", "unsupported-form")
        tensor = Tensor(name, shape, NUMBER_FORMS[kind], self.number("<u8"))
        self.check_shape(tensor)
        return tensor

    def check_shape(self, tensor: Tensor) -> None:
        weights = 1
        for length in tensor.shape:
            weights *= length
        if not 0 < weights <= MAX_WEIGHTS:
            raise refuse(self.path, f"{tensor.name!r} has the impossible shape {tensor.shape}")
        if tensor.shape[-1] % tensor.form.num_weights:
            raise refuse(self.path, f"rows of {tensor.name!r} are no whole number of {tensor.form.name} blocks")

    def alignment(self, metadata: dict[str, Value]) -> int:
        value = metadata.get("general.alignment", 32)
        if not isinstance(value, int) or not 1 <= value <= MAX_ALIGNMENT or value & (value - 1):
            raise refuse(self.path, f"its alignment {value!r} is not a power of two up to {MAX_ALIGNMENT}")
        return value

    def place(self, infos: list[Tensor], alignment: int) -> dict[str, Tensor]:
        """Turn offsets into places in the file and check that tensors lie inside it and apart from each other."""
        start = (self.position + alignment - 1) // alignment * alignment
        end = start
        placed: dict[str, Tensor] = {}
        for info in sorted(infos, key=lambda tensor: tensor.offset):
            tensor = Tensor(info.name, info.shape, info.form, start + info.offset)
            if tensor.name in placed or tensor.offset < end or info.offset % alignment:
                raise refuse(self.path, f"{tensor.name!r} stands twice, overlaps another tensor or is not aligned")
            end = tensor.offset + tensor.num_bytes
            if end > self.size:
                raise refuse(self.path, f"{tensor.name!r} ends at byte {end} of {self.size}", "truncated")
            placed[tensor.name] = tensor
        return placed
