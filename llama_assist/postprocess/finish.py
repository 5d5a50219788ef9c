"""What of a completion may be shown: ordered pure filters, each of which may shorten, repair or doubt it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from llama_assist.postprocess.brackets import balance
from llama_assist.postprocess.confidence import DEFAULT_THRESHOLD, confidence
from llama_assist.postprocess.duplicates import doubt_of_copies, duplicates
from llama_assist.postprocess.indentation import indent
from llama_assist.postprocess.minimum import is_too_short
from llama_assist.postprocess.overlap import overlap
from llama_assist.postprocess.plan import Plan
from llama_assist.postprocess.prose import gap
from llama_assist.postprocess.repetition import repetition
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.stopper import Stopper
from llama_assist.postprocess.syntax_check import syntax_check
from llama_assist.postprocess.unfinished import unfinished
from llama_assist.postprocess.unknown_names import doubt_of_names

Filter = Callable[[Site, str], str]
Doubt = Callable[[Site, str], float]

UNFINISHED = "unfinished"
FILTERS: tuple[tuple[str, Filter], ...] = (
    (UNFINISHED, unfinished),
    ("repetition", repetition),
    ("gap", gap),
    ("duplicates", duplicates),
    ("overlap", overlap),
    ("balance", balance),
    ("indentation", indent),
    ("syntax", syntax_check),
)
DOUBTS: tuple[tuple[str, Doubt], ...] = (("copies", doubt_of_copies), ("names", doubt_of_names))
_REPAIRS = frozenset({UNFINISHED, "repetition", "syntax"})
_DOUBT_OF_REPAIRS = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is left of a completion, whether to show it, how likely it is right (0 to 1), and what touched it.

    `reason` says in a few words why it is not shown; empty if it is.
    """

    text: str
    shown: bool
    confidence: float
    touched: tuple[str, ...]
    reason: str


def finish(
    site: Site,
    plan: Plan,
    text: str,
    logprobs: Sequence[tuple[str, float]] = (),
    *,
    is_unfinished: bool = False,
    is_manual: bool = False,
    threshold: float = DEFAULT_THRESHOLD,
    without: Collection[str] = (),
) -> Verdict:
    """Judge a completion: text that follows the cursor, cut by a `Stopper` already or else here.

    `logprobs` are the (piece, log probability) of its tokens. `is_unfinished`: the token limit ended it.
    `is_manual`: the user asked for it, so whatever is left is shown. `without` names filters to leave out.
    """
    settled = site.settled
    skipped = {*without, *(() if is_unfinished else (UNFINISHED,))}
    left, touched = _stopped(site, plan, text)
    for name, apply in FILTERS:
        filtered = left if name in skipped else apply(settled, left)
        if filtered != left:
            left = filtered
            touched.append(name)
    sure = confidence(left, text, logprobs)
    if not _REPAIRS.isdisjoint(touched):
        sure *= _DOUBT_OF_REPAIRS
    for name, doubt in DOUBTS:
        if name not in skipped and (factor := doubt(settled, left)) < 1.0:
            sure *= factor
            touched.append(name)
    reason = _reason_to_hide(settled, left, sure, threshold, is_manual=is_manual)
    whole_lines = left + "\n" if settled is not site and left else left
    return Verdict(whole_lines, not reason, sure, tuple(touched), reason)


def _stopped(site: Site, plan: Plan, text: str) -> tuple[str, list[str]]:
    """Cut what came from an engine that was not stopped in time."""
    cut = Stopper(site, plan).feed(text)
    left = text if cut is None else text[: cut.length]
    touched = [] if cut is None else ["stop"]
    return (left if site.settled.rest.strip() else left.rstrip()), touched


def _reason_to_hide(site: Site, text: str, sure: float, threshold: float, *, is_manual: bool) -> str:
    if not text.strip():
        return "nothing left"
    if is_manual:
        return ""
    if is_too_short(site, text):
        return "too short"
    return "low confidence" if sure < threshold else ""
