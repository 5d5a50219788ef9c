"""Which cells an answer may cite: those that it names and that fit question and answer, else the one that fits best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from llama_assist.context.glossary import glossary
from llama_assist.context.retrieve import Retrieved
from llama_assist.context.terms import terms

_NEAR_BEST = 0.6  # a cell that the answer names must fit that well, beside the one that fits best
_OF_ANSWER = 0.3  # what a word counts that the answer took from a cell, beside one of the question


@dataclass(frozen=True, slots=True)
class Citations:
    """`cells` bear the answer out; `dropped` were named in it and do not.

    `is_named` says that the answer itself named one of the cells; `admits` that it says not to know.
    """

    cells: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    is_named: bool = False
    admits: bool = False


def cite(answer: str, named: Sequence[int], retrieved: Retrieved) -> Citations:
    """Return what an answer may cite of what was shown; `named` are the existing cells that it names by number.

    A cell that the question names is always cited. Where the answer names none that fits, the cell is cited that fits
    best: small models seldom name cells, and often the wrong ones. An answer that says not to know cites nothing but
    cells that it names.
    """
    worth = _worth(answer, retrieved)
    best = max(worth.values(), default=0.0)
    asked = tuple(sorted(retrieved.asked))
    fitting = [cell for cell in named if best and worth.get(cell, 0.0) >= _NEAR_BEST * best]
    kept = tuple(cell for cell in fitting if cell not in asked)
    dropped = tuple(cell for cell in named if cell not in (*kept, *asked))
    if asked or kept or admits(answer) or not best:
        return Citations((*asked, *kept), dropped, bool(kept), admits(answer))
    return Citations((max(worth, key=worth.__getitem__),), dropped)


def admits(answer: str) -> bool:
    """Tell whether an answer says that the notebook does not tell."""
    return glossary().admits.search(answer) is not None


def _worth(answer: str, retrieved: Retrieved) -> dict[int, float]:
    """Return how well each cell shown fits: its relevance for the question, and what words the answer took from it.

    Words of the question are no sign that an answer rests on a cell; those that few cells have are a strong one.
    """
    words: dict[int, set[str]] = {}
    for passage in retrieved.passages:
        words.setdefault(passage.cell, set()).update(terms(passage.text))
    spread = Counter(term for each in words.values() for term in each)
    weights = {
        term: (2.0 if "_" in term else 1.0) * log((len(words) + 1) / spread[term])
        for term in set(terms(answer)).difference(terms(retrieved.question))
        if term in spread and not term.startswith("^")
    }
    return {
        cell: retrieved.relevance.get(cell, 0.0) + _OF_ANSWER * sum(weights.get(term, 0.0) for term in each)
        for cell, each in words.items()
    }
