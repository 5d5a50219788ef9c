"""How well questions are answered: tables of what retrieval brings, and of what answers cite and admit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from llama_assist.cli.questions import Asked
from llama_assist.context.retrieve import Retrieved

ALL = "all"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a question: the text, the cells that it cites, whether it says not to know."""

    id: str
    text: str
    cells: tuple[int, ...]
    admits: bool
    total_ms: float

    def line(self) -> str:
        """Return the line to write."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def retrieval_table(
    title: str, questions: Sequence[Asked], structured: Sequence[Retrieved], plain: Sequence[Retrieved]
) -> str:
    """Return by kind how much of the gold was retrieved, with structure and by words alone, as text for people.

    `noticed`: unanswerable questions that retrieval says it found nothing for; `missed`: answerable ones.
    """
    head = f"{'kind':10}{'questions':>10}{'recall':>9}{'any':>7}{'words only':>12}{'any':>7}{'tokens':>8}"
    lines = [title, head]
    for kind in _kinds(question for question in questions if question.is_answerable):
        places = [place for place, asked in enumerate(questions) if asked.is_answerable and kind in (ALL, asked.kind)]
        shares = [[_share(questions[place], found[place]) for place in places] for found in (structured, plain)]
        figures = [figure for each in shares for figure in (_mean(each), _mean(share > 0 for share in each))]
        tokens = _mean(structured[place].tokens for place in places)
        recall, some, words, some_words = (100 * figure for figure in figures)
        lines.append(f"{kind:10}{len(places):10}{recall:9.1f}{some:7.1f}{words:12.1f}{some_words:7.1f}{tokens:8.0f}")
    pairs = list(zip(questions, structured, strict=True))
    noticed = [not found.found for asked, found in pairs if not asked.is_answerable]
    missed = [not found.found for asked, found in pairs if asked.is_answerable]
    lines.append(f"nothing found: {sum(noticed)} of {len(noticed)} unanswerable, {sum(missed)} of {len(missed)} others")
    return "\n".join(lines)


def answer_table(title: str, questions: Sequence[Asked], answers: Sequence[Answer]) -> str:
    """Return by kind how many of the cited cells hold the answer, as text for people; unanswerable ones in a line.

    `precise` counts the cells that may be cited, `gold` those that hold the answer; `silent`: cites no cell.
    """
    lines = [
        title,
        f"{'kind':10}{'questions':>10}{'cited':>7}{'precise':>9}{'gold':>7}{'silent':>8}{'refused':>9}{'s':>7}",
    ]
    pairs = list(zip(questions, answers, strict=True))
    for kind in _kinds(question for question in questions if question.is_answerable):
        chosen = [pair for pair in pairs if pair[0].is_answerable and kind in (ALL, pair[0].kind)]
        lines.append(f"{kind:10}{len(chosen):10}{_answer_figures(chosen)}")
    lost = [(asked, answer) for asked, answer in pairs if not asked.is_answerable]
    admitted = sum(answer.admits for _, answer in lost)
    silent = sum(not answer.cells for _, answer in lost)
    lines.append(f"unanswerable: {admitted} of {len(lost)} admitted, {silent} cite nothing")
    return "\n".join(lines)


def _answer_figures(pairs: Sequence[tuple[Asked, Answer]]) -> str:
    cited = [(asked, cell) for asked, answer in pairs for cell in answer.cells]
    shares = (
        _mean(cell in asked.gold | asked.also for asked, cell in cited),
        _mean(cell in asked.gold for asked, cell in cited),
        _mean(not answer.cells for _, answer in pairs),
        _mean(answer.admits for _, answer in pairs),
    )
    precise, gold, silent, refused = (100 * share for share in shares)
    seconds = _mean(answer.total_ms for _, answer in pairs) / 1e3
    return f"{len(cited):7}{precise:9.1f}{gold:7.1f}{silent:8.1f}{refused:9.1f}{seconds:7.1f}"


def _kinds(questions: Iterable[Asked]) -> list[str]:
    return [ALL, *dict.fromkeys(question.kind for question in questions if question.kind)]


def _share(asked: Asked, found: Retrieved) -> float:
    return len(asked.gold & set(found.cells)) / len(asked.gold)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0
