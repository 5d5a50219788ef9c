"""Files that appear under their final name complete or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from llama_assist.errors import ModelError


def check_space(folder: Path, needed: int) -> None:
    """Raise `ModelError` with reason `no-space` if the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{needed / 1e9:.2f} GB of disk are needed in {folder}, but {free / 1e9:.2f} GB are free. "
            "Make room, or set LLAMA_ASSIST_HOME to a folder on another disk.",
            "no-space",
        )


def publish_file(partial: Path, final: Path) -> None:
    """Bring `partial` to the disk and give it its final name, at once."""
    _flush(partial)
    partial.replace(final)
    _flush_folder(final.parent)


def publish_folder(partial: Path, final: Path) -> None:
    """Bring every file of `partial` to the disk and give the folder its final name, at once."""
    for path in partial.iterdir():
        if path.is_file():
            _flush(path)
    _flush_folder(partial)
    if final.exists():
        remove_folder(final)
    partial.replace(final)
    _flush_folder(final.parent)


def remove_folder(folder: Path) -> None:
    """Remove `folder` so that it is never seen half-empty under its name."""
    doomed = folder.with_name(f".removed-{uuid.uuid4().hex}")
    folder.replace(doomed)
    shutil.rmtree(doomed)


def sweep(folder: Path) -> None:
    """Remove what an interrupted `remove_folder` left in `folder`."""
    for doomed in folder.glob(".removed-*"):
        shutil.rmtree(doomed, ignore_errors=True)


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below `folder`, 0 where it does not exist."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _flush(path: Path) -> None:
    # A handle that may write is what fsync needs on Windows.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
