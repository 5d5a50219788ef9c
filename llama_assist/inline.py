"""One inline completion: watches the model write, ends it in time, and lets out only what may be shown."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

from llama_assist.context.builder import Context
from llama_assist.postprocess.finish import Verdict, finish
from llama_assist.postprocess.needed import lead
from llama_assist.postprocess.plan import plan
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.statements import finished_part
from llama_assist.postprocess.stopper import Stopper
from llama_assist.types import Chunk, CompletionRequest, FinishReason, TokenLogprob, Usage, Variable

DOUBTFUL = 0.4  # a completion that is less likely right than this is tried in another way, where there is one
SURE = 0.6  # statements go out before the whole is known only if they are at least this likely right
TRUST_IN_LEADS = 0.6  # of the confidence in a second try: the start that it was given was not the model's own


class InlineAnswer:
    """The state of one candidate. Text goes out by whole statements, as soon as the filters have nothing against it.

    What has gone out is never taken back: a later verdict that no longer begins with it ends the answer there.
    Of several tries, all but the first go out as a whole, if at all; one may have a `lead`, which its text begins with.
    """

    def __init__(
        self,
        request: CompletionRequest,
        site: Site,
        threshold: float,
        without: Collection[str] = (),
        lead: str = "",
        tail: str = "",
        is_first: bool = True,
    ) -> None:
        self.plan = plan(site)
        self.is_over = False
        self.usage: Usage | None = None
        self._request = request
        self._site = site
        self._stopper = Stopper(site, self.plan)
        self._is_manual = request.manual
        self._threshold = threshold
        self._without = without
        self.lead = lead
        self._tail = tail
        self._is_first = is_first
        self._raw = ""
        self._sent = ""
        self._sent_as: Verdict | None = None
        self._tokens: list[TokenLogprob] = []
        self._reason = ""
        self._began = time.perf_counter()
        self._first_token = 0.0
        self._finish_reason: FinishReason = "stop"

    def take(self, chunk: Chunk) -> str:
        """Add what the model wrote; return what may be shown now."""
        self.usage = chunk.usage or self.usage
        self._first_token = self._first_token or time.perf_counter()
        self._raw += chunk.text
        self._tokens.extend(chunk.logprobs)
        cut = self._stopper.feed(self._raw) if chunk.text else None
        if cut is not None:
            self._raw, self._reason, self.is_over = self._raw[: cut.length], cut.reason, True
        elif chunk.finish_reason is not None:
            self._reason, self._finish_reason, self.is_over = chunk.finish_reason, chunk.finish_reason, True
        elif self._is_late and "\n" in self._raw[: -len(chunk.text)] and "\n" in chunk.text:
            self._raw = self._raw[: self._raw.rindex("\n")]
            self._reason, self.is_over = "time", True
        if self.is_over or not self._is_first or "\n" not in chunk.text:
            return ""
        verdict = self._judge(finished_part(self._site, self._raw))
        is_early = "syntax" not in verdict.touched and verdict.confidence >= SURE and self._has_code(verdict.text)
        return self._let_out(verdict) if is_early else ""

    @property
    def is_settled(self) -> bool:
        """Tell whether no other try is wanted: some of it has gone out, time is up, or it is likely enough."""
        return bool(self._sent) or self._is_late or self.confidence >= DOUBTFUL

    def again(self) -> InlineAnswer:
        """Return an answer for another prompt at the same place."""
        return InlineAnswer(self._request, self._site, self._threshold, self._without, is_first=False)

    def led(self) -> InlineAnswer | None:
        """Return an answer that begins as the code below asks; None where it asks for nothing."""
        start = "" if "needed" in self._without else lead(self._site, self._verdict.text)
        if not start:
            return None
        settled = self._site.settled
        site = replace(self._site, prefix=self._site.prefix + start, suffix=settled.suffix)
        request = replace(self._request, prefix=site.prefix, suffix=site.suffix)
        tail = "" if settled is self._site else "\n"
        return InlineAnswer(request, site, self._threshold, self._without, start, tail, is_first=False)

    @property
    def _is_late(self) -> bool:
        most = self._request.max_ms
        return most is not None and (time.perf_counter() - self._first_token) * 1e3 > most

    @property
    def written(self) -> tuple[str, tuple[TokenLogprob, ...]]:
        """The text that the model wrote, up to where it was stopped, and its tokens."""
        return self._raw, tuple(self._tokens)

    @property
    def confidence(self) -> float:
        """How likely the whole is right, by the model's own word; 0 where nothing is left of it."""
        return self._verdict.confidence if self._verdict.text.strip() else 0.0

    def close(self, context: dict[str, object]) -> Chunk:
        """Return the last chunk: the rest of the text, why it ended, and what the user may see of the making.

        Log probabilities, where asked for, are those of all tokens that the model wrote, filtered ones too.
        """
        verdict = self._verdict
        text = self._let_out(verdict)
        judged = self._sent_as or verdict  # what went out; else the whole
        if text and self.lead:
            text = self.lead + text + self._tail
        debug = {
            **context,
            "shape": self.plan.shape,
            "stop": self._reason,
            "filters": verdict.touched,
            "confidence": round(judged.confidence * (TRUST_IN_LEADS if self.lead else 1.0), 3),
            "lead": self.lead,
            "shown": judged.shown,
            "reason": judged.reason,
            "timings": {"first_token_ms": round(max(0.0, self._first_token - self._began) * 1e3, 1)},
        }
        most = self._request.sampling.logprobs
        logprobs = () if most is None else tuple(replace(token, top=token.top[:most]) for token in self._tokens)
        return Chunk(text, logprobs=logprobs, finish_reason=self._finish_reason, usage=self.usage, debug=debug)

    @cached_property
    def _verdict(self) -> Verdict:
        """Return the judgement of the whole; asked for when the answer is over."""
        return self._judge(self._raw)

    def _judge(self, text: str) -> Verdict:
        pieces = [(token.token, token.logprob) for token in self._tokens]
        return finish(
            self._site,
            self.plan,
            text,
            pieces,
            is_unfinished=self._finish_reason == "length",
            is_manual=self._is_manual,
            threshold=self._threshold / (TRUST_IN_LEADS if self.lead else 1.0),
            without=self._without,
        )

    def _has_code(self, text: str) -> bool:
        """Tell whether there is more than comments, which say little of whether the code below them is right."""
        return any(line.strip() and not self._site.is_comment(line) for line in text.splitlines())

    def _let_out(self, verdict: Verdict) -> str:
        if not verdict.shown or not verdict.text.startswith(self._sent):
            return ""
        text = verdict.text[len(self._sent) :]
        self._sent, self._sent_as = verdict.text, verdict
        return text


def make_site(request: CompletionRequest, context: Context, variables: tuple[Variable, ...]) -> Site:
    """Return the place of the cursor with the names that the context knows."""
    names = context.names
    return Site(
        request.prefix,
        request.suffix,
        context.language,
        None if names.is_open else names.visible,
        parameters=names.parameters,
        columns={
            variable.name: frozenset(name for name, _ in variable.columns)
            for variable in variables
            if variable.columns and _has_all_columns(variable)
        },
    )


def _has_all_columns(variable: Variable) -> bool:
    """Tell whether a schema names every column: those of wide frames are cut short."""
    return len(variable.shape) < 2 or len(variable.columns) >= variable.shape[1]
