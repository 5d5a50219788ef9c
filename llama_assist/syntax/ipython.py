"""IPython's own syntax made into Python of the same length: magics, shell escapes, help marks, cell magics."""

from __future__ import annotations

import re
from types import MappingProxyType

from llama_assist.syntax.languages import canonical

_CELL_MAGIC = re.compile(r"\s*%%(\w+)([^\n]*)")
_CELL_MAGIC_LINE = re.compile(rb"\s*(%%[^\n]*)")
_MAGIC_LANGUAGES = MappingProxyType(
    {name: name for name in ("bash", "html", "javascript", "julia", "latex", "markdown", "perl", "r", "ruby", "sql")}
    | {"sh": "bash", "shell": "bash", "cmd": "text", "system": "bash", "js": "javascript", "svg": "html"}
    | {"bigquery": "sql", "duckdb": "sql", "sparksql": "sql", "cpp": "cpp", "cu": "cpp", "cuda": "cpp"}
    | {"typescript": "typescript", "ai": "text", "llama": "text"}
)
_SUFFIX_LANGUAGES = MappingProxyType(
    {"py": "python", "r": "r", "jl": "julia", "js": "javascript", "ts": "typescript", "tsx": "tsx", "sql": "sql"}
    | {"sh": "bash", "c": "cpp", "cpp": "cpp", "h": "cpp", "hpp": "cpp", "md": "markdown"}
)

_CANDIDATE = re.compile(rb"^[ \t]*[%!?]|\?[ \t]*(?:#.*)?$|=[ \t]*[%!](?!=)", re.MULTILINE)
_CONTINUED = rb"(?:[^\n\\]|\\[\s\S])*"
_CODE_MAGIC = re.compile(rb"[ \t]*(%(?:time|timeit|prun|memit)\b(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+)(?=[^\s-])")
_UNINDENTED = re.compile(rb"%%?[A-Za-z]|!(?!=)")
_LINE_MAGIC = re.compile(rb"[ \t]*((?:%%?(?=\w)|!)" + _CONTINUED + rb")")
_ASSIGNED = re.compile(rb"[\w., \t\[\]\"']+=[ \t]*((?:%(?=\w)|!(?!=))" + _CONTINUED + rb")")
_HELP_BEFORE = re.compile(rb"[ \t]*(\?\??)(?=[\w%])")
_HELP_AFTER = re.compile(rb"[ \t]*[\w.*\[\]\"']+(\?\??)(?=[ \t]*(?:#[^\n]*)?(?:\n|\Z))")
_LEXEME = re.compile(
    rb"'''(?:[^\\]|\\[\s\S])*?(?:'''|\Z)|\"\"\"(?:[^\\]|\\[\s\S])*?(?:\"\"\"|\Z)"
    rb"|'(?:[^'\\\n]|\\[\s\S])*'?|\"(?:[^\"\\\n]|\\[\s\S])*\"?"
    rb"|#[^\n]*|\\\n|[()\[\]{}\n]"
)


def cell_language(source: str, default: str) -> str:
    """Return the language of a cell: that of its `%%magic` where it names one, else `default` by its usual name."""
    language = canonical(default)
    found = _CELL_MAGIC.match(source) if language == "python" else None
    if found is None:
        return language
    name, rest = found[1].lower(), found[2].split()
    if name == "script":
        command = next((word for word in rest if not word.startswith("-")), "")
        return canonical(re.sub(r"[\d.]+$", "", command.rsplit("/", 1)[-1]))
    if name in ("writefile", "file"):
        suffix = rest[-1].rsplit(".", 1)[-1].lower() if rest else ""
        return _SUFFIX_LANGUAGES.get(suffix, "text")
    return _MAGIC_LANGUAGES.get(name, language)


def neutralise(data: bytes, language: str) -> bytes:
    """Return `data` with IPython's syntax replaced by neutral bytes; every other byte stays where it is."""
    if language == "python":
        return _neutralise_python(data) if _CANDIDATE.search(data) else data
    found = _CELL_MAGIC_LINE.match(data)
    return data if found is None else data[: found.start(1)] + b" " * len(found[1]) + data[found.end(1) :]


def _neutralise_python(data: bytes) -> bytes:
    out = bytearray(data)
    position, depth = 0, 0
    while position < len(data):
        found = _magic_at(data, position, depth)
        if found is None:
            position, depth = _next_line(data, position, depth)
            continue
        start, end, text = found
        out[start:end] = text
        position, depth = _next_line(data, end, depth)
    return bytes(out)


def _magic_at(data: bytes, position: int, depth: int) -> tuple[int, int, bytes] | None:
    """Return (start, end, replacement) of IPython syntax on the line at `position`.

    Inside brackets only an unindented `%name` or `!` counts: there a bracket was left open above.
    """
    if depth > 0 and _UNINDENTED.match(data, position) is None:
        return None
    if (found := _CODE_MAGIC.match(data, position)) is not None:
        return *found.span(1), b"0" + b" " * (len(found[1]) - 2) + b";"
    if (found := _HELP_BEFORE.match(data, position)) is not None:
        return *found.span(1), b"+" * len(found[1])
    if (found := _HELP_AFTER.match(data, position)) is not None:
        return *found.span(1), b" " * len(found[1])
    if (found := _LINE_MAGIC.match(data, position) or _ASSIGNED.match(data, position)) is not None:
        return *found.span(1), b"0" + re.sub(rb"[^\n]", b" ", found[1][1:])
    return None


def _next_line(data: bytes, position: int, depth: int) -> tuple[int, int]:
    """Return the start of the next line that is not inside a string, and the bracket depth there."""
    while (found := _LEXEME.search(data, position)) is not None:
        position, lexeme = found.end(), found[0]
        if lexeme == b"\n":
            return position, depth
        if lexeme in b"([{":
            depth += 1
        elif lexeme in b")]}":
            depth = max(0, depth - 1)
    return len(data), depth
