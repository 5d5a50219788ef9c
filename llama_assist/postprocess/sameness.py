"""Whether two pieces of code are the same but for comments, docstrings, blank lines and trailing space."""

from __future__ import annotations

import ast
import warnings

from llama_assist.syntax import Parsed, canonical, decode, parse, walk

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def plain_lines(code: str, language: str) -> list[str]:
    """Return the lines that are neither blank nor comments, without comments and trailing space."""
    parsed = parse(code, language)
    return [line.rstrip() for line in _without_comments(parsed).splitlines() if line.strip()]


def is_same(code: str, other: str, language: str) -> bool:
    """Tell whether two texts differ in nothing but comments, blank lines and trailing space."""
    return plain_lines(code, language) == plain_lines(other, language)


def begins_as(code: str, beginning: str, language: str) -> bool:
    """Tell whether the lines of `code` begin with all lines of `beginning`, comments and layout aside."""
    lines = plain_lines(beginning, language)
    return plain_lines(code, language)[: len(lines)] == lines


def may_become(unfinished: str, whole: str, language: str) -> bool:
    """Tell whether a text that begins so can still begin with `whole`, or be it; its last line may be unfinished."""
    complete = plain_lines(unfinished[: unfinished.rfind("\n") + 1], language)
    lines = plain_lines(whole, language)
    common = min(len(complete), len(lines))
    return complete[:common] == lines[:common]


def changes_code(before: str, after: str, language: str) -> bool:
    """Tell whether more than comments, docstrings and layout differ; docstrings are known in Python only."""
    if canonical(language) != "python":
        return not is_same(before, after, language)
    old, new = parse(before, language), parse(after, language)
    if _magics(old) != _magics(new):
        return True
    try:
        return _shape(old) != _shape(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not is_same(before, after, language)


def _without_comments(parsed: Parsed) -> str:
    if parsed.tree is None:
        return parsed.source
    spans = [node.byte_range for node in walk(parsed.tree.root_node) if "comment" in node.type]
    kept, position = [], 0
    for start, end in spans:
        if start >= position:
            kept.append(parsed.raw[position:start])
            position = end
    return decode(b"".join([*kept, parsed.raw[position:]]))


def _magics(parsed: Parsed) -> list[bytes]:
    """Return the lines that hold syntax of IPython, which is no Python."""
    pairs = zip(parsed.raw.splitlines(), parsed.data.splitlines(), strict=False)
    return [line.strip() for line, neutral in pairs if line != neutral]


def _shape(parsed: Parsed) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in the user's strings, which are not ours to judge
        tree = ast.parse(decode(parsed.data))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree)
