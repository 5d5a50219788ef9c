"""The `%llama` and `%%llama` magics: a question in a cell, its answer in the cell's output."""

# IPython's decorators and base classes carry no types.
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from llama_assist.client import Client
from llama_assist.connect import connect
from llama_assist.connect_local import LocalServer
from llama_assist.magic_answer import Answer, NotebookView, TerminalView, View, follow
from llama_assist.magic_history import read_history

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAME = "llama"
LAST = "_llama"


@magics_class
class LlamaMagics(Magics):
    """The magics of one shell, and the server that it started for itself, if it did."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._is_terminal = any(base.__name__ == "TerminalInteractiveShell" for base in type(shell).__mro__)
        self._local = LocalServer(print) if self._is_terminal else None

    def stop(self) -> None:
        """End the server of this shell's own."""
        if self._local is not None:
            self._local.stop()

    @no_var_expand
    @magic_arguments("%llama")
    @argument("task", nargs="?", default="ask", choices=["ask"], help="What to do with the cell's text.")
    @argument("--to", metavar="NAME", help="Also store the answer in this variable; `_llama` always holds the last.")
    @argument("--raw", action="store_true", help="Continue the text as it is, without chat template and context.")
    @argument("--no-context", action="store_true", help="Do not send the cells that were run before.")
    @argument("--max-tokens", type=int, metavar="N", help="Most tokens of the answer.")
    @argument("--temperature", type=float, metavar="T", help="0 always takes the likeliest token; 1 varies freely.")
    @argument("--seed", type=int, metavar="N", help="The same seed and question give the same answer.")
    @cell_magic(NAME)
    def ask(self, line: str, cell: str) -> None:
        """Answer the text of the cell, with the cells that were run before as context.

        The answer streams into the output. Interrupt the kernel to stop the model; what it had written
        stays. `_llama` holds the answer: `_llama.text`, `_llama.code`, `_llama.usage`.
        """
        options = parse_argstring(self.ask, line)
        _check(options, cell)
        client = self._connect()
        body = self._body(options, cell)
        answer = Answer(prompt_sha256=hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest())
        self._store(answer, options.to)
        post = client.complete if options.raw else client.chat
        follow(post(body), answer, self._view())

    @no_var_expand
    @magic_arguments("llama")
    @argument("verb", nargs="?", default="help", choices=["help", "status"], help="What to show.")
    @line_magic(NAME)
    def show(self, line: str) -> None:
        """Show how to ask the assistant, or the state that it is in."""
        if parse_argstring(self.show, line).verb == "help":
            print(self.ask.__doc__.removeprefix("::\n\n"))
        else:
            print(_describe(self._connect().status()))

    def _connect(self) -> Client:
        return connect(os.environ, self._local.client if self._local is not None else None)

    def _body(self, options: argparse.Namespace, cell: str) -> dict[str, object]:
        sampling = {name: getattr(options, name) for name in ("max_tokens", "temperature", "seed")}
        body: dict[str, object] = {name: value for name, value in sampling.items() if value is not None}
        if options.raw:
            return {**body, "prompt": cell.removesuffix("\n"), "raw": True}
        body["messages"] = [{"role": "user", "content": cell.strip()}]
        if not options.no_context:
            body["document"] = self._document()
        return body

    def _document(self) -> dict[str, object]:
        history = read_history(self.shell.history_manager.input_hist_raw)
        if history.num_left_out:
            print(f"The oldest {history.num_left_out} cells were left out: together they are too much to send.")
        return history.document(os.environ.get("JPY_SESSION_NAME", ""))

    def _store(self, answer: Answer, name: str | None) -> None:
        self.shell.push({LAST: answer}, interactive=False)
        if name is not None:
            self.shell.push({name: answer})

    def _view(self) -> View:
        return TerminalView() if self._is_terminal else NotebookView()


def register(ipython: InteractiveShell) -> None:
    """Give the shell its `%llama` and `%%llama`."""
    ipython.register_magics(LlamaMagics(ipython))


def unregister(ipython: InteractiveShell) -> None:
    """Take the magics back and end the server that they started; without `register` before, do nothing."""
    manager = ipython.magics_manager
    magics = manager.registry.pop(LlamaMagics.__name__, None)
    if magics is not None:
        magics.stop()
        for kind in ("line", "cell"):
            manager.magics[kind].pop(NAME, None)


def _check(options: argparse.Namespace, cell: str) -> None:
    if not cell.strip():
        raise UsageError("Write the question in the lines below %%llama.")
    if options.to is not None and not options.to.isidentifier():
        raise UsageError(f"--to needs the name of a variable, and {options.to!r} is none.")


def _describe(status: Mapping[str, Any]) -> str:
    """Return the plain fields of a status, a line each, longest name first in width."""
    fields = {name: value for name, value in status.items() if isinstance(value, str | int | float) and value != ""}
    width = max(map(len, fields), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in fields.items())
