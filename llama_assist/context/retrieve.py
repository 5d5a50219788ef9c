"""What of a notebook answers a question: passages within a budget of tokens, in the notebook's order, or nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from llama_assist.context.blocks import Block
from llama_assist.context.overview import overview
from llama_assist.context.passages import Passage, PieceCache, passages
from llama_assist.context.question import Question, pairs_of, read_question
from llama_assist.context.relevance import Index
from llama_assist.context.shown import fill
from llama_assist.context.tokens import END, TokenCounts
from llama_assist.types import Cell, Document

# Of a question's words, by their weight, this share must stand in one place of the notebook. Of the questions that it
# was chosen by, those with an answer had 0.43 and more; five of the eight without one had less.
FLOOR = 0.4
_MAX_INDEXES = 8


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What answers `question`: `passages` with the most relevant first; `blocks` show them in the notebook's order.

    `found` is False where the question names nothing of the notebook and its words are hardly there; `is_whole` says
    that it asked for all. `coverage` is the share of its words that the best place has, None where no word could be
    looked for. `relevance` is how much each cell has to do with the question, empty where that is not known; `asked`
    are cells that the question names by number.
    """

    question: str
    passages: tuple[Passage, ...] = ()
    blocks: tuple[Block, ...] = ()
    found: bool = True
    is_whole: bool = False
    coverage: float | None = None
    relevance: Mapping[int, float] = field(default_factory=dict)
    asked: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        """The blocks, with an empty line between two."""
        return END.join(block.text for block in self.blocks)

    @property
    def tokens(self) -> int:
        """Tokens of the blocks together."""
        return sum(block.tokens for block in self.blocks)

    @property
    def cells(self) -> tuple[int, ...]:
        """The indices of the cells shown, the most relevant first."""
        return tuple(dict.fromkeys(passage.cell for passage in self.passages))

    def nearest(self, count: int) -> tuple[int, ...]:
        """Return the indices of at most `count` cells that have most to do with the question, the nearest first."""
        return tuple(sorted(self.relevance, key=lambda cell: -self.relevance[cell])[:count])


class Retriever:
    """Retrieves, and keeps what it has read of the last notebooks. Safe to call from several threads.

    Without `structure` there are only words: no headings, names, neighbours, overview or other ways to say a thing.
    """

    def __init__(self, *, structure: bool = True) -> None:
        self._structure = structure
        self._pieces = PieceCache()
        self._count = TokenCounts()
        self._indexes: OrderedDict[tuple[tuple[Cell, ...], str], Index] = OrderedDict()
        self._lock = threading.Lock()

    def retrieve(self, document: Document, question: str, budget: int, count: Callable[[str], int]) -> Retrieved:
        """Return at most `budget` tokens, by `count`, of what answers `question`."""
        with self._lock:
            self._count.use(count)
            ranked, known = self._rank(document, question)
            taken, blocks = fill(document, ranked, budget, self._count)
            return replace(known, passages=tuple(taken), blocks=blocks)

    def _rank(self, document: Document, question: str) -> tuple[list[Passage], Retrieved]:
        """Return the passages that speak to a question, the best first, and what is known without them."""
        asked = read_question(question)
        if asked.asks_for_whole and self._structure:
            return overview(document, self._pieces), Retrieved(question, is_whole=True)
        index = self._index(document)
        named = _named(asked, document) if self._structure else frozenset[int]()
        rated = index.rate(asked, pairs_of(question), named)
        relevance = _by_cell(index.passages, rated.scores, named)
        is_named = bool(named) or index.knows(asked.names)
        found = is_named or rated.coverage is None or rated.coverage >= FLOOR
        known = Retrieved(question, found=found, coverage=rated.coverage, relevance=relevance, asked=named)
        if not relevance and self._structure:
            return overview(document, self._pieces), known
        return _ranked(index.passages, rated.scores, named), known

    def _index(self, document: Document) -> Index:
        key = (document.cells, document.language)
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = Index(*passages(document, self._pieces), structure=self._structure)
        self._indexes.move_to_end(key)
        while len(self._indexes) > _MAX_INDEXES:
            self._indexes.popitem(last=False)
        return index


def retrieve(document: Document, question: str, budget: int, count: Callable[[str], int]) -> Retrieved:
    """Do what `Retriever.retrieve` does for one question, keeping nothing."""
    return Retriever().retrieve(document, question, budget, count)


def _named(asked: Question, document: Document) -> frozenset[int]:
    """Return the cells that the question names by number: their index, or their count as in `In [7]`."""
    cells = frozenset(cell for cell in asked.cells if cell < len(document.cells))
    return cells | {index for index, cell in enumerate(document.cells) if cell.execution_count in asked.counts}


def _by_cell(cut: Sequence[Passage], scores: Sequence[float], named: frozenset[int]) -> dict[int, float]:
    """Return the best score of each cell that something speaks for; a cell that is named has at least the best."""
    best: dict[int, float] = {}
    for passage, score in zip(cut, scores, strict=True):
        if score > 0:
            best[passage.cell] = max(score, best.get(passage.cell, 0.0))
    return best | dict.fromkeys(named, max(best.values(), default=1.0))


def _ranked(cut: Sequence[Passage], scores: Sequence[float], named: frozenset[int]) -> list[Passage]:
    """Return the passages that something speaks for: those of named cells first, then by their scores."""
    places = [place for place, score in enumerate(scores) if score > 0 or cut[place].cell in named]
    return [cut[place] for place in sorted(places, key=lambda place: (cut[place].cell not in named, -scores[place]))]
