"""The tasks as data: one file each with its words, what it shows of the notebook, and what its answer is for."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from llama_assist.types import TaskName

Shown = Literal["focus", "before", "notebook", "question"]
Action = Literal["none", "insert", "replace"]

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one task is asked and answered.

    `context` is what the prompt shows beside the cell: what belongs to it, the cells before it, the notebook, or
    what answers the question; at most `context_tokens` of it. `answer_tokens` bound what the model writes, or one
    line of it where the answer is made of `lines`; `answer_share` of the cell's tokens come on top. `lead` is how the
    answer begins. `again` is said to the model where its code was no answer, whose second one then begins with
    `again_lead`; `refused` is said to the user where that is none either, with `doubt` of what the model itself has
    explained above. `nothing` is for a cell or a notebook that has nothing to do the task on.
    """

    system: str
    user: str
    context: Shown
    context_tokens: int
    answer_tokens: int
    answer_share: float = 0.0
    lines: bool = False
    action: Action = "none"
    needs_cell: bool = False
    lead: str = ""
    again: str = ""
    again_lead: str = ""
    refused: str = ""
    doubt: str = ""
    nothing: str = ""


@lru_cache(maxsize=16)
def find_recipe(task: TaskName) -> Recipe:
    """Return the recipe in `<task>.toml`."""
    return Recipe(**_read(task))


def follow(question: str) -> str:
    """Return the sentence that makes the answer follow the language of the question; empty for English, or nothing."""
    return str(_script(question).get("rule", ""))


def nothing_found(question: str) -> str:
    """Return, in the language of the question, that the notebook does not answer it."""
    return str(_script(question).get("nothing", _read("languages")["nothing"]))


def asks_for_help(question: str) -> bool:
    """Tell whether a question is for code or advice, which can be answered without the notebook."""
    return re.search(_read("languages")["help"], question) is not None


def _script(question: str) -> dict[str, Any]:
    scripts: list[dict[str, Any]] = _read("languages")["script"] if question.strip() else []
    return next((script for script in scripts if re.search(script["letters"], question)), {})


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its places filled; a paragraph whose places are all empty is left out.

    Only the template's own braces are places: those in the values stay.
    """
    kept = [paragraph for paragraph in template.strip("\n").split("\n\n") if _says_something(paragraph, values)]
    return _PLACE.sub(lambda found: values.get(found[1], ""), "\n\n".join(kept))


def _says_something(paragraph: str, values: Mapping[str, str]) -> bool:
    places = _PLACE.findall(paragraph)
    return not places or any(values.get(place) for place in places)


@lru_cache(maxsize=16)
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("llama_assist.prompt.tasks").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
