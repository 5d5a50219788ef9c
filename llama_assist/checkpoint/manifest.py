"""The list of a checkpoint's files with their SHA-256 digests, and the check against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llama_assist.checkpoint.bounded_json import read_object
from llama_assist.errors import ModelError

FORMAT = 1
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class FileDigest:
    """Size in bytes and SHA-256 (hexadecimal) of one file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint is, where it came from, and every file that may be read; `created` is in Unix seconds."""

    id: str
    family: str
    source: str
    license: str
    created: int
    files: dict[str, FileDigest]

    def write(self, path: Path) -> None:
        """Write to `path` as JSON."""
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1), encoding="utf-8")

    def verify(self, folder: Path, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Compare every listed file in `folder`; `progress` gets bytes as the stage `verify`.

        Raises `ModelError` naming file and digest, with reason `missing-file`, `truncated` or `wrong-hash`.
        """
        total = sum(digest.size for digest in self.files.values())
        counter = _Counter(total, progress)
        for name, digest in self.files.items():
            _check_size(folder / name, digest)
        with ThreadPoolExecutor(max_workers=4) as pool:
            paths = [folder / name for name in self.files]
            for path, digest, found in zip(
                paths, self.files.values(), pool.map(lambda path: sha256_of(path, counter.add), paths), strict=True
            ):
                check_digest(path, digest.sha256, found)


class _Counter:
    """Adds up the bytes of several threads; a lost update only makes a bar jump."""

    def __init__(self, total: int, progress: Callable[[str, int, int], None] | None) -> None:
        self.done = 0
        self.total = total
        self.progress = progress

    def add(self, num_bytes: int) -> None:
        self.done += num_bytes
        if self.progress is not None:
            self.progress("verify", self.done, self.total)


def _check_size(path: Path, digest: FileDigest) -> None:
    if not path.is_file():
        raise ModelError(f"{path} is missing (SHA-256 {digest.sha256}). Fetch the model again.", "missing-file")
    size = path.stat().st_size
    if size < digest.size:
        raise ModelError(
            f"{path} has {size} of {digest.size} bytes (SHA-256 {digest.sha256}). Fetch the model again.", "truncated"
        )


def check_digest(path: Path, expected: str, found: str) -> None:
    """Raise `ModelError` with reason `wrong-hash` if the digests differ."""
    if found != expected:
        raise ModelError(
            f"{path} is not the file that was pinned: SHA-256 {found} instead of {expected}. Fetch the model again.",
            "wrong-hash",
        )


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Return the hexadecimal SHA-256 of `path`, read once in large pieces; `progress` gets each piece's bytes."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            if progress is not None:
                progress(count)
    return digest.hexdigest()


def digest_files(folder: Path, names: Iterable[str]) -> dict[str, FileDigest]:
    """Return size and digest of each named file of `folder`."""
    return {name: FileDigest((folder / name).stat().st_size, sha256_of(folder / name)) for name in sorted(names)}


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in `path`; `ModelError` with reason `no-manifest` or `bad-manifest`."""
    if not path.is_file():
        raise ModelError(f"{path} is missing, so its weights cannot be verified. Pull the model again.", "no-manifest")
    content = read_object(path, reason="bad-manifest")
    try:
        return _parse(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error!r}). Pull the model again.", "bad-manifest") from error


def _parse(content: dict[str, Any]) -> Manifest:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']!r}")
    files = {name: FileDigest(int(entry["size"]), str(entry["sha256"])) for name, entry in content["files"].items()}
    for name, digest in files.items():
        if Path(name).name != name or "\\" in name or len(digest.sha256) != 64:
            raise ValueError(f"file {name!r}")
    texts = {key: str(content[key]) for key in ("id", "family", "source", "license")}
    return Manifest(created=int(content["created"]), files=files, **texts)
