"""A task and a budget in, the conversation to send out: stable text first, the question last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from llama_assist.context.failure import failure_names, failure_text
from llama_assist.context.focus import find_focus
from llama_assist.context.numbered import fence_language, fenced
from llama_assist.context.reduce import reduce
from llama_assist.context.retrieve import Retrieved, Retriever
from llama_assist.context.tokens import Count
from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.tasks import Recipe, asks_for_help, fill, find_recipe, follow, nothing_found
from llama_assist.syntax import sound
from llama_assist.tasks.forms import again_text, make_form
from llama_assist.tasks.gather import Shown, gather
from llama_assist.tasks.steps import Step, code_block
from llama_assist.types import Cell, Message, TaskRequest, cell_number

MARKUP_TOKENS = 24  # more than a chat template puts around one message
HISTORY_SHARE = 0.3  # of the model's context may be earlier turns
ANSWER_SHARE = 0.25  # may be one answer; where there is no other way, a second one follows
LINE_SHARE = 0.04  # may be one line of an answer
FOCUS_SHARE = 0.4  # of the model's context may be the cell itself


@dataclass(frozen=True, slots=True)
class Sent:
    """One part of a prompt; `cell` is None where it rests on no cell or on several."""

    kind: str
    cell: int | None
    tokens: int


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What is sent: `messages`; `steps` are the form of the answer; `sent` lists the parts of the prompt.

    `tokens` bound
    one hole; `retrieved` is what a question found in the notebook; `left_out` counts earlier turns without room.
    """

    request: TaskRequest
    recipe: Recipe
    messages: tuple[Message, ...]
    steps: tuple[Step, ...]
    sent: tuple[Sent, ...]
    language: str
    tokens: int
    retrieved: Retrieved | None = None
    left_out: int = 0

    @property
    def found(self) -> bool:
        """Whether the notebook speaks of what was asked.

        A later question may rest on the turns before it, and one for help need not be about what is there.
        """
        if self.retrieved is None or self.retrieved.found or self.request.messages:
            return True
        return asks_for_help(self.request.question)

    @property
    def cell(self) -> Cell:
        """The cell that the task is about."""
        return self.request.document.cells[self.request.document.cell]

    @property
    def blocks(self) -> list[dict[str, object]]:
        """The parts of the prompt as the user may see them."""
        return [{"cell": part.cell, "kind": part.kind, "tokens": part.tokens} for part in self.sent]

    def again(self, answer: str) -> TaskPlan:
        """Return the plan that asks once more, after an answer that is none."""
        turns = (Message("assistant", answer), Message("user", self.recipe.again.strip()))
        text = again_text(self.request, self.cell.source, self.language)
        steps = code_block(self.tokens, self.language, text)
        return replace(self, messages=(*self.messages, *turns), steps=steps)


def make_plan(request: TaskRequest, limit: int, count: Count, retriever: Retriever) -> TaskPlan:
    """Return the plan whose prompt and answer together have at most `limit` tokens by `count`.

    Raises `InvalidRequestError` where the task needs text in the cell and there is none, or where the cell is too
    long to be written anew.
    """
    recipe, language = find_recipe(request.task), _language(request)
    cell = _cell_text(request, recipe, int(limit * FOCUS_SHARE), count)
    tokens = _hole_tokens(request, recipe, limit, count)
    steps = make_form(request, recipe, language, tokens)
    turns, left_out = _turns(request, int(limit * HISTORY_SHARE), count)
    values = _values(request, cell, language)
    spoken = sum(count(each.content) + MARKUP_TOKENS for each in _messages(recipe, turns, values))
    answer = sum(count(step.text) + step.tokens for step in steps)
    if recipe.again:
        answer += tokens + count(recipe.again) + 2 * MARKUP_TOKENS
    if spoken + answer > limit:
        raise _too_long(request, recipe, spoken + answer, limit)
    shown = gather(request, recipe, limit - spoken - answer, count, retriever)
    values |= {"context": "\n\n".join(each.text for each in shown.blocks)}
    sent = _sent(request, shown, cell, count)
    messages = _messages(recipe, turns, values)
    plan = TaskPlan(request, recipe, messages, steps, sent, language, tokens, shown.retrieved, left_out)
    return plan if plan.found else _without_notebook(plan)


