"""The places where an answer is shown while it is streamed: a notebook's output, a terminal, a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython.display import display
from markdown_it import MarkdownIt

from llama_assist.kernel.answer import Answer, View
from llama_assist.render import render_plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Clock = Callable[[], float]


class NotebookView:
    """One output, updated in place at most 20 times a second and less often where rendering is slow."""

    MIN_INTERVAL = 0.05
    # Of the two cores of a small machine, the model needs more than the picture of its answer does.
    MAX_LOAD = 0.2

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._next = clock()
        self._handle = display({"text/plain": "..."}, raw=True, display_id=True)

    def update(self, answer: Answer) -> None:
        start = self._clock()
        if start >= self._next:
            self.finish(answer)
            cost = self._clock() - start
            self._next = start + max(self.MIN_INTERVAL, cost / self.MAX_LOAD)

    def finish(self, answer: Answer) -> None:
        bundle, metadata = answer._repr_mimebundle_()
        self._handle.update(bundle, raw=True, metadata=metadata)


class PlainView:
    """Plain text that grows at its end; `write` gets each new piece. For a terminal that is a pipe."""

    def __init__(self, write: Callable[[str], None] = lambda piece: print(piece, end="", flush=True)) -> None:
        self._write = write
        self._length = 0

    def update(self, answer: Answer) -> None:
        text = render_plain(answer.shown)
        self._write(text[self._length :])
        self._length = max(self._length, len(text))

    def finish(self, answer: Answer) -> None:
        self.update(answer)
        self._write(f"\n[{answer.footer}]\n" if answer.footer else "\n")


class RichView:
    """Markdown with colours in a terminal: each block is printed when it is whole, the last one is redrawn."""

    INTERVAL = 0.1

    def __init__(self, console: Console | None = None, clock: Clock = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        self._clock = clock
        self._next = clock()
        self._num_printed = 0  # lines
        self._console = Console(highlight=False) if console is None else console
        self._live = Live(Text("..."), console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def update(self, answer: Answer) -> None:
        if self._clock() < self._next:
            return
        lines = self._lines(answer)
        start = _last_block(lines)
        if start > 0:
            self._console.print(_markdown("\n".join(lines[:start])))
            self._num_printed += start
        self._live.update(_markdown("\n".join(lines[start:])), refresh=True)
        self._next = self._clock() + self.INTERVAL

    def finish(self, answer: Answer) -> None:
        from rich.text import Text

        self._live.stop()
        lines = self._lines(answer)
        self._num_printed += len(lines)
        if any(map(str.strip, lines)):
            self._console.print(_markdown("\n".join(lines)))
        if answer.footer:
            self._console.print(Text(f"[{render_plain(answer.footer)}]", style="dim"))

    def _lines(self, answer: Answer) -> list[str]:
        return render_plain(answer.shown).split("\n")[self._num_printed :]


def make_view(is_terminal: bool) -> View:
    """Return what shows answers here."""
    if not is_terminal:
        return NotebookView()
    return RichView() if sys.stdout.isatty() else PlainView()


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _last_block(lines: list[str]) -> int:
    """Return the line where the last block begins: the ones before it are whole."""
    starts = [token.map[0] for token in _parser().parse("\n".join(lines)) if token.level == 0 and token.map]
    return starts[-1] if starts else 0


def _markdown(text: str) -> RenderableType:
    """Return Markdown with the address of each link in plain sight, and HTML as the text that it is."""
    from rich.markdown import Markdown

    shown = Markdown("", hyperlinks=False, code_theme="ansi_dark", inline_code_lexer="python")
    shown.markup, shown.parsed = text, _parser().parse(text)
    return shown
