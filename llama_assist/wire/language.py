"""Which language a file is in, where a client says it in its own way or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from llama_assist.syntax import canonical

UNKNOWN = "text"
_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys((".py", ".pyi", ".ipynb", ".pyw"), "python"),
        **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
        **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
        **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".cu"), "cpp"),
        **dict.fromkeys((".sh", ".bash", ".zsh"), "bash"),
        **dict.fromkeys((".md", ".markdown"), "markdown"),
        ".tsx": "tsx",
        ".r": "r",
        ".jl": "julia",
        ".sql": "sql",
    }
)
_EDITOR_NAMES: Mapping[str, str] = MappingProxyType(
    {"javascriptreact": "javascript", "typescriptreact": "tsx", "shellscript": "bash", "jupyter": "python"}
)
# Lines that Python never has, and lines that others hardly have; a window cut out of a file still has its share.
_FOREIGN = re.compile(
    r"\s*(?://|/\*|</?\w|#include\b|package\s|use\s|(?:let|const|var|fn|func|function|local|public|private|struct)\s"
    r"|end\s*$|---\s*$|[\w-]+:\s*$|- \w)|.*(?:[;{]|\}[;,)]*|\bthen|\bdo|>)\s*$"
)
_PYTHON = re.compile(
    r"\s*(?:(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally)\b.*:\s*(?:#.*)?$"
    r"|import\s+[\w.]+(?:\s+as\s+\w+)?\s*$|from\s+[\w.]+\s+import\b|@\w|#\s|\"\"\"|.*\bself\.)"
)


def language_of(path: str, name: str, above: str) -> str:
    """Return our name of a file's language: from the client's `name`, else the `path`, else the text `above`.

    A file of which nothing is known is Python, unless its text is clearly something else: then no filter may
    judge it by Python's syntax.
    """
    if name:
        return canonical(_EDITOR_NAMES.get(name.lower(), name))
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    if suffix:
        return _SUFFIXES.get(suffix, UNKNOWN)
    return UNKNOWN if _is_foreign(above) else "python"


def _is_foreign(text: str) -> bool:
    lines = text.split("\n")[:-1]
    return sum(map(_votes, lines)) < 0


def _votes(line: str) -> int:
    if _PYTHON.match(line):
        return 1
    return -1 if _FOREIGN.match(line) else 0
