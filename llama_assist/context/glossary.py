"""The words of questions and answers about notebooks, in several languages, from `glossary.toml`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from llama_assist.context.terms import is_unspaced, runs, stem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Notion:
    """One thing with its names: `sought` are the terms to look for; `unspaced` those of scripts without spaces.

    `is_common` says that its absence from a notebook tells nothing.
    """

    sought: tuple[str, ...]
    unspaced: tuple[str, ...]
    is_common: bool


@dataclass(frozen=True, slots=True)
class Glossary:
    """`stop` tells nothing of a subject; `foreign` of it is not English; `whole` asks for the whole notebook."""

    stop: frozenset[str]
    foreign: frozenset[str]
    whole: frozenset[str]
    whole_unspaced: re.Pattern[str]
    admits: re.Pattern[str]
    notions: tuple[Notion, ...]
    by_stem: dict[str, list[Notion]]

    def notions_of(self, word: str) -> list[Notion]:
        """Return the notions that a word is a name of."""
        return self.by_stem.get(stem(word.casefold()), [])

    def notions_within(self, run: str) -> list[tuple[str, Notion]]:
        """Return the (name, notion) pairs whose name stands within a run of characters without spaces."""
        return [(name, notion) for notion in self.notions for name in notion.unspaced if name in run]


@cache
def glossary() -> Glossary:
    """Return the glossary, read once."""
    data = tomllib.loads(files("llama_assist.context").joinpath("glossary.toml").read_text(encoding="utf-8"))
    english = frozenset(data["english"].split())
    foreign = frozenset(f"{data['german']} {data['french_and_spanish']}".split()) - english
    notions = tuple(_notion(line) for line in data["notions"].strip().splitlines())
    by_stem: dict[str, list[Notion]] = {}
    for notion in notions:
        for term in notion.sought:
            by_stem.setdefault(term, []).append(notion)
    return Glossary(
        english | foreign,
        foreign,
        frozenset(data["whole"].split()),
        re.compile(data["whole_unspaced"]),
        re.compile("|".join(data["admits"]), re.IGNORECASE),
        notions,
        by_stem,
    )


def _notion(line: str) -> Notion:
    words = runs(line.lstrip("~"))
    sought = (word if "_" in word or is_unspaced(word) else stem(word.casefold()) for word in words)
    return Notion(tuple(dict.fromkeys(sought)), tuple(filter(is_unspaced, words)), line.startswith("~"))
