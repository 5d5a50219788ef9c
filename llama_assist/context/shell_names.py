"""The names that IPython itself makes known: its own, and those that a cell's magics make."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SHELL_NAMES = frozenset(
    [
        "display",
        "get_ipython",
        "exit",
        "quit",
        "In",
        "Out",
        "_",
        "__",
        "___",
        "_i",
        "_ii",
        "_iii",
        "_ih",
        "_oh",
        "_dh",
        "__file__",
    ]
)
_MAGIC = re.compile(r"^[ \t]*(?:[\w, \t]+=[ \t]*)?%%?(?P<name>\w+)(?P<rest>[^\n]*)", re.MULTILINE)
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_OPEN = frozenset({"run", "pylab", "store", "load", "loadpy", "rerun", "recall", "macro", "edit", "cython"})
_EXTENSION = ("load_ext", "reload_ext")
_NAMELESS = frozenset(  # extensions that bring magics and no names
    {"autoreload", "cython", "dotenv", "line_profiler", "memory_profiler", "rpy2.ipython", "sql", "tensorboard"}
)


@dataclass(frozen=True, slots=True)
class Made:
    """`names` that magics may make; with `is_open` there may be any others."""

    names: frozenset[str]
    is_open: bool


def made_by_magics(sources: Iterable[str]) -> Made:
    """Return what the magics of some cells make known: any word beside a magic may be the name of a result."""
    lines = [found for source in sources if "%" in source for found in _MAGIC.finditer(source)]
    names = frozenset(name for found in lines for name in _NAME.findall(found["rest"]))
    return Made(names, any(map(_is_open, lines)))


def _is_open(line: re.Match[str]) -> bool:
    if line["name"] in _EXTENSION:
        return line["rest"].strip().lower() not in _NAMELESS
    return line["name"] in _OPEN
