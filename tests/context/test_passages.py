"""A notebook cut into passages."""

from __future__ import annotations

from llama_assist.context.passages import Passage, PieceCache, passages
from llama_assist.types import Cell, Document


def cut(*cells: Cell, language: str = "python") -> list[Passage]:
    return passages(Document(cells, language=language), PieceCache())[0]


def test_a_short_cell_is_one_passage_with_its_names() -> None:
    (only,) = cut(Cell("total = sum(values)"))
    assert only.text == "total = sum(values)"
    assert only.defines == {"total"}
    assert {"sum", "values"} <= only.uses


def test_a_long_cell_is_cut_between_statements_and_loses_nothing() -> None:
    source = "\n".join(f"def function_{number}(x):\n    y = x + {number}\n    return y" for number in range(60))
    found = cut(Cell(source))
    assert len(found) > 3
    assert "\n".join(passage.text for passage in found) == source
    assert all(passage.text.startswith("def ") for passage in found)
    assert [passage.number for passage in found] == list(range(len(found)))


def test_a_statement_longer_than_a_passage_is_cut_between_lines() -> None:
    source = "def long():\n" + "\n".join(f"    step_{number} = {number}" for number in range(300))
    found = cut(Cell(source))
    assert len(found) > 3
    assert "\n".join(passage.text for passage in found) == source


def test_comments_and_magics_stay_with_the_statements() -> None:
    source = "# first\n%matplotlib inline\nx = 1\n# last"
    assert "\n".join(passage.text for passage in cut(Cell(source))) == source


def test_markdown_is_cut_at_its_headings_which_head_what_follows() -> None:
    found = cut(
        Cell("# Report\n\nText.\n\n## Part one\n\nMore.", "markdown"), Cell("x = 1"), Cell("# Next", "markdown")
    )
    assert [passage.text for passage in found] == ["# Report\nText.", "## Part one\nMore.", "x = 1", "# Next"]
    assert [passage.headings for passage in found] == [(), ("Report",), ("Report", "Part one"), ()]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {number} says something." for number in range(80))
    found = cut(Cell(text, "markdown"))
    assert len(found) > 3
    assert all(passage.text.endswith(".") for passage in found)
    assert "\n".join(passage.text for passage in found).replace("\n", " ") == text


def test_an_output_is_bounded_and_says_that_it_is() -> None:
    code, output = cut(Cell("run()", outputs=("\n".join(f"line {number}" for number in range(10_000)),)))
    assert (code.kind, output.kind) == ("code", "output")
    assert len(output.text) < 1000
    assert output.text.startswith("line 0\n")
    assert output.text.endswith("line 9999")
    assert "\n...\n" in output.text


def test_what_an_output_says_without_words_is_left_out() -> None:
    (code,) = cut(Cell("plot()", outputs=("<Figure size 432x288 with 1 Axes>", "\x1b[31m\x1b[0m")))
    assert code.kind == "code"


def test_a_line_of_data_does_not_fill_the_prompt() -> None:
    (only,) = cut(Cell(f"image = '{'A' * 100_000}'"))
    assert len(only.text) < 500
    assert only.text.endswith("...")


def test_empty_cells_and_broken_code_are_normal_input() -> None:
    assert cut(Cell(""), Cell("  \n", "markdown")) == []
    assert cut(Cell("def (:\n  ]]"))[0].text == "def (:\n  ]]"


def test_a_cell_is_read_once() -> None:
    cache = PieceCache()
    cell = Cell("x = 1")
    assert cache.of(cell, "python") is cache.of(cell, "python")
    assert cache.of(Cell("x = 1", outputs=("1",)), "python") is not cache.of(cell, "python")
