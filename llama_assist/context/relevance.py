"""How much each passage has to do with a question: BM25 over its words, names by their definitions, and neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from llama_assist.context.passages import Passage
from llama_assist.context.question import Question, Unit
from llama_assist.context.terms import terms

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray
    from rank_bm25 import BM25Plus

    Scores = NDArray[float64]

_BEGINNING = 0.4  # what a long word's beginning counts, beside the word itself
_LOOSE = 0.5  # what another way to say a word counts
_COMMON = 0.25  # the same where nearly every notebook has the notion
_DEFINED = 2.0
_USED = 1.0
_PLAIN = 0.25  # what an ordinary word counts that is also the name of a variable
_OF_CELL = 0.4
_OF_NEIGHBOUR = 0.3


@dataclass(frozen=True, slots=True)
class Relevance:
    """`scores` of the passages, 0 where nothing speaks for one; `coverage` is the share of the question's words,
    weighted by how rare they are, that the best place of the notebook has; None where no word could be looked for.
    """

    scores: Sequence[float]
    coverage: float | None


class Index:
    """The words of a notebook's passages; with `structure` also headings, names and neighbours. Never changes."""

    def __init__(self, passages: Sequence[Passage], words: Sequence[Sequence[str]], *, structure: bool = True) -> None:
        self.passages = passages
        self._structure = structure
        titled = [[*own, *_added_terms(passage)] for passage, own in zip(passages, words, strict=True)]
        self._bm25 = _bm25(titled if structure else words)
        self._defined = _places(passage.defines for passage in passages)
        self._used = _places(passage.uses for passage in passages)
        self._near = [_near(passages, place) for place in range(len(passages))]

    def rate(self, question: Question, pairs: Collection[str], named: Collection[int] = ()) -> Relevance:
        """Rate the passages; `pairs` are pairs of characters of a script without spaces, `named` the cells asked about.

        What makes known the names that those cells use counts as well: the cause often stands there.
        """
        import numpy as np

        num = len(self.passages)
        if self._bm25 is None:
            return Relevance([0.0] * num, None)
        rated = [self._unit(unit) for unit in question.units]
        known = [pair for pair in pairs if pair in self._bm25.idf]
        total = np.sum([np.zeros(num), *rated], axis=0) + _LOOSE * self._terms(known)
        if self._structure:
            total = total + self._names(question) + self._needed_by(named)
            total = np.array([self._with_neighbours(total, place) for place in range(num)])
        return Relevance(total.tolist(), self._coverage(question))

    def knows(self, names: Collection[str]) -> bool:
        """Tell whether one of the names is defined or used in the notebook's code."""
        return any(name in self._defined or name in self._used for name in names)

    def _terms(self, sought: Iterable[str]) -> Scores:
        import numpy as np

        assert self._bm25 is not None
        known = [term for term in sought if term in self._bm25.idf]
        return self._bm25.get_scores(known) if known else np.zeros(len(self.passages))

    def _unit(self, unit: Unit) -> Scores:
        """Return what a word counts for each passage: itself, or the best other way to say it."""
        import numpy as np

        exact = self._terms(term for term in unit.exact if not term.startswith("^"))
        begun = self._terms(term for term in unit.exact if term.startswith("^"))
        ways = [exact + _BEGINNING * begun]
        if self._structure:
            weight = _COMMON if unit.is_common else _LOOSE
            ways += [weight * self._terms([term]) for term in unit.loose]
        return np.max(ways, axis=0)  # type: ignore[no-any-return]

    def _names(self, question: Question) -> Scores:
        """Return what names count: definitions most, unless the question is about something done with the name."""
        import numpy as np

        scores = np.zeros(len(self.passages))
        is_about_names = all(unit.word in question.names or unit.is_common for unit in question.units)
        worths = ((self._defined, _DEFINED if is_about_names else _USED), (self._used, _USED))
        for name in question.words | question.names:
            of_name = np.zeros(len(self.passages))
            for found, worth in worths:
                places = found.get(name, [])
                of_name[places] = np.maximum(
                    of_name[places], worth * log((len(self.passages) + 1) / max(1, len(places)))
                )
            scores += (1.0 if name in question.names else _PLAIN) * of_name
        return scores

    def _needed_by(self, cells: Collection[int]) -> Scores:
        import numpy as np

        scores = np.zeros(len(self.passages))
        own = [place for place, passage in enumerate(self.passages) if passage.cell in cells]
        scores[own] += _DEFINED
        for name in frozenset[str]().union(*(self.passages[place].uses for place in own)):
            places = self._defined.get(name, [])
            scores[places] += _DEFINED / max(1, len(places))
        return scores

    def _with_neighbours(self, scores: Scores, place: int) -> float:
        own_cell, beside = self._near[place]
        best_of_cell = max((float(scores[other]) for other in own_cell), default=0.0)
        best_beside = max((float(scores[other]) for other in beside), default=0.0)
        return float(scores[place]) + max(_OF_CELL * best_of_cell, _OF_NEIGHBOUR * best_beside)

    def _coverage(self, question: Question) -> float | None:
        """Return the greatest share of the question's words in one place; a word said otherwise counts half."""
        import numpy as np

        rows = [(self._weight(unit), self._met(unit)) for unit in question.units if self._can_be_met(unit, question)]
        if not rows:
            return None
        met = np.sum([weight * share for weight, share in rows], axis=0)
        return float(met.max()) / sum(weight for weight, _ in rows)

    def _can_be_met(self, unit: Unit, question: Question) -> bool:
        """Tell whether a word tells anything by its absence: not if it is of a language that the notebook has not."""
        assert self._bm25 is not None
        known = {term for term in (*unit.exact, *unit.loose) if term in self._bm25.idf}
        is_ours = not question.foreign or any(word in self._bm25.idf for word in question.foreign)
        return bool(known) or not (unit.is_common or (not is_ours and not unit.loose))

    def _weight(self, unit: Unit) -> float:
        assert self._bm25 is not None
        known = [self._bm25.idf[term] for term in unit.exact if term in self._bm25.idf]
        return max(known, default=log(len(self.passages) + 1))

    def _met(self, unit: Unit) -> Scores:
        """Return 1 where a word stands in a passage or beside it, a half where it is said otherwise, else 0."""
        import numpy as np

        shares = np.maximum(self._terms(unit.exact) > 0, _LOOSE * (self._terms(unit.loose) > 0))
        places = [[place, *own_cell, *beside] for place, (own_cell, beside) in enumerate(self._near)]
        return np.array([shares[spots].max() for spots in places])


