"""`{name}` in a question stands for a variable; every other brace of any text is left alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from llama_assist.kernel.paths import PATH, resolve

MAX_TEXT = 4_000  # characters of a value that is no text itself

# Neither what stands before a brace in LaTeX, shells and templates, nor what follows one in LaTeX.
_PLACE = re.compile(rf"(?<![A-Za-z0-9_\\$^%@#{{}}])(\{{(?P<braces>\{{)?)(?P<path>{PATH})\}}(?(braces)\}})(?![{{}}^_])")
_CODE = re.compile(
    r"^(?P<fence>`{3,}|~{3,}).*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)"  # a fenced block, the last perhaps open
    r"|(?P<ticks>`+)[^`\n]+(?P=ticks)"
    r"|\b(?:[fF][rR]?|[rR][fF])(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"  # an f-string
    r"|\$\$.+?\$\$|\$(?=\S)[^$\n]*?(?<=\S)\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\]"  # formulas
    r"|^(?: {4}|\t|>>> ?|[%!]).*?$",  # indented code, and lines that IPython runs
    re.MULTILINE | re.DOTALL,
)


def interpolate(text: str, namespace: Mapping[str, Any]) -> str:
    """Return `text` with the value in the place of each `{name}`, `{name.attribute}` and `{name[index]}`.

    Only names that exist count, nothing is called, and a value is not looked through again. `{{name}}` stands for
    `{name}`. Code, also in fences and backticks, f-strings and formulas stay as they are.
    """
    if is_code(text):
        return text
    pieces, position = [], 0
    for code in _CODE.finditer(text):
        pieces += [_filled(text, position, code.start(), namespace), code[0]]
        position = code.end()
    return "".join([*pieces, _filled(text, position, len(text), namespace)])


def is_code(text: str) -> bool:
    """Tell whether a text is Python: more than words, numbers and braces that parse by chance."""
    if not text.strip() or "\0" in text:
        return False
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(each, ast.Expr) or isinstance(each.value, ast.Call | ast.Await) for each in body)


def _filled(text: str, start: int, end: int, namespace: Mapping[str, Any]) -> str:
    """Return a part of the text with its places filled; what stands around the part counts as its surroundings."""
    pieces, position = [], start
    for place in _PLACE.finditer(text, start, end):
        pieces += [text[position : place.start()], _value(place, namespace)]
        position = place.end()
    return "".join([*pieces, text[position:end]])


def _value(place: re.Match[str], namespace: Mapping[str, Any]) -> str:
    try:
        value = resolve(place["path"], namespace)
        if place["braces"]:
            return f"{{{place['path']}}}"
        return value if isinstance(value, str) else _bounded(str(value))
    except Exception:  # the `__str__` of the user's objects may raise anything; such a brace is left alone
        return place[0]


def _bounded(text: str) -> str:
    left_out = len(text) - MAX_TEXT
    return text if left_out <= 0 else f"{text[:MAX_TEXT]}... ({left_out} more characters)"
