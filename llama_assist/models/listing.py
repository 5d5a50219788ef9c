"""The models of this machine and of the catalogue as an interface shows them."""

from __future__ import annotations

from typing import Any

from llama_assist.errors import ModelError
from llama_assist.models.store import Entry, Store


def list_models(store: Store | None = None) -> list[dict[str, Any]]:
    """Return one object a model; reads the disk, so call it away from an event loop.

    `size_bytes` is on disk, or of the download where the model is not `present`; `parameters` is None there.
    """
    place = Store() if store is None else store
    return [_model(place, entry) for entry in place.list()]


def _model(store: Store, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "notes": entry.role,
        "family": entry.family,
        "parameters": _parameters(store, entry),
        "size_bytes": entry.size,
        "license": entry.license,
        "state": entry.state,
        "present": entry.state == "installed",
    }


def _parameters(store: Store, entry: Entry) -> int | None:
    if entry.state != "installed":
        return None
    try:
        checkpoint = store.find(entry.id)
        return None if checkpoint is None else checkpoint.num_parameters
    except ModelError:  # damaged since: its state is told when it is loaded
        return None
