"""The inline completion's prompt: what changes with every key comes last, so that all before it stays cached.

Stable context first, then a window of the cell before the current line whose start moves in big steps, then a
short window of what follows the cursor, then the mark of the middle; the text typed on the current line is the
beginning of the middle, so that typing only appends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from llama_assist.types import ModelInfo, Prompt, Segment, Special

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Count = Callable[[str], int]
Layout = Literal["anchored", "plain"]

WINDOW_STEPS = (32, 8, 1)  # lines by which the start of the prefix window moves: in between, it stays cached
SUFFIX_SHARE = 0.15  # of the budget; a suffix is re-read when it changes, and its first lines say the most


@dataclass(frozen=True, slots=True)
class FimForm:
    """How a family writes prefix, suffix and middle."""

    order: Literal["psm", "spm", "none"]
    prefix: str = ""
    suffix: str = ""
    middle: str = ""
    stops: tuple[str, ...] = ()

    @property
    def is_trained(self) -> bool:
        """Tell whether the model was trained to fill in."""
        return self.order != "none"


def find_form(family: str) -> FimForm:
    """Return the form of a model family; unknown families have none."""
    return _forms().get(family, FimForm("none"))


@lru_cache(maxsize=1)
def _forms() -> dict[str, FimForm]:
    content = tomllib.loads(files("llama_assist.prompt").joinpath("fim.toml").read_text(encoding="utf-8"))
    return {family: FimForm(**{**table, "stops": tuple(table["stops"])}) for family, table in content.items()}


@dataclass(frozen=True, slots=True)
class Window:
    """The cell around the cursor as the prompt shows it: `typed` is the current line up to the cursor."""

    prefix: str
    typed: str
    suffix: str


def cut_window(prefix: str, suffix: str, budget: int, count: Count) -> Window:
    """Cut prefix and suffix to `budget` tokens together; the current line always stays whole."""
    line = prefix.rfind("\n") + 1
    above, typed = prefix[:line], prefix[line:]
    left = budget - count(typed)
    short_suffix = _head(suffix, int(budget * SUFFIX_SHARE), count)
    return Window(_tail(above, left - count(short_suffix), count), typed, short_suffix)


def _tail(text: str, budget: int, count: Count) -> str:
    """Return the last lines within `budget`; what is dropped is a multiple of the largest step that leaves any."""
    lines = text.splitlines(keepends=True)
    start = 0
    for step in WINDOW_STEPS:
        while start < len(lines):
            kept = "".join(lines[start:])
            if count(kept) <= budget:
                return kept
            start += step
        start = max(0, start - step)
    return ""


def _head(text: str, budget: int, count: Count) -> str:
    """Return the first lines within `budget`; the rest of the current line at least."""
    lines = text.splitlines(keepends=True)
    kept = lines[0] if lines else ""
    for line in lines[1:]:
        if count(kept + line) > budget:
            break
        kept += line
    return kept


def build_prompt(model: ModelInfo, context: str, window: Window, layout: Layout = "anchored") -> Prompt:
    """Join context and window in the family's form.

    `plain` cuts at the cursor, without healing: it exists to be measured against.
    """
    form = find_form(model.family)
    above, typed = context + window.prefix, window.typed
    if layout == "plain":
        above, typed = above + typed, ""
    return Prompt(tuple(part for part in _segments(model, form, above, window.suffix) if part), typed)


def _segments(model: ModelInfo, form: FimForm, above: str, suffix: str) -> list[Segment]:
    bos: list[Segment] = [Special(model.bos_token)] if model.bos_token else []
    if form.order == "none":
        return [*bos, above]
    middle = Special(form.middle)
    if form.order == "spm":
        return [*bos, Special(form.suffix), suffix, Special(form.prefix), above, middle]
    return [*bos, Special(form.prefix), above, Special(form.suffix), suffix, middle]
