"""Figures become medians and ratios that say what they mean."""

from __future__ import annotations

import json

import pytest

from llama_assist.cli.bench.measures import Measure
from llama_assist.cli.bench.report import Report, Summary, as_object, as_table, ratios

OURS, THEIRS = "ours", "theirs"


def measure(spread: str, ours: list[float], theirs: list[float]) -> Measure:
    return Measure("prefill", "tokens/s", "higher", spread, {OURS: ours, THEIRS: theirs})  # type: ignore[arg-type]


def test_a_summary_has_the_middle_and_the_extremes() -> None:
    assert Summary.of([3.0, 1.0, 2.0]) == Summary(2.0, 1.0, 3.0, 3.0)
    assert Summary.of([float(number) for number in range(100)]).p95 == 95.0


def test_runs_are_compared_in_pairs_so_that_drift_cancels() -> None:
    ratio = ratios(measure("range", [100.0, 50.0, 200.0], [50.0, 25.0, 100.0]), OURS, THEIRS)
    assert ratio == Summary(2.0, 2.0, 2.0, 2.0)


def test_requests_that_are_not_alike_are_compared_by_percentiles() -> None:
    ratio = ratios(measure("p95", [1.0, 2.0, 30.0], [4.0, 4.0, 10.0]), OURS, THEIRS)
    assert ratio is not None
    assert (ratio.median, ratio.p95) == (0.5, 3.0)


@pytest.mark.parametrize("theirs", [[], [0.0, 1.0]])
def test_there_is_no_ratio_to_nothing(theirs: list[float]) -> None:
    assert ratios(measure("range", [1.0, 2.0], theirs), OURS, THEIRS) is None


def test_json_holds_every_single_figure() -> None:
    report = Report({"machine": "m"}, [OURS, THEIRS], [measure("range", [2.0, 4.0], [1.0, 2.0])])
    made = json.loads(json.dumps(as_object(report)))
    assert made["setup"] == {"machine": "m"}
    (only,) = made["measures"]
    assert (only["name"], only["unit"], only["better"]) == ("prefill", "tokens/s", "higher")
    assert only[OURS] == {"median": 3.0, "min": 2.0, "max": 4.0, "p95": 4.0, "figures": [2.0, 4.0]}
    assert only["ratio"]["median"] == 2.0


def test_the_table_shows_ranges_and_ratios() -> None:
    table = as_table(Report({}, [OURS, THEIRS], [measure("range", [2.0, 4.0], [1.0, 2.0])]))
    assert [str(column.header) for column in table.columns][-3:] == [OURS, THEIRS, "ours / theirs"]
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[-3:] == ["3.0 (2.0-4.0)", "1.5 (1.0-2.0)", "2.00"]


def test_an_engine_alone_has_no_ratio() -> None:
    report = Report({}, [OURS], [Measure("load", "s", "lower", figures={OURS: [1.5]})])
    assert "ratio" not in as_object(report)["measures"][0]
    assert len(as_table(report).columns) == 4
