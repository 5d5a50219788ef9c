"""What an editor may set by `initializationOptions`: every setting has a default, and wrong ones are named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, in the editor's file in camelCase.

    `url` and `key`: the server to use, in place of LLAMA_ASSIST_URL and LLAMA_ASSIST_KEY. `start`: start a server
    where none runs. `preload`: load the model when the editor starts. `candidates`: suggestions where they are asked
    for by a key. `max_tokens`: longest suggestion. `completion`: suggestions in the completion list, too; `auto` is
    for editors without inline completion. `hover`: `known` shows explanations made before, `explain` asks the model.
    `code_actions`: offer explain, fix, document, write test.
    """

    url: str = ""
    key: str = ""
    start: bool = True
    preload: bool = False
    candidates: int = 3
    max_tokens: int = 128
    completion: str = "auto"
    hover: str = "known"
    code_actions: bool = True


CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"completion": ("auto", "on", "off"), "hover": ("known", "explain", "off")}
)
BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType({"candidates": (1, 8), "max_tokens": (1, 1024)})


def read_settings(options: object) -> tuple[Settings, list[str]]:
    """Return the settings of `initializationOptions`, with a sentence for each one that is not taken."""
    settings, complaints = Settings(), []
    given = _plain(options)
    if not isinstance(given, Mapping):
        return settings, [] if given is None else ["initializationOptions must be an object; the defaults are used."]
    names = {_camel(each.name): each.name for each in fields(Settings)}
    for name, value in given.items():
        if name not in names:
            complaints.append(f"`{name}` is no setting of llama-assist. There are: {', '.join(names)}.")
        elif value is not None:
            problem = _problem(names[name], value)
            settings = settings if problem else replace(settings, **{names[name]: value})
            complaints += [f"`{name}` {problem}; the default is used."] if problem else []
    return settings, complaints


def _problem(name: str, value: object) -> str:
    """Return what is wrong with a value; nothing where it can be taken."""
    default = getattr(Settings(), name)
    if type(value) is not type(default):
        return f"must be a {_KINDS[type(default)]}"
    if isinstance(value, str) and name in CHOICES and value not in CHOICES[name]:
        return f"must be one of {', '.join(CHOICES[name])}"
    if name in BOUNDS and isinstance(value, int) and not BOUNDS[name][0] <= value <= BOUNDS[name][1]:
        return f"must lie between {BOUNDS[name][0]} and {BOUNDS[name][1]}"
    return ""


_KINDS = {str: "text", bool: "boolean", int: "whole number"}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _plain(value: Any) -> Any:
    """Return what the protocol's library may have made a tuple with names of as the mapping that it was."""
    return value._asdict() if hasattr(value, "_asdict") else value
