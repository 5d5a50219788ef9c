"""The inline completion's prompt: what changes with every key comes last, so that all before it stays cached.

Stable context first, then a window of the cell before the current line whose start moves in big steps, then a
short window of what follows the cursor, then the mark of the middle; the text typed on the current line is the
beginning of the middle, so that typing only appends.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from math import ceil
from typing import Literal

from llama_assist.errors import InvalidRequestError
from llama_assist.types import ModelInfo, Prompt, Segment, Special

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Count = Callable[[str], int]
Order = Literal["psm", "spm", "none", "comment", "placeholder"]
Layout = Literal["anchored", "plain", "psm", "spm", "none", "comment", "placeholder"]

WINDOW_STEP = 0.45  # of the budget, by which the start of the prefix window moves: in between, it stays cached
BLOCK = 16  # lines whose tokens are counted together; the counts of texts that come again are cached
FAR = 100_000  # characters; what is farther above than once to twice this is not even counted
SUFFIX_SHARE = 0.15  # of the budget; a suffix is re-read when it changes, and its first lines say the most


@dataclass(frozen=True, slots=True)
class FimForm:
    """How a family writes prefix, suffix and middle."""

    order: Order
    prefix: str = ""
    suffix: str = ""
    middle: str = ""
    stops: tuple[str, ...] = ()

    @property
    def is_trained(self) -> bool:
        """Tell whether the model was trained to fill in."""
        return self.order in ("psm", "spm")

    def ordered(self, order: Order) -> FimForm:
        """Return this form in another order; raise `InvalidRequestError` if its model has no marks for it."""
        if order in ("psm", "spm") and not self.middle:
            raise InvalidRequestError(f"This model has no marks to fill in with: it has no {order} order.")
        return replace(self, order=order)


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
    return Window(_tail(above, max(1.0, budget * WINDOW_STEP), left - count(short_suffix), count), typed, short_suffix)


def _tail(text: str, step: float, budget: int, count: Count) -> str:
    """Return the last lines within `budget`: from where the tokens from the top pass a multiple of `step`.

    That place depends on nothing below it, so it stays while as many tokens as the step has are added. The step is
    shorter where little of the budget is left, because the line at the cursor is very long.
    """
    far = max(0, len(text) // FAR - 1) * FAR
    lines = text[text.find("\n", far) + 1 if far else 0 :].splitlines(keepends=True)
    totals = [0]
    for start in range(0, len(lines), BLOCK):
        totals.append(totals[-1] + count("".join(lines[start : start + BLOCK])))
    while step > budget * 0.8 and step > 1.0:
        step /= 2
    excess = totals[-1] - budget
    goal = ceil(excess / step) * step if excess > 0 else 0
    block = bisect_left(totals, goal)
    if block == 0 or goal > totals[-1]:
        return "" if block else "".join(lines)
    first, passed = (block - 1) * BLOCK, totals[block - 1]
    for line in lines[first : block * BLOCK]:
        if passed >= goal:
            break
        passed += count(line)
        first += 1
    return "".join(lines[first:])


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

    Other layouts than `anchored` exist to be measured against it: `plain` cuts at the cursor, without healing;
    the rest are orders that the family's form does not have.
    """
    form = find_form(model.family)
    if layout == "plain":
        window = replace(window, prefix=window.prefix + window.typed, typed="")
    elif layout != "anchored":
        form = form.ordered(layout)
    return Prompt(tuple(part for part in _segments(model, form, context, window) if part), window.typed)


def _segments(model: ModelInfo, form: FimForm, context: str, window: Window) -> list[Segment]:
    bos: list[Segment] = [Special(model.bos_token)] if model.bos_token else []
    above, middle = context + window.prefix, Special(form.middle)
    match form.order:
        case "psm":
            return [*bos, Special(form.prefix), above, Special(form.suffix), window.suffix, middle]
        case "spm":
            return [*bos, Special(form.suffix), window.suffix, Special(form.prefix), above, middle]
        case "comment":
            return [*bos, context + _commented(window.suffix) + window.prefix]
        case "placeholder":
            return [*bos, context + _with_placeholder(window) + window.prefix]
        case _:
            return [*bos, above]


def _commented(suffix: str) -> str:
    """Show a model without fill-in training what follows the cursor, as a comment before the code."""
    lines = [f"# {line}\n" for line in suffix.strip().split("\n") if line.strip()]
    return "".join(["# What follows further below:\n", *lines, "\n"]) if lines else ""


def _with_placeholder(window: Window) -> str:
    """Show the whole with a gap and ask for it again ("instructed prefix feeding", SAFIM, arXiv 2403.04814)."""
    if not window.suffix.strip():
        return ""
    gap = f"{window.prefix}{window.typed}# TODO: your code here{window.suffix}"
    return f"{gap}\n\n# The same again, with the TODO replaced by the code that belongs there:\n"
