"""What commands write on a terminal, and what model text may not do there."""

from __future__ import annotations

import pytest

from llama_assist.cli.screen import Screen

Capture = pytest.CaptureFixture[str]


def test_a_stream_writes_each_piece_at_once(capsys: Capture) -> None:
    stream = Screen().stream()
    stream("[bold]one[/bold] ")
    assert capsys.readouterr().out == "[bold]one[/bold] "
    stream("two")
    assert capsys.readouterr().out == "two"


def test_an_escape_sequence_in_pieces_never_reaches_the_terminal(capsys: Capture) -> None:
    stream = Screen().stream()
    for piece in ("red: \x1b", "[31", "mhere\x07", "\x1b]0;title", "\x07 end"):
        stream(piece)
    assert capsys.readouterr().out == "red: here end"


def test_without_a_terminal_there_are_no_colours_and_no_wrapping(capsys: Capture) -> None:
    screen = Screen()
    screen.heading("Title")
    screen.code("def f(): pass")
    screen.note("1 s")
    screen.line("word " * 60)
    out = capsys.readouterr().out
    assert out == "\nTitle\n-----\ndef f(): pass\n[1 s]\n" + "word " * 60 + "\n"
