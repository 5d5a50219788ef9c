"""What a question asks for: its words with other ways to say them, names of the code, cells by number, the whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from llama_assist.context.glossary import glossary
from llama_assist.context.terms import is_unspaced, pairs, runs, terms
from llama_assist.types import cell_index

_CELL = re.compile(r"\b(?:cells?|zellen?|cellules?|celdas?)\s*(?:no\.?|nr\.?|#)?\s*(\d{1,4})", re.IGNORECASE)
_CELL_UNSPACED = re.compile(r"(?:单元格|單元格|单元|セル)\s*(\d{1,4})|第\s*(\d{1,4})\s*(?:个|個)?(?:单元|單元|セル)")
_COUNT = re.compile(r"(?:\b(?:in|out)\s*)?\[(\d{1,5})\]", re.IGNORECASE)
_QUOTED = re.compile(r"`([^`\n]+)`")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_CODE_LIKE = re.compile(r"[_\d]|[a-z][A-Z]")


@dataclass(frozen=True, slots=True)
class Unit:
    """One word that a question is about: the terms that are it, and those of other ways to say it.

    `is_common` says that its absence from a notebook tells nothing.
    """

    word: str
    exact: tuple[str, ...]
    loose: tuple[str, ...] = ()
    is_common: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """`names` look like code, `words` may be names as well; `cells` are indices, `counts` execution counts.

    `foreign` are small words that tell of another language than English.
    """

    units: tuple[Unit, ...]
    names: frozenset[str]
    words: frozenset[str]
    cells: tuple[int, ...]
    counts: tuple[int, ...]
    asks_for_whole: bool
    foreign: frozenset[str]


def read_question(text: str) -> Question:
    """Return what a question asks for."""
    known = glossary()
    numbers = [int(number) for number in _CELL.findall(text)]
    numbers += [int(first or second) for first, second in _CELL_UNSPACED.findall(text)]
    found = runs(_POSSESSIVE.sub("", _CELL_UNSPACED.sub(" ", _CELL.sub(" ", text))))
    quoted = {run for quote in _QUOTED.findall(text) for run in runs(quote)}
    spaced = [run for run in found if not is_unspaced(run)]
    unspaced = [run for run in found if is_unspaced(run)]
    content = [run for run in spaced if run in quoted or run.casefold() not in known.stop]
    is_whole = bool(content) and not unspaced and all(run.casefold() in known.whole for run in content)
    return Question(
        tuple(_units(content, unspaced)),
        frozenset(run for run in spaced if run in quoted or _is_code(run)),
        frozenset(content),
        tuple(dict.fromkeys(cell_index(number) for number in numbers if number)),
        tuple(dict.fromkeys(int(number) for number in _COUNT.findall(text))),
        is_whole or known.whole_unspaced.search(text.casefold()) is not None,
        known.foreign.intersection(run.casefold() for run in spaced),
    )


def _is_code(run: str) -> bool:
    return not run.isdigit() and _CODE_LIKE.search(run) is not None


def _units(spaced: Collection[str], unspaced: Collection[str]) -> Iterator[Unit]:
    for run in dict.fromkeys(spaced):
        notions = glossary().notions_of(run)
        loose = tuple(dict.fromkeys(term for notion in notions for term in notion.sought))
        yield Unit(run, tuple(terms(run)), loose, any(notion.is_common for notion in notions))
    for run in dict.fromkeys(unspaced):
        for word, notion in glossary().notions_within(run):
            yield Unit(word, tuple(pairs(word)), notion.sought, notion.is_common)


def pairs_of(text: str) -> list[str]:
    """Return the pairs of characters of the unspaced runs of a question, for a notebook in the same script."""
    return [pair for run in runs(text) if is_unspaced(run) for pair in pairs(run)]
