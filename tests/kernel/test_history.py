"""The cells that a kernel knows, under the numbers that its user sees."""

from __future__ import annotations

import pytest

from llama_assist.kernel.history import MAX_OUTPUT, MAX_PLACES, Ran, read_history


def numbered(*cells: Ran) -> list[tuple[int, str]]:
    return [(cell.number, cell.source) for cell in cells]


def test_history_keeps_the_last_run_of_each_source() -> None:
    history = read_history(["", "a", "b", "a", "c"])
    assert numbered(*history.cells) == [(2, "b"), (3, "a"), (4, "c")]
    assert history.num_left_out == 0


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ("%%llama\nquestion", False),
        ("\n  %%llama ask --to x\nquestion", False),
        ("%llama status", False),
        ("%load_ext llama_assist\n%llama help\n", False),
        ("  \n", False),
        ("%load_ext autoreload", True),
        ("%load_ext llama_assist\nx = 1", True),
        ("x = '''\n%%llama\n'''", True),
        ("%%llama2\nx", True),
        ("%llamas", True),
    ],
)
def test_history_leaves_out_only_our_own_magics(source: str, is_kept: bool) -> None:
    assert bool(read_history(["", source]).cells) is is_kept


def test_history_that_does_not_fit_keeps_the_newest_cells_and_counts_the_rest() -> None:
    inputs = ["", *(f"{n}" * 100 for n in range(1, 10))]
    history = read_history(inputs, max_bytes=500)
    assert [cell.number for cell in history.cells] == [7, 8, 9]
    assert history.num_left_out == 6
    assert len(read_history(inputs, max_cells=2).cells) == 2
    assert read_history(["", "你" * 100], max_bytes=200).num_left_out == 1


def test_a_cell_stands_in_the_document_at_the_place_of_its_number() -> None:
    history = read_history(["", "a\ud800", "%%llama\nwhy?", "b", "%llama explain 1"], {3: "5"})
    document = history.document("p.ipynb", 1)
    assert document["cells"] == [
        {"execution_count": 1, "source": "a\ud800", "type": "code"},
        {"source": ""},
        {"execution_count": 3, "source": "b", "type": "code", "outputs": ["5"]},
        {"source": ""},
    ]
    assert document["cell"] == 0
    assert history.document("p.ipynb", history.now)["cell"] == 3


def test_after_thousands_of_cells_the_document_begins_later() -> None:
    history = read_history(["", *(f"x = {n}" for n in range(MAX_PLACES + 10))])
    document = history.document("", history.now)
    assert len(document["cells"]) == MAX_PLACES  # type: ignore[arg-type]
    assert history.first == 11
    assert document["cell"] == MAX_PLACES - 1


def test_a_long_output_keeps_its_beginning_and_its_end() -> None:
    (cell,) = read_history(["", "a"], {1: "begin" + "x" * 10 * MAX_OUTPUT + "end"}).cells
    assert len(cell.output) < MAX_OUTPUT + 10
    assert cell.output.startswith("begin")
    assert cell.output.endswith("end")


def test_only_some_cells_keep_their_numbers() -> None:
    history = read_history(["", "a", "b", "c"]).only({1, 3})
    assert numbered(*history.cells) == [(1, "a"), (3, "c")]
    assert numbered(*history.with_cell(Ran(1, "z")).cells) == [(1, "z"), (3, "c")]
