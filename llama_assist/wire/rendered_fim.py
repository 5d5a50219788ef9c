"""Prompts that a client has written for fill-in-the-middle by itself, read back into the texts around the cursor.

Many clients choose a template by the model's name, and some choose a wrong one. Whatever they chose, the marks are
plain text here: the texts between them are taken out, and the model's own template is put around them later. So no
text from outside ever becomes a special token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file; the path may be unknown."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What stood between the marks: the file around the cursor, and pieces of others."""

    prefix: str
    suffix: str
    path: str = ""
    snippets: tuple[Snippet, ...] = ()


# Marks of prefix, suffix and middle. A client's prompt has prefix, suffix, middle or suffix, prefix, middle.
_MARKS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen, CodeGemma, Granite 3
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder, Stable Code, Granite; Continue's default
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),  # DeepSeek-Coder
    ("<PRE> ", " <SUF>", " <MID>"),  # Code Llama; Twinny's default, with one more blank before the suffix
    ("[PREFIX]", "[SUFFIX]", ""),  # Codestral: only suffix first, and no mark of the middle
)
_SEPARATOR = re.compile(r"<\|file_sep\|>|<\|file_separator\|>|<file_sep>")
_REPOSITORY = re.compile(r"\A(?:<\|repo_name\|>|<repo_name>|<reponame>)[^\n]*\n?")
_PATH = re.compile(r"[^\n]{0,200}\.\w{1,10}")


def read_rendered(prompt: str) -> Rendered | None:
    """Return the texts around the cursor, or None where `prompt` is no such prompt.

    Where a mark stands several times, because the text that is edited has it too, the outermost ones count.
    """
    for marks in _MARKS:
        found = _suffix_last(prompt, *marks) or _suffix_first(prompt, *marks)
        if found is not None:
            return found
    if _REPOSITORY.match(prompt) or _SEPARATOR.match(prompt):
        *others, (path, text) = _files(prompt)
        return Rendered(text, "", path, _snippets(others))
    return None


def _suffix_last(prompt: str, before: str, after: str, middle: str) -> Rendered | None:
    start, end = prompt.find(before), len(prompt) - len(middle)
    cut = prompt.rfind(after, start + len(before))
    if not middle or min(start, cut) < 0 or not prompt.endswith(middle):
        return None
    suffix = prompt[cut + len(after) : end]
    if before == "<PRE> ":
        suffix = suffix.removeprefix(" ")
    return _rendered(prompt[:start], prompt[start + len(before) : cut], suffix)


def _suffix_first(prompt: str, before: str, after: str, middle: str) -> Rendered | None:
    start, end = prompt.find(after), len(prompt) - len(middle)
    cut = prompt.find(before, start + len(after))
    if min(start, cut) < 0 or not prompt.endswith(middle) or (start > 0 and not middle):
        return None
    return _rendered(prompt[:start], prompt[cut + len(before) : end], prompt[start + len(after) : cut])


def _rendered(head: str, prefix: str, suffix: str) -> Rendered:
    files = list(_files(head))
    path = ""
    if files and not files[-1][1].strip():
        path = files.pop()[0]
    return Rendered(prefix, suffix, path, _snippets(files))


def _files(text: str) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the files in front of a prompt; a first line that looks like a path is one."""
    first, *rest = _SEPARATOR.split(_REPOSITORY.sub("", text))
    if first.strip():
        yield "", first
    for piece in rest:
        line, newline, below = piece.partition("\n")
        yield (line, below) if _PATH.fullmatch(line) else ("", line + newline + below)


def _snippets(files: list[tuple[str, str]]) -> tuple[Snippet, ...]:
    return tuple(Snippet(text, path) for path, text in files if text.strip())
