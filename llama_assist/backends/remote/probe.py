"""What a remote engine is: which server, which model, how much it reads, and how it is told to fill in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from urllib.parse import quote

from llama_assist.backends.remote.render import TRANSCRIPT
from llama_assist.checkpoint.family import family_of_name
from llama_assist.config import Assist
from llama_assist.errors import ModelError
from llama_assist.prompt.fim import find_form
from llama_assist.types import ModelInfo

Json = dict[str, Any]
Fetch = Callable[[str, str, object], Awaitable[Json | None]]
"""Method, path and body of a request to its JSON object; None where the server does not know the path."""

Server = Literal["llama_assist", "vllm", "llama.cpp", "ollama", "other"]
Fill = Literal["marks", "suffix", "prefix"]

SUFFIX_FAMILY = "suffix-field"  # the form of `prompt/fim.toml` for servers that place prefix and suffix themselves
_OLLAMA_CONTEXT = 4096  # what Ollama gives a model that nobody said otherwise of; it cuts longer prompts silently


@dataclass(frozen=True, slots=True)
class Remote:
    """What is known of an engine; `context_length` 0 where it does not tell.

    `fill` is how text after the cursor is told: by the family's marks in the prompt, in the field `suffix`, or not.
    `info` is what a server of our own says of its model.
    """

    server: Server
    model: str
    family: str = ""
    context_length: int = 0
    fill: Fill = "prefix"
    info: Json | None = None


async def probe(fetch: Fetch, config: Assist) -> Remote:
    """Ask the server what it is; raise `ModelError` where it does not have the model."""
    listed = await fetch("GET", "models", None)
    entries = [entry for entry in _objects((listed or {}).get("data")) if isinstance(entry.get("id"), str)]
    entry = _entry(entries, config.model)
    remote = replace(await _identify(fetch, entry), family=family_of_name(entry["id"]))
    return replace(remote, fill=_fill(remote, config.backend_fill))


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _entry(entries: list[Json], model: str) -> Json:
    """Return the entry of the model; where none was chosen and the server has but one, that one."""
    named = next((entry for entry in entries if entry["id"] == model), None)
    if named is not None:
        return named
    is_chosen = model != Assist.model.default_value
    if len(entries) == 1 and not is_chosen:
        return entries[0]
    if not entries and is_chosen:
        return {"id": model}  # a server that lists nothing may serve it all the same
    names = ", ".join(entry["id"] for entry in entries[:20]) or "none"
    raise ModelError(f"The remote engine does not offer {model}. It offers: {names}. Set Assist.model.", "not-offered")


async def _identify(fetch: Fetch, entry: Json) -> Remote:
    model, owner = entry["id"], entry.get("owned_by")
    if owner == "llama_assist":
        info = await fetch("GET", "jobs", None)
        if info is not None:
            return Remote("llama_assist", model, context_length=_number(info, "context_length"), info=info)
    if owner == "llamacpp":
        settings = (await fetch("GET", "/props", None) or {}).get("default_generation_settings")
        return Remote("llama.cpp", model, context_length=_number(settings, "n_ctx"))
    if _number(entry, "max_model_len"):  # vLLM and SGLang
        return Remote("vllm", model, context_length=_number(entry, "max_model_len"))
    if "version" in (await fetch("GET", "/api/version", None) or {}):
        return await _ollama(fetch, model)
    described = await fetch("GET", f"/api/v0/models/{quote(model, safe='')}", None)  # LM Studio
    length = _number(described, "loaded_context_length") or _number(described, "max_context_length")
    return Remote("other", model, context_length=length)


async def _ollama(fetch: Fetch, model: str) -> Remote:
    """Ask for the template's abilities, and for the context that it runs with: its default is far below the model's."""
    shown = await fetch("POST", "/api/show", {"model": model}) or {}
    running = _objects((await fetch("GET", "/api/ps", None) or {}).get("models"))
    loaded = next((each for each in running if model in (each.get("name"), each.get("model"))), {})
    length = _number(loaded, "context_length") or _OLLAMA_CONTEXT
    abilities = shown.get("capabilities")
    fill: Fill = "suffix" if isinstance(abilities, list) and "insert" in abilities else "prefix"
    return Remote("ollama", model, context_length=length, fill=fill)


def _fill(remote: Remote, chosen: str) -> Fill:
    """Return how to fill in; Ollama puts a prompt of its own around ours, so that no marks can be sent to it."""
    if chosen != "auto":
        return cast(Fill, chosen)
    if remote.server == "ollama":
        return remote.fill
    return "marks" if find_form(remote.family).is_trained else "prefix"


def _number(data: object, name: str) -> int:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def model_info(remote: Remote, default_length: int, margin: float) -> ModelInfo:
    """Return what the prompt layer must know; a share `margin` of the context stays free for estimates that are short.

    A server that does not tell its limit gets `default_length` tokens.
    """
    length = int((remote.context_length or default_length) * (1 - margin))
    if remote.info is not None:
        return _own_info(remote, remote.info, length)
    family = {"marks": remote.family, "suffix": SUFFIX_FAMILY, "prefix": ""}[remote.fill]
    return ModelInfo(remote.model, family, length, TRANSCRIPT)


def _own_info(remote: Remote, info: Json, length: int) -> ModelInfo:
    """Return what a server of our own says."""
    ends = info.get("eos_tokens")
    eos_tokens = tuple(each for each in ends if isinstance(each, str)) if isinstance(ends, list) else ()
    family, template, bos = (str(info.get(name) or "") for name in ("family", "chat_template", "bos_token"))
    return ModelInfo(remote.model, family, length, template, bos, eos_tokens)
