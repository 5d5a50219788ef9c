"""What the magics print without asking the model: the state, the models, and what holds for the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llama_assist.client import Client
from llama_assist.errors import ModelError


def described(fields: Mapping[str, Any]) -> str:
    """Return the plain fields of an object, a line each."""
    plain = {name: value for name, value in fields.items() if isinstance(value, str | int | float) and value != ""}
    width = max(map(len, plain), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in plain.items())


def models(catalogue: Mapping[str, Any]) -> str:
    """Return a line for each model; a star marks the one that answers."""
    found = catalogue.get("models", ())
    width = max((len(model["id"]) for model in found), default=0)
    return "\n".join(_model(model, width) for model in found) or "There are no models."


def change_model(client: Client, model: str, *, download: bool) -> str:
    """Let another model answer from now on, for all who use the server; return what to print."""
    entry = next((each for each in client.catalogue().get("models", ()) if each["id"] == model), None)
    if entry is not None and not entry.get("present", True):
        if not download:
            size = _size(entry)
            raise ModelError(
                f"{model} is not on this machine. Fetch it ({size}): %llama model {model} --download", "absent"
            )
        _fetch(client, model)
    status = client.load(model)
    return f"{status.get('model', model)} is {status.get('state', 'ready')}."


def lasting(settings: Mapping[str, Any], url: str) -> str:
    """Return what holds for this session."""
    lines = [f"server  {url}"]
    lines += [f"--{name.replace('_', '-')}  {value}" for name, value in settings.items()]
    if not settings:
        lines.append("No option is set for this session. Set some as in: %llama config --max-tokens 300")
    return "\n".join(lines)


def _model(model: Mapping[str, Any], width: int) -> str:
    mark = "*" if model.get("current") else " "
    words = (model.get("state", ""), _size(model), model.get("license", ""), model.get("title", ""))
    return f"{mark} {model['id']:<{width}}  " + ", ".join(word for word in words if word)


def _size(model: Mapping[str, Any]) -> str:
    size = model.get("size_bytes")
    return f"{size / 1e6:,.0f} MB" if size else ""


def _fetch(client: Client, model: str) -> None:
    """Download a model and say each stage once, and each tenth of it."""
    said = ""
    for report in client.download(model):
        progress = report.get("progress")
        if progress is None:
            continue
        step = _step(progress)
        if step != said:
            print(step)
            said = step


def _step(progress: Mapping[str, Any]) -> str:
    total = progress.get("total")
    return f"{progress.get('file', '')} {10 * int(10 * progress['done'] / total)} %" if total else str(progress["file"])
