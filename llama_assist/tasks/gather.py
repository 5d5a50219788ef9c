"""What a task shows of the notebook, by its recipe: the one place that knows which context goes with which task."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llama_assist.context.blocks import Block
from llama_assist.context.failure import failure_names
from llama_assist.context.focus import find_focus, focus_blocks
from llama_assist.context.retrieve import Retrieved, Retriever
from llama_assist.context.tokens import Count
from llama_assist.context.whole import cells_before, reduced_notebook, whole_notebook
from llama_assist.prompt.tasks import Recipe
from llama_assist.types import TaskRequest


@dataclass(frozen=True, slots=True)
class Shown:
    """The blocks in the order of the prompt; `retrieved` is what a question found in the notebook."""

    blocks: tuple[Block, ...] = ()
    retrieved: Retrieved | None = None


def gather(request: TaskRequest, recipe: Recipe, budget: int, count: Count, retriever: Retriever) -> Shown:
    """Return at most `budget` tokens of the notebook."""
    room = min(budget, recipe.context_tokens)
    if room <= 0:
        return Shown()
    document = request.document
    match recipe.context:
        case "focus":
            names = failure_names(request.failure) if request.failure is not None else ()
            return Shown(tuple(focus_blocks(find_focus(document, names), room, count)))
        case "before":
            return Shown(tuple(cells_before(document, room, count)))
        case "notebook":
            return Shown(tuple(reduced_notebook(document, room, count)))
    return _for_question(request, room, count, retriever)


def _for_question(request: TaskRequest, budget: int, count: Count, retriever: Retriever) -> Shown:
    """Return the whole notebook where it fits: follow-ups then read none of it again; else what the question finds.

    Where all is shown, one word of the question that is there is enough to let the model read it.
    """
    earlier = [message.content for message in request.messages if message.role == "user"]
    retrieved = retriever.retrieve(request.document, "\n".join([*earlier, request.question]), budget, count)
    whole = whole_notebook(request.document, count, outputs=True)
    if sum(each.tokens for each in whole) > budget:
        return Shown(retrieved.blocks, retrieved)
    return Shown(tuple(whole), replace(retrieved, found=retrieved.found or bool(retrieved.coverage)))
