"""How good predictions are: a table of exact first lines, exact answers and what would have been shown, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llama_assist.cli.holes import Hole, Prediction
from llama_assist.syntax import parse

ALL = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """Shares from 0 to 1 over the `num_holes` of one kind; `precision` is that of what was shown.

    `parses`: cells that parse with the prediction, among those that do with what was expected.
    """

    kind: str
    num_holes: int
    first_line: float
    exact: float
    parses: float
    shown: float
    precision: float
    tokens_read: float


def rows(holes: Sequence[Hole], predictions: Sequence[Prediction]) -> list[Row]:
    """Return a row for all holes that say what was expected, and one for each of their kinds."""
    pairs = [pair for pair in zip(holes, predictions, strict=True) if pair[0].expected is not None]
    kinds = dict.fromkeys(hole.kind for hole, _ in pairs if hole.kind)
    return [_row(kind, [pair for pair in pairs if kind in (ALL, pair[0].kind)]) for kind in (ALL, *kinds)]


def _row(kind: str, pairs: Sequence[tuple[Hole, Prediction]]) -> Row:
    firsts = [_first(prediction.text) == _first(hole.expected or "") for hole, prediction in pairs]
    shown = [right for right, (_, prediction) in zip(firsts, pairs, strict=True) if prediction.shown]
    return Row(
        kind,
        len(pairs),
        _mean(firsts),
        _mean(prediction.text.strip() == (hole.expected or "").strip() for hole, prediction in pairs),
        _mean(_parses(hole, prediction.text) for hole, prediction in pairs if _parses(hole, hole.expected or "")),
        len(shown) / max(1, len(pairs)),
        _mean(shown),
        _mean(prediction.prompt_tokens - prediction.cached_tokens for _, prediction in pairs),
    )


def _parses(hole: Hole, text: str) -> bool:
    return not parse(hole.prefix + text + hole.suffix, hole.document.language).has_error


def _first(text: str) -> str:
    return text.partition("\n")[0].rstrip()


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0


def table(title: str, report: Iterable[Row]) -> str:
    """Return rows as text for people, shares in percent."""
    lines = [
        f"{title}",
        f"{'kind':12}{'holes':>6}{'first':>8}{'exact':>8}{'parses':>8}{'shown':>8}{'right':>8}{'read':>8}",
    ]
    for row in report:
        shares = (row.first_line, row.exact, row.parses, row.shown, row.precision)
        figures = "".join(f"{100 * share:8.1f}" for share in shares)
        lines.append(f"{row.kind:12}{row.num_holes:6}{figures}{row.tokens_read:8.0f}")
    return "\n".join(lines)
