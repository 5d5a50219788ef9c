"""The models on this machine: found without network, fetched once, verified, removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.manifest import Manifest, read_manifest
from llama_assist.errors import ModelError
from llama_assist.models.catalogue import CatalogueModel, load_catalogue
from llama_assist.models.disk import folder_size, remove_folder, sweep
from llama_assist.models.places import Places, default_home
from llama_assist.models.progress import Progress, ignore
from llama_assist.models.reference import (
    FileReference,
    FolderReference,
    HubReference,
    Reference,
    key_of,
    parse_reference,
    unknown_model,
)

State = Literal["installed", "partial", "damaged", "available"]


@dataclass(frozen=True)
class Entry:
    """One line of the list; `size` is bytes on disk, or of the download where nothing is installed."""

    id: str
    state: State
    size: int
    title: str = ""
    role: str = ""
    family: str = ""
    license: str = ""
    source: str = ""


class Store:
    """Models below `home`; by default LLAMA_ASSIST_HOME, else the platform's cache folder."""

    def __init__(self, home: Path | None = None) -> None:
        self.places = Places(default_home() if home is None else home)
        self.catalogue = load_catalogue()

    def find(self, model: str) -> Checkpoint | None:
        """Return `model` if it is complete on this machine: no network, no conversion, no hashing.

        `model` is a catalogue id, `hub:owner/name[@revision]`, a path of a folder, a path of a GGUF file, or a
        name from `list`. Raises `ModelError` with reason `bad-name`.
        """
        return self._find(parse_reference(model, self.catalogue))

    def _find(self, reference: Reference) -> Checkpoint | None:
        key = key_of(reference)
        for checkpoint in (self._side(key), Checkpoint(self.places.checkpoint(key), key)):
            if checkpoint is not None and _is_complete(checkpoint) and _is_current(checkpoint, reference):
                return checkpoint
        return None

    def _side(self, key: str) -> Checkpoint | None:
        """Return the model in the user's own folder that the manifest `key` describes."""
        path = self.places.side_manifest(key)
        manifest = _readable(path)
        if manifest is None:
            return None
        return Checkpoint(Path(manifest.source.removeprefix("folder:")), key, path)

    def fetch(self, model: str, progress: Progress = ignore) -> Checkpoint:
        """Return `model` verified, after downloading and converting what is missing or damaged.

        A second process that wants the same model waits for the first. Raises `ModelError`.
        """
        reference = parse_reference(model, self.catalogue)
        sweep(self.places.checkpoints)
        sweep(self.places.partial)
        with self._locked(key_of(reference), progress):
            found = self._find_sound(reference, progress)
            return self._fetch(reference, model, progress) if found is None else found

    @contextmanager
    def _locked(self, key: str, progress: Progress) -> Iterator[None]:
        path = self.places.lock(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("wait", 0, 1)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _find_sound(self, reference: Reference, progress: Progress) -> Checkpoint | None:
        checkpoint = self._find(reference)
        if checkpoint is None:
            return None
        try:
            checkpoint.verify(progress)
        except ModelError:
            self._discard(checkpoint.id)
            return None
        shutil.rmtree(self.places.staging(checkpoint.id), ignore_errors=True)  # of a fetch killed at its last step
        return checkpoint

    def _fetch(self, reference: Reference, name: str, progress: Progress) -> Checkpoint:
        from llama_assist.models import fetch  # numpy is not needed to find a model

        if isinstance(reference, CatalogueModel):
            return fetch.fetch_catalogue_model(reference, self.places, progress)
        if isinstance(reference, HubReference):
            return fetch.fetch_repository(reference, self.places, progress)
        if isinstance(reference, FileReference):
            return fetch.fetch_file(reference, self.places, progress)
        if isinstance(reference, FolderReference):
            return fetch.fetch_folder(reference, self.places, progress)
        raise unknown_model(name, self.catalogue)

    def list(self) -> list[Entry]:
        """Return the catalogue, then everything else that is in the store."""
        keys = [*self.catalogue, *sorted(self._keys())]
        return [self._entry(key) for key in dict.fromkeys(keys)]

    def _keys(self) -> set[str]:
        folders = (self.places.checkpoints, self.places.partial)
        found = [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]
        if self.places.local.is_dir():
            found += [path.stem for path in self.places.local.glob("*.json")]
        return {key for key in found if not key.startswith(".")}

    def _entry(self, key: str) -> Entry:
        checkpoint = self._find(parse_reference(key, self.catalogue))
        known = self.catalogue.get(key)
        manifest = checkpoint.manifest if checkpoint else None
        if manifest is not None:
            size = sum(digest.size for digest in manifest.files.values())
            return Entry(key, "installed", size, *_titles(known), manifest.family, manifest.license, manifest.source)
        state, size = self._unfinished(key, known)
        family, license_name, source = (known.family, known.license, f"hub:{known.hub}") if known else ("", "", "")
        return Entry(key, state, size, *_titles(known), family, license_name, source)

    def _unfinished(self, key: str, known: CatalogueModel | None) -> tuple[State, int]:
        if self.places.checkpoint(key).exists() or self.places.side_manifest(key).exists():
            return "damaged", folder_size(self.places.checkpoint(key))
        if self.places.staging(key).exists():
            return "partial", folder_size(self.places.staging(key))
        return "available", known.size if known else 0

    def remove(self, model: str) -> None:
        """Remove `model` and what an unfinished download left; a user's own folder or file is left alone.

        Raises `ModelError` with reason `not-installed` or `bad-name`.
        """
        key = key_of(parse_reference(model, self.catalogue))
        with self._locked(key, ignore):
            if not self._discard(key):
                raise ModelError(f"{model} is not installed.", "not-installed")

    def _discard(self, key: str) -> bool:
        """Remove everything that goes by `key`; return whether there was anything."""
        folders = [path for path in (self.places.checkpoint(key), self.places.staging(key)) if path.is_dir()]
        for folder in folders:
            remove_folder(folder)
        side = self.places.side_manifest(key)
        had_side = side.is_file()
        side.unlink(missing_ok=True)
        return bool(folders) or had_side


def _titles(known: CatalogueModel | None) -> tuple[str, str]:
    return (known.title, known.role) if known else ("", "")


def _readable(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except ModelError:
        return None


def _is_complete(checkpoint: Checkpoint) -> bool:
    """Whether manifest and files are there, with the right sizes."""
    path = checkpoint.manifest_path if checkpoint.manifest_path else checkpoint.path / "manifest.json"
    manifest = _readable(path)
    if manifest is None:
        return False
    files = ((checkpoint.path / name, digest.size) for name, digest in manifest.files.items())
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def _is_current(checkpoint: Checkpoint, reference: Reference) -> bool:
    """Whether a GGUF file is still the one that was converted; one that is gone cannot have changed."""
    if not isinstance(reference, FileReference) or not reference.path.is_file():
        return True
    return checkpoint.manifest is not None and checkpoint.manifest.source == reference.source
