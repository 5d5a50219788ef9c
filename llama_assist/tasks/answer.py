"""The answer to a task while the model fills its form: what may be shown, and what its code is worth."""

from __future__ import annotations

from llama_assist.context.citations import cite
from llama_assist.postprocess.cited_cells import cited_cells
from llama_assist.postprocess.fences import Fence, fences
from llama_assist.postprocess.sameness import begins_as, changes_code, is_same, may_become
from llama_assist.syntax import canonical, parse
from llama_assist.tasks.forms import lines_that_fail
from llama_assist.tasks.plan import TaskPlan
from llama_assist.tasks.steps import FENCE_END, Step
from llama_assist.types import Chunk, FinishReason, Usage

NUM_NEAREST = 3
_SAME_CODE = ("document", "translate")  # these must not change what the code does


class TaskAnswer:
    """One answer. Of a code block nothing is let out that may yet become code which is there already.

    `text` is all that the model has written and what of the form stands around it, `typed` that with the beginning
    of the line to fill, `shown` what has been let out. `is_over` says that going on is of no use.
    """

    def __init__(self, plan: TaskPlan) -> None:
        self.text = ""
        self.typed = ""
        self.shown = ""
        self.usage = Usage()
        self.finish_reason: FinishReason = "stop"
        self.is_over = False
        self._plan = plan
        self._explains = bool(plan.recipe.doubt) and plan.steps[0].tokens > 0
        self._start = 0
        self._step = Step()
        self._line = ""
        self._refused = _refused_code(plan)
        self._fails = lines_that_fail(plan.request, plan.cell.source, plan.language) if plan.request.failure else ""

    def begin(self, step: Step) -> str:
        """Begin a step; return what may be shown now."""
        self._step, self._line = step, ""
        self.text += step.text
        self.typed = self.text + (step.before if step.line else "")
        return self._news()

    def take(self, chunk: Chunk) -> str:
        """Add what the model wrote; return what may be shown now."""
        if self._step.line:
            self._line += chunk.text
            if chunk.finish_reason is not None:
                self.text += self._step.finished(self._line, is_cut=chunk.finish_reason == "length")
        else:
            self.text += chunk.text
            self.finish_reason = "length" if chunk.finish_reason == "length" else self.finish_reason
            if self._is_hopeless():
                self.text, self.is_over = self.text.rstrip("\n") + FENCE_END, True
        if chunk.usage is not None and (self.is_over or chunk.finish_reason is not None):
            self._count(chunk.usage)
        return self._news()

    def restart(self, plan: TaskPlan) -> str:
        """Begin a second answer below what has been shown of the first; return what stands between."""
        self._plan, self.text, self.finish_reason, self.is_over = plan, "", "stop", False
        gap = "" if not self.shown or self.shown.endswith("\n\n") else "\n\n"
        self.shown += gap
        self._start = len(self.shown)
        return gap

    def refuse(self) -> str:
        """Return what to say where the second answer is none either."""
        recipe = self._plan.recipe
        text = f"{recipe.refused} {recipe.doubt}" if self._explains and self.shown.strip() else recipe.refused
        self.shown += text
        return text

    @property
    def repeats(self) -> bool:
        """Whether the code is there already, or was refused before."""
        code = self._code()
        return code is not None and self._is_refused(code.code)

    def describe(self) -> dict[str, object]:
        """Return what the user may know of the answer."""
        plan = self._plan
        return {
            "task": plan.request.task,
            "cells": self._cited(),
            "nearest": self._nearest(),
            "sent": plan.blocks,
            "prompt_tokens": self.usage.prompt_tokens,
            "code": None if self.repeats else self._described_code(),
            "refused": self.repeats,
            "found": plan.found,
            "turns_left_out": plan.left_out,
        }

    def _cited(self) -> list[int]:
        """Return the cells that the answer names and that exist; of an answer to a question, those that bear it out."""
        plan = self._plan
        named = cited_cells(self.shown, len(plan.request.document.cells))
        if plan.retrieved is None:
            return list(named)
        return list(cite(self.shown, named, plan.retrieved).cells) if plan.found else []

    def _nearest(self) -> list[int]:
        """Return, where the notebook does not answer the question, the cells that come nearest to it."""
        retrieved = self._plan.retrieved
        return [] if retrieved is None or self._plan.found else list(retrieved.nearest(NUM_NEAREST))

    def _news(self) -> str:
        visible = self._visible()
        news = visible[len(self.shown) - self._start :]
        self.shown += news
        return news

    def _visible(self) -> str:
        found = fences(self.text) if self._refused else []
        if not found:
            return self.text
        code = found[0]
        may_repeat = self._may_be_refused(code.code) if code.end is None else self._is_refused(code.code)
        return self.text[: code.start] if may_repeat else self.text

    def _is_hopeless(self) -> bool:
        """Tell whether the code being written has come past the lines that fail, unchanged."""
        found = fences(self.text) if self._fails else []
        if not found or found[0].end is not None:
            return False
        complete = found[0].code[: found[0].code.rfind("\n") + 1]
        return begins_as(complete, self._fails, self._plan.language)

    def _is_refused(self, code: str) -> bool:
        language, fails = self._plan.language, self._fails
        same = any(is_same(code, other, language) for other in self._refused)
        return same or (bool(fails) and begins_as(code, fails, language))

    def _may_be_refused(self, code: str) -> bool:
        others = (*self._refused, self._fails) if self._fails else self._refused
        return any(may_become(code, other, self._plan.language) for other in others)

    def _count(self, usage: Usage) -> None:
        """Add the tokens of one hole; the prompt counts once."""
        first = usage if not self.usage.prompt_tokens else self.usage
        generated = self.usage.completion_tokens + usage.completion_tokens
        self.usage = Usage(first.prompt_tokens, generated, first.cached_tokens)

    def _code(self) -> Fence | None:
        """The finished block that the answer is about, if there is one."""
        if self._plan.recipe.action == "none":
            return None
        language = canonical(self._plan.language)
        whole = [each for each in fences(self.text) if each.end is not None and each.code.strip()]
        return next((each for each in whole if canonical(each.language or language) == language), None)

    def _described_code(self) -> dict[str, object] | None:
        code, plan = self._code(), self._plan
        if code is None or (self.finish_reason == "length" and plan.recipe.action == "replace"):
            return None
        text, source = code.code.strip("\n"), plan.cell.source
        if plan.recipe.action == "replace":
            text = _with_magic(source, text)
        elif self.finish_reason == "length":
            text = text.rpartition("\n")[0]
        checks = {"changes_code": changes_code(source, text, plan.language)} if _is_bound(plan) else {}
        return {
            "text": text,
            "language": plan.language,
            "parses": not parse(text, plan.language).has_error,
            "action": plan.recipe.action,
            "cell": plan.request.document.cell,
            **checks,
        }


def _is_bound(plan: TaskPlan) -> bool:
    return plan.request.task in _SAME_CODE and plan.cell.type == "code"


def _refused_code(plan: TaskPlan) -> tuple[str, ...]:
    """Return the code that is no answer: the failing cell, or what the notebook has already."""
    request = plan.request
    if not plan.recipe.again:
        return ()
    if request.task == "next":
        return tuple(cell.source for cell in request.document.cells if cell.type == "code" and cell.source.strip())
    return (plan.cell.source, *request.avoid)


def _with_magic(source: str, text: str) -> str:
    """Return the code below the `%%magic` of the cell, where the model has left it out."""
    first, newline, _ = source.partition("\n")
    is_lost = first.startswith("%%") and bool(newline) and not text.startswith("%%")
    return f"{first}\n{text}" if is_lost else text
