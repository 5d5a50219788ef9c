"""An error as a prompt shows it: the lines of the user's own code that it came through, then its last words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from llama_assist.context.numbered import fenced
from llama_assist.context.outline import outline
from llama_assist.syntax import canonical, cell_language, parse, sound
from llama_assist.types import Document, Failure, Variable, cell_number

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# IPython: `Cell In[3], line 2`, `File ~/a.py:12, in f(x)`, `Input In [3], in <cell line: 2>()`;
# Python: `File "a.py", line 2`
_FRAME = re.compile(r"^\s*(Cell In ?\[\d+\]|Input In ?\[\d+\]|File )(.*)$")
_ARROW = re.compile(r"^-+> *\d+ (.*)$")
_FOREIGN = re.compile(r"site-packages|dist-packages|[/\\]lib[/\\]python\d|<frozen |lib[/\\]python3|\(most recent call")
_NAMES = re.compile(r"(?<![\w.'\"])[^\W\d]\w*")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_MAX_VALUE = 300
_MAX_FRAMES = 4
_MAX_COLUMNS = 24


def failure_text(failure: Failure, variables: Iterable[Variable] = ()) -> str:
    """Return the error in a few lines: at most four frames of the user's own code, and what it says.

    Where a key is missing, the columns that there are stand below.
    """
    frames = [*_frames(failure.traceback)][-_MAX_FRAMES:]
    lines = [f"In the line: {line}" for line in dict.fromkeys(frames) if line]
    keys = _keys(variables) if failure.name == "KeyError" else []
    return sound(fenced("\n".join([*lines, _last_words(failure), *keys]), ""))


def known_cause(failure: Failure, document: Document) -> str:
    """Return the sentence that says why a cell failed where the notebook tells for certain, else an empty text."""
    missing = failure.value.strip().strip("'\"")
    if failure.name == "KeyError":
        frames = [
            variable for variable in document.variables if variable.columns and _has_word(variable.name, document)
        ]
        columns = [name for variable in frames for name, _ in variable.columns]
        if len(frames) == 1 and missing and missing not in columns:
            known = ", ".join(f"`{name}`" for name in columns[:_MAX_COLUMNS])
            return f"There is no column `{missing}`. The columns of `{frames[0].name}` are {known}."
    found = _UNDEFINED.match(failure.value) if failure.name == "NameError" else None
    if found is not None:
        return _undefined(found[1], document)
    return ""


def _undefined(name: str, document: Document) -> str:
    language = canonical(document.language)
    for index, cell in enumerate(document.cells):
        if index == document.cell or cell.type != "code" or cell_language(cell.source, language) != language:
            continue
        if name in outline(parse(cell.source, language)).definitions:
            when = "stands below this cell" if index > document.cell else "has not run"
            number = cell_number(index)
            return f"`{name}` is defined in cell {number}, which {when}: run cell {number} first."
    return f"No cell of the notebook defines `{name}`."


def _has_word(name: str, document: Document) -> bool:
    source = document.cells[document.cell].source
    return re.search(rf"(?<![\w.]){re.escape(name)}\b", source) is not None


def failing_lines(failure: Failure, source: str) -> list[int]:
    """Return the indices of the lines of `source` that the error came through, as far as the traceback tells them."""
    lines = [line.strip() for line in source.splitlines()]
    return [lines.index(frame) for frame in _frames(failure.traceback) if lines.count(frame) == 1]


def failure_names(failure: Failure) -> list[str]:
    """Return the identifiers in the failing lines and in the message."""
    text = "\n".join([*_frames(failure.traceback), failure.value])
    return list(dict.fromkeys(_NAMES.findall(text)))


def _keys(variables: Iterable[Variable]) -> list[str]:
    return [
        f"The columns of {variable.name} are: {', '.join(repr(name) for name, _ in variable.columns[:_MAX_COLUMNS])}"
        for variable in variables
        if variable.columns
    ]


def _last_words(failure: Failure) -> str:
    value = " ".join(failure.value.split())
    if len(value) > _MAX_VALUE:
        value = f"{value[: _MAX_VALUE * 2 // 3]} ... {value[-(_MAX_VALUE // 3) :]}"
    return f"{failure.name}: {value}".removesuffix(": ")


def _frames(traceback: str) -> Iterator[str]:
    """Yield the source line of each frame of the user's own code."""
    is_own, is_plain = False, False
    for line in _COLOURS.sub("", traceback).splitlines():
        header = _FRAME.match(line)
        if header is not None:
            is_own = _FOREIGN.search(header[2]) is None
            is_plain = header[2].lstrip().startswith('"')
            continue
        arrow = _ARROW.match(line)
        if arrow is not None and is_own:
            yield arrow[1].strip()
        elif is_plain and is_own and line.startswith("    ") and line.strip(" ^~"):
            yield line.strip()
            is_plain = False
