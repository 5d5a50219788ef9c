"""What each part is worth: the same holes without it, one part at a time, beside the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from llama_assist.cli.heard import HeardBackend
from llama_assist.cli.holes import Hole, Prediction
from llama_assist.cli.report import Row, rows
from llama_assist.cli.session import Session
from llama_assist.context.selection import SOURCES
from llama_assist.inline_prompt import DEFAULT_RECIPE, Recipe
from llama_assist.postprocess.finish import DOUBTS, FILTERS
from llama_assist.prompt.fim import Layout, find_form

if TYPE_CHECKING:
    from llama_assist.backends import Backend
    from llama_assist.config import Assist
    from llama_assist.types import ModelInfo

CHECKS = (*(name for name, _ in FILTERS), *(name for name, _ in DOUBTS), "needed")
DEFAULT = "default"


def layouts_beside(model: ModelInfo) -> tuple[Layout, ...]:
    """Return the layouts to measure against the default one of `model`."""
    form = find_form(model.family)
    orders: tuple[Layout, ...] = ("psm", "spm", "none") if form.is_trained else ("none", "comment", "placeholder")
    return ("plain", *(order for order in orders if form.is_trained or order != form.order))


def variants(model: ModelInfo) -> dict[str, Recipe]:
    """Return the recipes by their titles, the default one first."""
    return {
        DEFAULT: DEFAULT_RECIPE,
        **{f"layout {layout}": Recipe(layout=layout) for layout in layouts_beside(model)},
        **{f"without {name}": Recipe(frozenset({name})) for name in SOURCES},
        "without other cells": Recipe(frozenset(SOURCES)),
        **{f"without {name}": Recipe(frozenset({name})) for name in CHECKS},
        "without filters": Recipe(frozenset(CHECKS)),
    }


async def ablate(
    backend: Backend, config: Assist, holes: Sequence[Hole], max_tokens: int, advance: Callable[[], None]
) -> dict[str, list[Prediction]]:
    """Return the predictions of each variant. Hole by hole, so that what their prompts share is read once."""
    heard = HeardBackend(backend)
    recipes = variants(await heard.describe())
    sessions = {title: Session(heard, config, recipe) for title, recipe in recipes.items()}
    predictions: dict[str, list[Prediction]] = {title: [] for title in sessions}
    for hole in holes:
        for title, session in sessions.items():
            predictions[title].append(await session.predict(hole, max_tokens))
        advance()
    return predictions


def ablation_table(holes: Sequence[Hole], predictions: dict[str, list[Prediction]]) -> str:
    """Return a Markdown table, a line for each variant: exact first lines by kind and other shares, in percent."""
    reports = {title: rows(holes, made) for title, made in predictions.items()}
    kinds = [row.kind for row in reports[DEFAULT]]
    names = ["", *kinds, "exact", "parses", "shown", "right of shown", "prompt"]
    head = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*head, *(_line(title, report, predictions[title]) for title, report in reports.items())])


def _line(title: str, report: Sequence[Row], made: Sequence[Prediction]) -> str:
    total = report[0]
    shares = [row.first_line for row in report] + [total.exact, total.parses, total.shown, total.precision]
    tokens = sum(prediction.prompt_tokens for prediction in made) / len(made)
    return f"| {title} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + f" | {tokens:.0f} |"
