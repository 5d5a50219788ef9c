"""Measures to figures that can be compared: medians, how they vary, and ratios of one engine to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from llama_assist.cli.bench.measures import Measure

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared on what, the contenders in their order (ours first), and the measures in theirs."""

    setup: dict[str, str]
    names: list[str]
    measures: list[Measure]


@dataclass(frozen=True, slots=True)
class Summary:
    """The middle of some figures, and their extremes or their 95th percentile."""

    median: float
    low: float
    high: float
    p95: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Summary:
        """Summarise at least one figure."""
        ordered = sorted(figures)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        return cls(median(ordered), ordered[0], ordered[-1], p95)

    def as_object(self) -> dict[str, float]:
        """Return what goes into JSON."""
        named = {"median": self.median, "min": self.low, "max": self.high, "p95": self.p95}
        return {name: round(figure, 4) for name, figure in named.items()}

    def text(self, spread: str, *, digits: int) -> str:
        """Return the median and how the figures vary."""
        if self.low == self.high:
            return f"{self.median:.{digits}f}"
        if spread == "p95":
            return f"{self.median:.{digits}f} (p95 {self.p95:.{digits}f})"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def ratios(measure: Measure, ours: str, theirs: str) -> Summary | None:
    """Return ours to theirs: run by run, so that drift cancels; of percentiles where runs are not alike.

    None where either side has no figures, or theirs has a zero.
    """
    first, second = measure.figures.get(ours, []), measure.figures.get(theirs, [])
    if not first or not second or not all(second):
        return None
    if measure.spread == "range":
        return Summary.of([one / other for one, other in zip(first, second, strict=True)])
    mine, other = Summary.of(first), Summary.of(second)
    return Summary(mine.median / other.median, mine.low / other.low, mine.high / other.high, mine.p95 / other.p95)


def as_object(report: Report) -> dict[str, Any]:
    """Return everything, the single figures too, for JSON."""
    return {"setup": report.setup, "measures": [_measure_object(measure, report.names) for measure in report.measures]}


def _measure_object(measure: Measure, names: Sequence[str]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": measure.name, "unit": measure.unit, "better": measure.better}
    for name, figures in measure.figures.items():
        rounded = [round(figure, 4) for figure in figures]
        made[name] = {**Summary.of(figures).as_object(), "figures": rounded}
    ratio = ratios(measure, names[0], names[1]) if len(names) > 1 else None
    if ratio is not None:
        made["ratio"] = ratio.as_object()
    return made


def as_table(report: Report) -> Table:
    """Return the table for people: medians with ranges, or with the 95th percentile."""
    from rich import box
    from rich.table import Table

    ratio = [" / ".join(report.names)] if len(report.names) > 1 else []
    table = Table(box=box.SIMPLE)
    for heading in ("measure", "unit", "better", *report.names, *ratio):
        table.add_column(heading, no_wrap=True)
    for measure in report.measures:
        table.add_row(measure.name, measure.unit, measure.better, *_cells(measure, report.names))
    return table


def _cells(measure: Measure, names: Sequence[str]) -> list[str]:
    digits = 1 if measure.unit in ("s", "tokens/s") else 0
    figures = [measure.figures.get(name) for name in names]
    cells = ["-" if not known else Summary.of(known).text(measure.spread, digits=digits) for known in figures]
    if len(names) > 1:
        ratio = ratios(measure, names[0], names[1])
        cells.append("-" if ratio is None else ratio.text(measure.spread, digits=2))
    return cells
