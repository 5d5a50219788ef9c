"""What an inline completion asks the model: windows of the cell, context for what they leave out, the family's form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from llama_assist.context.builder import Context, ContextBuilder
from llama_assist.context.selection import SOURCES
from llama_assist.prompt.fim import Layout, build_prompt, find_form, windows
from llama_assist.prompt.window import Window, cut_window
from llama_assist.types import Cell, CompletionRequest, Document, ModelInfo, Prompt

WINDOW_SHARE = 0.4  # of the tokens belong to the current cell; what it leaves goes to other cells
MOST_OF_WINDOW = 0.8  # the same where there is little in other cells; the rest tells what the window leaves out
CHARACTERS = 3  # in a token, about: how much there is in other cells need not be known exactly
ROOM_STEP = 128  # tokens by which the room of other cells changes; what is typed on the line never changes it


@dataclass(frozen=True, slots=True)
class Recipe:
    """How inline completions are made; other recipes than the default exist to be measured against it.

    `without` names sources of context and filters that are left out.
    """

    without: frozenset[str] = frozenset()
    layout: Layout = "anchored"


DEFAULT_RECIPE = Recipe()


class InlinePrompts:
    """Makes prompts of at most `tokens`; remembers what it has read of cells, for the next key."""

    def __init__(self, tokens: int, recipe: Recipe = DEFAULT_RECIPE) -> None:
        self._tokens = tokens
        self._layout = recipe.layout
        self._context = ContextBuilder(frozenset(SOURCES) - recipe.without)

    def build(
        self, model: ModelInfo, request: CompletionRequest, count: Callable[[str], int]
    ) -> tuple[tuple[Prompt, ...], Context]:
        """Return the prompts to try, the first one always, and the context that they share."""
        document = request.document or Document((Cell(request.prefix + request.suffix),))
        window = self._window(document, request, count)
        used = count(window.prefix) + count(window.suffix)
        room = self._tokens - -(-used // ROOM_STEP) * ROOM_STEP
        context = self._around(document, request, window, room, count)
        text = "".join(block.text + "\n\n" for block in context.blocks)
        tried = windows(window, find_form(model.family)) if self._layout == "anchored" else (window,)
        return tuple(build_prompt(model, text, each, self._layout) for each in tried), context

    def _window(self, document: Document, request: CompletionRequest, count: Callable[[str], int]) -> Window:
        """Cut the window; one that cannot hold all above the cursor is cut from a text without long literals."""
        budget = _window_tokens(document, self._tokens)
        window = cut_window(request.prefix, request.suffix, budget, count)
        if not window.left_out:
            return window
        line = request.prefix.rfind("\n") + 1
        shorter = self._context.without_literals(document, request.prefix[:line])
        return cut_window(shorter + request.prefix[line:], request.suffix, budget, count)

    def _around(
        self, document: Document, request: CompletionRequest, window: Window, room: int, count: Callable[[str], int]
    ) -> Context:
        """Build the context; what the window leaves out of the cell counts as a cell above it."""
        at = document.cell
        if not window.left_out or not 0 <= at < len(document.cells):
            return self._context.build(document, request.prefix, request.suffix, room, count)
        part = Cell(window.left_out, document.cells[at].type)
        cells = (*document.cells[:at], part, *document.cells[at:])
        split = replace(document, cells=cells, cell=at + 1)
        context = self._context.build(split, window.prefix + window.typed, request.suffix, room, count)
        blocks = [
            replace(block, cells=tuple(index - (index > at) for index in block.cells)) for block in context.blocks
        ]
        return replace(context, blocks=tuple(blocks))


def _window_tokens(document: Document, budget: int) -> int:
    """Return how many tokens the current cell may have: more where there is little in other cells."""
    least, others = int(budget * WINDOW_SHARE), 0
    for index, cell in enumerate(document.cells):
        others += len(cell.source) // CHARACTERS if index != document.cell else 0
        if others > budget:
            return least
    return max(least, (int(budget * MOST_OF_WINDOW) - others) // ROOM_STEP * ROOM_STEP)
