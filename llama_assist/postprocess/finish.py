"""What of a completion may be shown: ordered pure filters, each of which may shorten, repair or doubt it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llama_assist.postprocess.brackets import balance
from llama_assist.postprocess.confidence import confidence
from llama_assist.postprocess.duplicates import duplicates
from llama_assist.postprocess.indentation import indent
from llama_assist.postprocess.names import doubt_of_names
from llama_assist.postprocess.overlap import overlap
from llama_assist.postprocess.plan import Plan
from llama_assist.postprocess.repetition import repetition
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.syntax_check import syntax_check

Filter = Callable[[Site, str], str]
FILTERS: tuple[tuple[str, Filter], ...] = (
    ("repetition", repetition),
    ("duplicates", duplicates),
    ("overlap", overlap),
    ("balance", balance),
    ("indentation", indent),
    ("syntax", syntax_check),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is left of a completion, whether to show it, and which filters touched it."""

    text: str
    shown: bool
    confidence: float
    touched: tuple[str, ...]
    reason: str


def finish(site, plan, text, logprobs):
    t = text
    touched = []
    inner = site.settled
    for name, f in FILTERS:
        n = f(inner, t)
        if n != t:
            touched.append(name)
        t = n
    if inner is not site and t: t += "\n"
    return Verdict(t, True, 1.0, tuple(touched), "")
