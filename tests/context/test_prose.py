from __future__ import annotations

from context_golden import count

from llama_assist.context.prose import above, heading, plain, shorten
from llama_assist.types import Cell


def test_markdown_becomes_plain_lines() -> None:
    source = "# Title #\n\n<div class='x'>Some <b>bold</b> text</div>\n![p](data:image/png;base64,AAAA)\n---\n[link](http://a)"

    assert plain(source) == ["# Title #", "Some bold text", "link"]


def test_a_long_line_is_cut_between_words() -> None:
    (line,) = plain("word " * 200)

    assert len(line) < 250
    assert line.endswith("word ...")


def test_a_heading_loses_its_marks() -> None:
    assert heading("## Mean by month ##") == "Mean by month"
    assert heading("#hashtag") == ""


def test_only_markdown_directly_above_counts() -> None:
    cells = [Cell("far", "markdown"), Cell("x = 1"), Cell("# A", "markdown"), Cell("near", "markdown"), Cell("")]

    assert above(cells, 4) == (["# A", "near"], (2, 3))
    assert above(cells, 1) == (["far"], (0,))
    assert above(cells, 2) == ([], ())


def test_the_heading_and_the_last_lines_stay_when_room_is_short() -> None:
    lines = ["# Title", "first line of text", "second line of text", "third line of text"]

    assert shorten(lines, "#", 13, count) == ["# Title", "# third line of text"]


def test_a_cell_without_prose_of_its_own_is_told_the_heading_of_its_section() -> None:
    cells = [
        Cell("# Prices\n\nRead the table.\n\n## By shop", "markdown"),
        Cell("a = 1"),
        Cell("The mean first.", "markdown"),
        Cell("b = 2"),
        Cell(""),
    ]
    assert above(cells, 4) == (["## By shop"], (0,))
    assert above(cells, 3) == (["## By shop", "The mean first."], (0, 2))
    assert above(cells, 1)[0][-1] == "## By shop"
    assert above(cells[1:2], 1) == ([], ())