def _without_notebook(plan: TaskPlan) -> TaskPlan:
    """Return the plan for a question that the notebook does not answer: that is certain, and we say it ourselves."""
    return replace(plan, messages=(), steps=(Step(nothing_found(plan.request.question)),), sent=())


def _hole_tokens(request: TaskRequest, recipe: Recipe, limit: int, count: Count) -> int:
    """Return how much the model may write in one place."""
    source = request.document.cells[request.document.cell].source
    if recipe.needs_cell and not source.strip():
        raise InvalidRequestError(f"{_name(request)} is empty; choose a cell with text.", "document.cell")
    if request.max_tokens is not None:
        return min(request.max_tokens, limit // 2)
    wanted = recipe.answer_tokens + int(recipe.answer_share * count(sound(source)))
    return min(wanted, int(limit * (LINE_SHARE if recipe.lines else ANSWER_SHARE)))


def _too_long(request: TaskRequest, recipe: Recipe, needed: int, limit: int) -> InvalidRequestError:
    what, way = (_name(request), "Split the cell") if recipe.needs_cell else ("The question", "Ask less")
    return InvalidRequestError(
        f"{what} is too long for this task: prompt and answer would have {needed} tokens, and "
        f"the model's context holds {limit}. {way}, or choose a model with a longer context.",
        "document.cell" if recipe.needs_cell else "question",
    )


def _name(request: TaskRequest) -> str:
    return f"Cell {cell_number(request.document.cell)}"


def _language(request: TaskRequest) -> str:
    cell = request.document.cells[request.document.cell]
    if cell.type == "code" or request.task in ("next", "test", "ask"):
        return fence_language(replace(cell, type="code"), request.document.language)
    return "markdown"


def _cell_text(request: TaskRequest, recipe: Recipe, budget: int, count: Count) -> str:
    """Return the cell in its fence: whole if it is to be written anew, else reduced by syntax where it is huge."""
    cell = request.document.cells[request.document.cell]
    source = sound(cell.source).strip("\n")
    language = fence_language(cell, request.document.language)
    if recipe.action != "replace" and count(source) > budget:
        source = reduce(source, (), budget, count, language)
    return fenced(source, language) if recipe.needs_cell else ""


def _turns(request: TaskRequest, budget: int, count: Count) -> tuple[list[Message], int]:
    """Return the earlier turns that fit, beginning with one of the user, and how many are left out."""
    kept: list[Message] = []
    for message in reversed(request.messages):
        if sum(count(each.content) + MARKUP_TOKENS for each in (*kept, message)) > budget:
            break
        kept.insert(0, message)
    while kept and kept[0].role != "user":
        kept.pop(0)
    return kept, len(request.messages) - len(kept)


def _values(request: TaskRequest, cell: str, language: str) -> dict[str, str]:
    wanted = sound(" ".join(request.language.split()))
    return {
        "number": str(cell_number(request.document.cell)),
        "cell": cell,
        "error": _error(request),
        "question": sound(request.question.strip()),
        "follow": follow(request.question),
        "fence": language,
        "language": wanted if wanted else "English",
    }


def _error(request: TaskRequest) -> str:
    if request.failure is None:
        return ""
    names = set(find_focus(request.document, failure_names(request.failure)).names)
    used = [variable for variable in request.document.variables if variable.name in names]
    return failure_text(request.failure, used)


def _messages(recipe: Recipe, turns: Sequence[Message], values: Mapping[str, str]) -> tuple[Message, ...]:
    """Return the conversation; the notebook stands in the first turn of the user, where it stays from turn to turn."""
    system = Message("system", recipe.system)
    if not turns:
        return (system, Message("user", fill(recipe.user, values)))
    first = Message("user", fill(recipe.user, {**values, "question": turns[0].content, "follow": ""}))
    last = "\n\n".join(text for text in (values["question"], values["follow"]) if text)
    return (system, first, *turns[1:], Message("user", last))


def _sent(request: TaskRequest, shown: Shown, cell: str, count: Count) -> tuple[Sent, ...]:
    parts = [
        Sent(block.kind, block.cells[0] if len(block.cells) == 1 else None, block.tokens) for block in shown.blocks
    ]
    if cell:
        parts.append(Sent("focus", request.document.cell, count(cell)))
    if request.failure is not None:
        parts.append(Sent("error", request.document.cell, count(_error(request))))
    if request.question.strip():
        parts.append(Sent("question", None, count(request.question)))
    return tuple(parts)
