"""What commands write for people: colours on a terminal, the same words without them elsewhere."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from llama_assist.render import render_plain

if TYPE_CHECKING:
    from rich.console import Console


class Screen:
    """Writes to stdout. Model text goes through `stream`, which lets no control character pass."""

    def __init__(self) -> None:
        from rich.console import Console

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without a character must not end the answer
        self._console: Console = Console(highlight=False)

    def heading(self, text: str) -> None:
        """Write the title of a part."""
        self._out(f"\n{text}\n{'-' * len(text)}\n", "bold")

    def line(self, text: str = "") -> None:
        """Write a line of our own words."""
        self._out(text + "\n")

    def note(self, text: str) -> None:
        """Write a line beside the matter, such as times."""
        self._out(f"[{text}]\n", "dim")

    def code(self, source: str) -> None:
        """Write code, highlighted where there are colours."""
        if not self._console.is_terminal:
            self._out(source + "\n")
            return
        from rich.syntax import Syntax

        self._console.print(Syntax(source, "python", theme="ansi_dark", background_color="default", word_wrap=True))

    def plain(self, text: str, style: str = "") -> None:
        """Write text without a line end."""
        self._out(text, style)

    def stream(self, style: str = "green") -> Stream:
        """Return what writes one answer as it grows."""
        return Stream(self, style)

    def _out(self, text: str, style: str = "") -> None:
        self._console.out(text, end="", style=style or None, highlight=False)
        self._console.file.flush()


class Stream:
    """Writes the pieces of one answer, made plain as a whole, since an escape sequence may span pieces."""

    def __init__(self, screen: Screen, style: str) -> None:
        self._screen = screen
        self._style = style
        self._text = ""
        self._num_shown = 0

    def __call__(self, piece: str) -> None:
        """Write what the next piece adds."""
        self._text += piece
        plain = render_plain(self._text)
        self._screen.plain(plain[self._num_shown :], self._style)
        self._num_shown = len(plain)
