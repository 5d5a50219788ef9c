"""What a user may call a model: a catalogue id, a hub repository, a local folder or a local GGUF file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from llama_assist.errors import ModelError
from llama_assist.models.catalogue import CatalogueModel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class HubReference:
    """A repository of the hub at a revision; an empty one means the newest."""

    owner: str
    name: str
    revision: str = ""

    @property
    def repository(self) -> str:
        """The name that the hub uses."""
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """The name in the store."""
        revision = f"-{self.revision}" if self.revision else ""
        return _key(f"{self.owner}--{self.name}{revision}", f"hub:{self.repository}@{self.revision}")


@dataclass(frozen=True)
class FolderReference:
    """A local folder in Hugging Face layout."""

    path: Path

    @property
    def key(self) -> str:
        """The name in the store."""
        return _key(self.path.name, str(self.path))


@dataclass(frozen=True)
class FileReference:
    """A local GGUF file."""

    path: Path

    @property
    def key(self) -> str:
        """The name in the store."""
        return _key(self.path.stem, str(self.path))

    @property
    def source(self) -> str:
        """What a manifest says of the file; another size or time means another file."""
        status = self.path.stat()
        return f"file:{self.path} ({status.st_size} bytes, {status.st_mtime_ns})"


@dataclass(frozen=True)
class StoreReference:
    """The name of something that may be in the store, whatever it came from."""

    key: str


Reference = CatalogueModel | HubReference | FolderReference | FileReference | StoreReference


def key_of(reference: Reference) -> str:
    """Return the name under which the store keeps `reference`."""
    return reference.id if isinstance(reference, CatalogueModel) else reference.key


def parse_reference(text: str, catalogue: dict[str, CatalogueModel]) -> Reference:
    """Return what `text` names; nothing is read but whether a path is a folder.

    A bare name is never looked up in the working directory: a local model needs a path with a separator, or a
    name that ends in `.gguf`. Raises `ModelError` with reason `bad-name`.
    """
    if _CONTROL.search(text) or not text.strip():
        raise ModelError(f"{text!r} is no name of a model.", "bad-name")
    if text in catalogue:
        return catalogue[text]
    if text.startswith("hub:"):
        return _parse_hub(text)
    if text.lower().endswith(".gguf"):
        return FileReference(_path(text))
    if "/" in text or "\\" in text or text.startswith("~"):
        return FolderReference(_path(text))
    if not _NAME.fullmatch(text) or ".." in text:
        raise ModelError(f"{text!r} is no name of a model. Give a catalogue id or a path.", "bad-name")
    return StoreReference(text)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # `~name` of nobody
        raise ModelError(f"{text!r} begins with an unknown home folder.", "bad-name") from error


def _parse_hub(text: str) -> HubReference:
    repository, _, revision = text.removeprefix("hub:").partition("@")
    owner, _, name = repository.partition("/")
    good = _NAME.fullmatch(owner) and _NAME.fullmatch(name) and (not revision or _REVISION.fullmatch(revision))
    if not good or ".." in text or "//" in text or text.endswith("@"):
        raise ModelError(f"{text!r} is no repository; write hub:owner/name or hub:owner/name@revision.", "bad-name")
    return HubReference(owner, name, revision)


def _key(name: str, identity: str) -> str:
    """Return a readable name that is safe as a folder and different for different identities."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:72]
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else f"model-{digest}"


def unknown_model(name: str, catalogue: dict[str, CatalogueModel]) -> ModelError:
    """Return the error for a name that means nothing, with the nearest catalogue ids."""
    near = get_close_matches(name, catalogue, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    return ModelError(
        f"There is no model {name!r}. {hint}Known are {', '.join(catalogue)}; "
        "also hub:owner/name, a path of a folder, or a path of a .gguf file.",
        "unknown-model",
    )