def _bm25(words: Sequence[Sequence[str]]) -> BM25Plus | None:
    from rank_bm25 import BM25Plus

    # `delta` is what makes it "plus"; without it the library's only form whose weights stay positive in short texts.
    return BM25Plus(words, delta=0) if any(words) else None


def _added_terms(passage: Passage) -> list[str]:
    return [term for words in (*passage.headings, *passage.idioms) for term in terms(words)]


def _places(names: Iterable[Collection[str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, each in enumerate(names):
        for name in each:
            found.setdefault(name, []).append(place)
    return found


def _near(passages: Sequence[Passage], place: int) -> tuple[list[int], list[int]]:
    """Return the other passages of the same cell, and those of the next cells under the same heading."""
    passage = passages[place]
    near = [other for other in range(max(0, place - 8), min(len(passages), place + 9)) if other != place]
    own_cell = [other for other in near if passages[other].cell == passage.cell]
    beside = [other for other in near if abs(passages[other].cell - passage.cell) == 1]
    return own_cell, [other for other in beside if _related(passages[other], passage)]


def _related(one: Passage, other: Passage) -> bool:
    """Tell whether one heads the other or both stand under the same headings."""
    shared = min(len(one.headings), len(other.headings))
    return one.headings[:shared] == other.headings[:shared]
