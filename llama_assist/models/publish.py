"""The last step of every fetch: notices, manifest, and the final name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.family import infer_family
from llama_assist.checkpoint.manifest import Manifest, digest_files
from llama_assist.checkpoint.vocabulary import Vocabulary
from llama_assist.models.catalogue import license_text
from llama_assist.models.disk import publish_folder


@dataclass(frozen=True)
class Origin:
    """Where a model comes from; `names` are what its family may be told from if `family` is empty."""

    id: str
    source: str
    names: tuple[str, ...]
    family: str = ""
    license: str = "unknown"
    notice: str = ""


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """Give `folder` empty; remove it, and its parent if nothing else is there, when the work in it fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as cleanup:
        cleanup.callback(_remove_leftovers, folder)
        yield folder
        cleanup.pop_all()


def _remove_leftovers(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # not empty: a download that can go on
        folder.parent.rmdir()


def write_notices(folder: Path, origin: Origin) -> None:
    """Write NOTICE, and LICENSE where the licence's text ships with the catalogue."""
    if not origin.notice:
        return
    changes = "Changed from the original: converted to bfloat16 safetensors by llama_assist."
    (folder / "NOTICE").write_text(f"{origin.notice}\nOrigin: {origin.source}\n{changes}\n", encoding="utf-8")
    (folder / "LICENSE").write_text(license_text(origin.license), encoding="utf-8")


def describe(folder: Path, origin: Origin, names: list[str]) -> Manifest:
    """Return the manifest of the `names` in `folder`, every file hashed now."""
    return Manifest(
        id=origin.id,
        family=origin.family if origin.family else _family(folder, origin),
        source=origin.source,
        license=origin.license,
        created=int(time.time()),
        files=digest_files(folder, names),
    )


def _family(folder: Path, origin: Origin) -> str:
    config = Checkpoint(folder, origin.id).config
    special = Vocabulary(folder, origin.id).special_tokens.values()
    return infer_family(origin.names, config["model_type"], special)


def publish_checkpoint(partial: Path, origin: Origin, final: Path) -> Checkpoint:
    """Write notices and manifest of the complete folder `partial` and give it its final name."""
    write_notices(partial, origin)
    manifest = describe(partial, origin, [path.name for path in partial.iterdir() if path.is_file()])
    manifest.write(partial / "manifest.json")
    final.parent.mkdir(parents=True, exist_ok=True)
    publish_folder(partial, final)
    return Checkpoint(final, origin.id)
