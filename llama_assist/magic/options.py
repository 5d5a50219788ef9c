"""The words behind `%llama` and `%%llama`: tasks, arguments and options, and what is said of a wrong one."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from IPython.core.error import UsageError

MAX_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """What a word does; `form` is how it is written, `wire` its name on the wire where it is a task of the server."""

    help: str
    form: str
    wire: str = ""


TASKS: Mapping[str, Task] = {
    "ask": Task("answer from the cells that ran", "%%llama [ask], question below; or %llama ask QUESTION"),
    "chat": Task("the same as a conversation that goes on", "%%llama chat [--new], your turn below"),
    "explain": Task("say what code does", "%llama explain [CELLS | NAME ...]", "explain"),
    "fix": Task("correct the cell that failed last, in a new cell", "%llama fix [CELL]", "fix"),
    "complete": Task("go on with the code below", "%%llama complete, code below"),
    "doc": Task("write docstrings and comments", "%llama doc [CELLS | NAME ...]", "document"),
    "test": Task("write a few assertions", "%llama test [CELLS | NAME ...]", "test"),
    "refactor": Task("write the same more clearly", "%llama refactor [CELLS | NAME ...]", "refactor"),
    "next": Task("write the next cell", "%llama next [WISH]", "next"),
    "summarize": Task(
        "say what is in the cells, a file or a text", "%llama summarize [CELLS | NAME | FILE]", "summarize"
    ),
    "translate": Task("translate comments, Markdown or text", "%llama translate LANGUAGE [CELLS | NAME]", "translate"),
    "help": Task("show this", "%llama help"),
    "status": Task("show the state of the model", "%llama status"),
    "model": Task("show the models, or change to one", "%llama model [ID] [--download]"),
    "config": Task("show or set what holds for this session", "%llama config [--max-tokens N ...] [--reset]"),
}
VERBS = ("help", "status", "model", "config")
_QUESTIONS = ("ask", "chat", "next")  # what stands behind these is text
_QUOTED = re.compile(r"""(?:"[^"]*"|'[^']*')(?!\S)""")
_WORD = re.compile(rf"{_QUOTED.pattern}|\S+")
LASTING = ("max_tokens", "temperature", "seed", "model", "no_context")


class Options(argparse.Namespace):
    """The words, read. `args` are those behind the task; `line` tells whether they stood behind a single `%`."""

    task: str
    args: list[str]
    to: str | None
    code: bool
    raw: bool
    no_context: bool
    cells: tuple[range, ...] | None
    vars: list[str] | None
    values: bool
    max_tokens: int | None
    temperature: float | None
    seed: int | None
    model: str | None
    new: bool
    reset: bool
    download: bool


def parse(line: str, *, is_cell: bool) -> Options:
    """Read the words; raise `UsageError` with one line that shows the right form."""
    words = split(line)
    task = next((word for word in words if not word.startswith("-")), None)
    parser = make_parser()
    parser.task = task if task in TASKS else None
    options = parser.parse_intermixed_args(words, Options())
    if options.task is None:
        options.task = "ask" if is_cell else "help"
    _check(options, parser)
    return options


def split(line: str) -> list[str]:
    """Return the words of a line. Quotes around a word may hold blanks; those of a question are part of its text."""
    words = _WORD.findall(line)
    is_question = next((word for word in words if not word.startswith("-")), "ask") in _QUESTIONS
    before = ["-", *words]
    return [
        word[1:-1] if _QUOTED.fullmatch(word) and (previous[0] == "-" or not is_question) else word
        for previous, word in zip(before, words, strict=False)
    ]


def cell_ranges(text: str) -> tuple[range, ...]:
    """Return the ranges of numbers in `2,4-6`; raise `ValueError` where there is anything else."""
    found = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        numbers = range(_number(first), _number(last if dash else first) + 1)
        if not numbers:
            raise ValueError(part)
        found.append(numbers)
    return tuple(found)


def is_numbers(text: str) -> bool:
    """Tell whether a word names cells by their numbers."""
    try:
        return bool(cell_ranges(text))
    except ValueError:
        return False


def wrong(task: str, problem: str) -> UsageError:
    """Return the error that names a problem and shows the right form."""
    return UsageError(f"{problem} Write: {TASKS[task].form}")


def make_parser() -> Parser:
    """Return the parser of both magics."""
    parser = Parser(prog="llama", add_help=False, allow_abbrev=False)
    parser.add_argument("task", nargs="?", type=_task, metavar="TASK")
    parser.add_argument("args", nargs="*")
    _add_settings(parser)
    _add_context(parser)
    parser.add_argument("--new", action="store_true", help="Begin a new conversation (chat).")
    parser.add_argument("--reset", action="store_true", help="Forget what was set for this session (config).")
    parser.add_argument("--download", action="store_true", help="Fetch the weights where they are missing (model).")
    return parser


