"""The words by which text and code are found: parts of identifiers, stems, pairs of characters that no space parts.

A term that begins with `^` is the beginning of a long word: it joins the forms of one word in most languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_BORDER = re.compile(r"_+|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBERED = re.compile(r"([^\W\d_]{3,})\d+$")
_SUFFIXES = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
_LEAST_STEM = 3
_BEGINNING = 6


def terms(text: str) -> list[str]:
    """Return the terms of a text in its order, as often as they stand there."""
    return [term for run in runs(text) for term in _terms_of(run)]


def runs(text: str) -> list[str]:
    """Return the identifiers and words of a text, and its runs of characters without spaces, as they are written."""
    return _RUN.findall(unicodedata.normalize("NFKC", text))


def is_unspaced(run: str) -> bool:
    """Tell whether a run is of a script that puts no spaces between words."""
    return _IS_UNSPACED.match(run) is not None


def _terms_of(run: str) -> Iterator[str]:
    if is_unspaced(run):
        yield from pairs(run)
        return
    parts = [part for part in _BORDER.split(run) if part]
    if len(parts) > 1:
        yield run.casefold()
    for part in parts:
        yield from word_terms(part.casefold())


def pairs(run: str) -> list[str]:
    """Return each two characters that stand side by side, or the only one."""
    return [run[index : index + 2] for index in range(max(1, len(run) - 1))]


def word_terms(word: str) -> Iterator[str]:
    """Yield the stem of one word in lower case, that of the word before a number, and its beginning if it is long."""
    yield stem(word)
    numbered = _NUMBERED.match(word)
    if numbered is not None:
        yield stem(numbered[1])
    if len(word) >= _BEGINNING and not word.isdigit():
        yield f"^{word[:_BEGINNING]}"


def stem(word: str) -> str:
    """Return a word without the endings that English puts to nouns and verbs; the same for all forms of most."""
    for suffix, instead in _SUFFIXES:
        if word.endswith(suffix) and not word.endswith("ss") and len(word) - len(suffix) >= _LEAST_STEM:
            word = word[: -len(suffix)] + instead
            break
    if len(word) > _LEAST_STEM and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > _LEAST_STEM and word.endswith("e") else word
