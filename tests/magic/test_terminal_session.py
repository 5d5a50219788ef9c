"""A terminal IPython, driven through a pseudo-terminal as a person would: rich text, Ctrl-C, and the next prompt."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from magic_kernel import ROOT
from sse_server import TOKEN, Script, SseServer, answer, delta, serve

pexpect = pytest.importorskip("pexpect", reason="pseudo-terminals need pexpect, and a system that has them")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")

TEXT = "Use **sum**, <b>as is</b>:\n\n```python\ntotal = sum(x)\n```\n"


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        state.script = Script(answer(*TEXT))
        yield state


@pytest.fixture
def terminal(server: SseServer, tmp_path: Path) -> Iterator[Terminal]:
    yield from session(server, tmp_path, "--simple-prompt")


@pytest.fixture
def full_terminal(server: SseServer, tmp_path: Path) -> Iterator[Terminal]:
    """IPython with its own line editor, which redraws the prompt at every key."""
    yield from session(server, tmp_path)


class Terminal:
    """IPython on a terminal of 100 columns."""

    def __init__(self, server: SseServer, folder: Path, *flags: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "NO_COLOR"))}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--no-banner", "--no-confirm-exit", *flags],
            env={
                **inherited,
                "PYTHONPATH": str(ROOT),
                "IPYTHONDIR": str(folder),
                "LLAMA_ASSIST_URL": server.url,
                "LLAMA_ASSIST_KEY": TOKEN,
                "PAGER": "cat",
                "TERM": "xterm-256color",
                "PROMPT_TOOLKIT_NO_CPR": "1",  # this terminal does not answer where its cursor is
            },
            dimensions=(40, 100),
            encoding="utf-8",
            timeout=60,
        )
        self.number = 1
        self.until_prompt()

    def run(self, *lines: str) -> str:
        """Type lines; return what was written until the next prompt."""
        for line in lines:
            self.child.send(f"{line}\r")
        self.number += 1
        return self.until_prompt()

    def until_prompt(self) -> str:
        colour = r"(?:\x1b\[[0-9;]*m)*"
        self.child.expect(rf"In \[{colour}{self.number}{colour}\]: ")
        return str(self.child.before)


def session(server: SseServer, folder: Path, *flags: str) -> Iterator[Terminal]:
    terminal = Terminal(server, folder, *flags)
    try:
        terminal.run("%load_ext llama_assist")
        yield terminal
    finally:
        terminal.child.close(force=True)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize("kind", ["terminal", "full_terminal"])
def test_an_answer_is_rich_text_with_highlighted_code(request: pytest.FixtureRequest, kind: str) -> None:
    written = request.getfixturevalue(kind).run("%llama ask --no-context How?")
    assert "\x1b[1msum" in written  # bold
    assert re.search(r"total = \x1b\[[0-9;]+msum", written)  # a colour of the code's own
    assert "Use sum, <b>as is</b>:" in plain(written)
    assert "tiny · 12 + 3 tokens" in plain(written)


def test_a_question_in_one_line_is_no_wish_for_help(terminal: Terminal, server: SseServer) -> None:
    terminal.run("%llama ask --no-context What's a list?")
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "What's a list?"}]
    assert "%%llama [TASK]" in plain(terminal.run("%llama?"))


def test_a_cell_is_asked_over_several_lines(terminal: Terminal, server: SseServer) -> None:
    terminal.run("x = [1, 2]")
    terminal.run("%%llama", "Where is x made?", "", "")
    assert server.requests[-1].body["question"] == "Where is x made?"


def test_ctrl_c_ends_the_answer_and_keeps_the_session(terminal: Terminal, server: SseServer) -> None:
    server.script = Script([delta("The answer begins")], hang=True)
    terminal.child.send("%llama ask --no-context A long story\r")
    terminal.child.expect_exact("The answer begins")
    terminal.child.sendintr()
    terminal.number += 1
    written = plain(terminal.until_prompt())
    assert server.closed.wait(60)
    assert "[Interrupted: the answer is incomplete." in written
    assert "Traceback" not in written
    assert "The answer begins" in terminal.run("print(_llama.text)")