def help_text() -> str:
    """Return what `%llama help` shows, which is the magics' docstring too."""
    tasks = [(name, f"{task.help}: {task.form}") for name, task in TASKS.items()]
    options = [
        (" ".join((*action.option_strings, str(action.metavar or ""))).strip(), str(action.help))
        for action in make_parser()._actions
        if action.option_strings
    ]
    return f"{_INTRODUCTION}\nTasks:\n{_table(tasks)}\n\nOptions:\n{_table(options)}\n"


_INTRODUCTION = """%%llama [TASK] [options] takes the text below it: a question, code, or a wish where CELLS or a
NAME say which code is meant. %llama TASK [options] has no text below; where it names no code it is
about the cell that ran last.

CELLS are numbers in brackets, as in 3 or 2,4-6: `3` is the cell with [3] beside it. Jupyter counts
cells from 1 in the order in which they ran, and a cell that runs again gets a new number. They are
not places in the notebook, which a kernel does not know; only the cells of a notebook FILE count
from its top. Answers name cells by the same numbers. NAME is something that a cell defines.

The answer streams into the output. Interrupt the kernel to stop the model; what it had written
stays. `_llama` holds the answer: `_llama.text`, `_llama.code`, `_llama.usage`. In a question,
{name}, {name.attribute} and {name[0]} stand for what your variable holds; {{name}} keeps the
braces. Nothing that the model writes is ever run.
"""


def _table(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in rows)


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` in one line, with the form of the task that is meant."""

    task: str | None = None

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        form = TASKS[self.task].form if self.task else "%%llama [TASK] [options], or see %llama help"
        raise UsageError(f"{message}. Write: {form}")


def _add_settings(parser: Parser) -> None:
    add = parser.add_argument
    add("--to", metavar="NAME", help="Also store the answer in this variable; `_llama` always holds the last.")
    add("--code", action="store_true", help="Put the code of the answer into a new cell below, unrun.")
    add("--raw", action="store_true", help="Continue the text as it is, without chat template and context.")
    add("--max-tokens", type=_within(1, MAX_NUMBER), metavar="N", help="Most tokens of the answer.")
    add("--temperature", type=_temperature, metavar="T", help="0 always takes the likeliest token; 1 varies freely.")
    add("--seed", type=int, metavar="N", help="The same seed and question give the same answer.")
    add("--model", metavar="ID", help="Refuse to answer with another model; `%llama model ID` changes it.")


def _add_context(parser: Parser) -> None:
    add = parser.add_argument
    add("--no-context", action="store_true", default=None, help="Do not send the cells that were run before.")
    add("--cells", type=_cells, metavar="CELLS", help="Send these cells only, as in 2,4-6.")
    add("--vars", type=_names, metavar="NAMES", help="Send type, shape and columns of these variables: df,model.")
    add("--values", action="store_true", help="Send the values of those variables too, shortened.")


def _check(options: Options, parser: Parser) -> None:
    if options.to is not None and not options.to.isidentifier():
        raise UsageError(f"--to needs the name of a variable, and {options.to!r} is none.")
    if options.values and not options.vars:
        raise UsageError("--values needs --vars, which names the variables. Write: --vars df,model --values")
    if options.raw and options.task != "ask":
        raise UsageError(f"--raw continues a text and goes with no task, not with {options.task}. Write: %%llama --raw")
    for flag, task in (("new", "chat"), ("reset", "config"), ("download", "model")):
        if getattr(options, flag) and options.task != task:
            raise wrong(task, f"--{flag} belongs to {task}.")
    if options.task in ("help", "status", "config") and options.args:
        parser.error(f"{options.task} takes no `{options.args[0]}`")


def _task(word: str) -> str:
    if word in TASKS:
        return word
    near = difflib.get_close_matches(word, TASKS, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(TASKS)}"
    raise argparse.ArgumentTypeError(f"{word!r} is no task; {hint}")


def _number(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal()) or not 1 <= int(text) <= MAX_NUMBER:
        raise ValueError(text)
    return int(text)


def _cells(text: str) -> tuple[range, ...]:
    try:
        return cell_ranges(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are no cells; write them as in 2,4-6") from None


def _names(text: str) -> Sequence[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or not all(name.isidentifier() for name in names):
        raise argparse.ArgumentTypeError(f"{text!r} are no names of variables; write them as in df,model")
    return names


def _within(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} on")
        return int(text)

    return read


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 2:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 2")
    return value
