"""Secrets in text that is about to leave this machine: found by their form or their name, and left out."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STAND_IN = "REDACTED"
MIN_VALUE = 8  # characters; shorter values of the environment are words that stand everywhere

_SECRET_NAME = re.compile(r"(?i)pass|secret|token|key|credential")
# Code and words that stand where a secret could: they name one and are none.
_NO_SECRET = re.compile(r"(?i)[\w.]*(?:getenv|environ|getpass|none|true|false|null|redacted)[\w.]*|[\w]*\.[\w.]*|\*+")
Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Redaction:
    """Texts without secrets, and how many of each kind were left out."""

    texts: tuple[str, ...]
    kinds: Mapping[str, int]


class Redactor:
    """Finds secrets by form, and the values that this process's environment holds under secret names."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        named = {value for name, value in environ.items() if _SECRET_NAME.search(name) and len(value) >= MIN_VALUE}
        values = [re.escape(value) for value in named if os.sep not in value]  # a path to a key is no key
        known = re.compile("|".join(sorted(values, key=len, reverse=True)) or r"(?!)")
        self._patterns = (("secret of the environment", known), *_patterns())

    def redact(self, texts: Sequence[str]) -> Redaction:
        """Return the texts without secrets; they follow each other, so that a secret may go over their borders."""
        spans = _merged(self._find("".join(texts)))
        return Redaction(tuple(_cut(texts, spans)), dict(Counter(kind for _, _, kind in spans)))

    def _find(self, text: str) -> Iterator[Span]:
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                start, end = match.span("value" if "value" in pattern.groupindex else 0)
                if kind != "named secret" or not _NO_SECRET.fullmatch(text, start, end):
                    yield start, end, kind


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    folder = files("llama_assist.backends.remote")
    tables = tomllib.loads(folder.joinpath("secrets.toml").read_text(encoding="utf-8"))["secret"]
    return tuple((table["kind"], re.compile(table["pattern"])) for table in tables)


def _merged(found: Iterator[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one of the first one's kind."""
    spans: list[Span] = []
    for start, end, kind in sorted(found):
        if spans and start < spans[-1][1]:
            first, last, name = spans[-1]
            spans[-1] = (first, max(last, end), name)
        else:
            spans.append((start, end, kind))
    return spans


def _cut(texts: Sequence[str], spans: Sequence[Span]) -> Iterator[str]:
    """Yield each text with its part of the spans replaced; the stand-in is where a span begins."""
    offset = 0
    for text in texts:
        pieces, position, stop = [], offset, offset + len(text)
        for start, end, _ in spans:
            if start >= stop or end <= offset:
                continue
            pieces.append(text[position - offset : max(start, offset) - offset])
            if start >= offset:
                pieces.append(STAND_IN)
            position = min(end, stop)
        yield "".join(pieces) + text[position - offset :]
        offset = stop
