"""The magics of one shell: read the words, send what they ask for, show the answer, keep it."""

# IPython's decorators and base classes carry no types.
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from llama_assist.client import Client
from llama_assist.connect import connect
from llama_assist.connect_local import LocalServer
from llama_assist.errors import ContextTooLongError
from llama_assist.kernel.answer import Answer, follow
from llama_assist.kernel.session import Session
from llama_assist.kernel.views import make_view
from llama_assist.magic import reports
from llama_assist.magic.compose import Composer, Memory, Order
from llama_assist.magic.options import LASTING, VERBS, Options, help_text, parse

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
        self._memory = Memory()
        self.session = Session(shell)

    def stop(self) -> None:
        """Listen no more, and end the server of this shell's own."""
        self.session.stop()
        if self._local is not None:
            self._local.stop()

    @no_var_expand
    @line_cell_magic(NAME)
    def llama(self, line: str, cell: str | None = None) -> None:
        """Ask the assistant; `%llama help` lists the tasks and options."""
        options = parse(line, is_cell=cell is not None)
        if options.task in VERBS:
            self._report(options)
        else:
            self._perform(self._with_lasting(options), "" if cell is None else cell)

    def _perform(self, options: Options, text: str) -> None:
        if options.new:
            self._memory.turns.clear()
        composer = Composer(options, self.session, text, self._memory)
        order = composer.order()
        client = self._connect()
        if composer.num_left_out and not options.no_context:
            print(f"The oldest {composer.num_left_out} cells were left out: together they are too much to send.")
        self.session.store(order.answer, LAST, *([options.to] if options.to else []))
        try:
            follow(_stream(client, order), order.answer, make_view(self._is_terminal))
        finally:
            self._remember(options, order)
        if order.inserts:
            self._insert(order.answer)

    def _remember(self, options: Options, order: Order) -> None:
        """Keep the turn of a conversation and the fix that was offered; a turn without an answer never was."""
        answer = order.answer
        if options.task == "chat" and answer.text.strip():
            self._memory.turns.append({"role": "assistant", "content": answer.text})
        elif options.task == "chat":
            self._memory.turns.pop()
        if order.source and answer.proposal:
            self._memory.offered.setdefault(order.source, []).append(answer.proposal)

    def _insert(self, answer: Answer) -> None:
        code = answer.cell_text
        if code:
            self.session.insert(code)
        elif answer.task not in ("fix", "next"):
            print("The answer has no code to put into a cell.")

    def _report(self, options: Options) -> None:
        match options.task:
            case "help":
                print(help_text())
            case "status":
                print(reports.described(self._connect().status()))
            case "model":
                self._change_model(options)
            case "config":
                self._configure(options)

    def _change_model(self, options: Options) -> None:
        client = self._connect()
        model = options.args[0] if options.args else ""
        print(
            reports.change_model(client, model, download=options.download)
            if model
            else reports.models(client.catalogue())
        )

    def _configure(self, options: Options) -> None:
        if options.reset:
            self._memory.lasting.clear()
        given = {name: getattr(options, name) for name in LASTING}
        self._memory.lasting |= {name: value for name, value in given.items() if value is not None}
        print(reports.lasting(self._memory.lasting, self._connect().url))

    def _with_lasting(self, options: Options) -> Options:
        """Return the options with the session's defaults where nothing is given."""
        for name, value in self._memory.lasting.items():
            if getattr(options, name) is None:
                setattr(options, name, value)
        return options

    def _connect(self) -> Client:
        return connect(os.environ, self._local.client if self._local is not None else None)


LlamaMagics.llama.__doc__ = help_text()


def _stream(client: Client, order: Order) -> Generator[dict[str, Any], None, None]:
    """Stream one body after the other; closing this closes the connection."""
    for number, (heading, body) in enumerate(order.bodies):
        if heading:
            yield _words("\n\n" * bool(number) + heading)
        if order.route == "chat":
            yield from _conversation(client, body)
        else:
            yield from (client.task if order.route == "task" else client.complete)(body)


def _conversation(client: Client, body: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
    """Stream the next turn; where the conversation is too long, its oldest turns are left out, which is told."""
    messages, left_out = body["messages"], 0
    while True:
        try:
            yield from client.chat(body | {"messages": messages[left_out:]})
        except ContextTooLongError:  # is said before the first piece
            if len(messages) - left_out <= 2:
                raise
            left_out += 2
            yield {"llama_assist": {"turns_left_out": left_out}}
        else:
            return


def _words(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}
