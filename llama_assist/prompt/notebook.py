"""The notebook as part of a chat prompt: numbered cells, the last ones first within the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llama_assist.types import Cell, Document, Message, cell_number

SYSTEM = (
    "You are a careful assistant inside a Jupyter notebook. Answer briefly and exactly, in the language of the "
    "question. Put code into fenced blocks that run as they are. Rest what you say about the notebook on the cells "
    "shown, name them by number, and say so when they do not tell."
)


def notebook_message(document: Document, budget: int, count: Callable[[str], int]) -> Message | None:
    """Return the cells as one message of at most `budget` tokens, or None if there are none.

    Cells that do not fit are named as left out, so that the model does not take the rest for all.
    """
    shown: list[str] = []
    left = budget
    hidden = 0
    for index, cell in reversed(list(_cells(document))):
        text = _render(index, cell)
        cost = count(text)
        if cost > left:
            hidden += 1
            continue
        left -= cost
        shown.append(text)
    if not shown:
        return None
    note = f"({hidden} other cells are not shown.)\n\n" if hidden else ""
    return Message("user", f"This is my notebook.\n\n{note}" + "\n".join(reversed(shown)))


def _cells(document: Document) -> Iterator[tuple[int, Cell]]:
    for index, cell in enumerate(document.cells):
        if cell.source.strip():
            yield index, cell


def _render(index: int, cell: Cell) -> str:
    if cell.type != "code":
        return f"Cell {cell_number(index)} (text):\n{cell.source}\n"
    outputs = "".join(f"Output of cell {cell_number(index)}:\n```\n{output}\n```\n" for output in cell.outputs)
    return f"Cell {cell_number(index)}:\n```python\n{cell.source}\n```\n{outputs}"
