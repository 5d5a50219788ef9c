"""The inline completion's prompt: what changes with every key comes last, so that all before it stays cached.

Stable context first, then a window of the cell before the current line, then a short window of what follows the
cursor, then the mark of the middle; the text typed on the current line is the beginning of the middle, so that typing
only appends.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.window import Window
from llama_assist.types import ModelInfo, Prompt, Segment, Special

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Order = Literal["psm", "spm", "none", "comment", "placeholder"]
Layout = Literal["anchored", "plain", "psm", "spm", "none", "comment", "placeholder"]


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


def windows(window: Window, form: FimForm) -> tuple[Window, ...]:
    """Return the windows to try, one after the other.

    Where nothing is typed on the line yet, the first goes without what follows: shown the code below, a small model
    often writes that, or nothing. What is right beside it is compared and cut off afterwards, as ever. Measured with
    the other orders in `tests/benchmarks/README.md`.
    """
    rest = window.suffix.partition("\n")[0].strip()
    if window.typed.strip() or rest[:1] in (")", "]", "}") or not window.suffix.strip() or not form.is_trained:
        return (window,)
    return (replace(window, suffix=""), window)


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
