"""What a task is about: cells by number, functions and variables by name, the text below, or the last cell."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.core.error import UsageError

from llama_assist.kernel.history import History, Ran
from llama_assist.kernel.paths import is_path, resolve
from llama_assist.kernel.session import Session
from llama_assist.kernel.sources import find_definition, source_of
from llama_assist.magic.options import cell_ranges, is_numbers, wrong


def chosen(args: Sequence[str], task: str, session: Session, history: History) -> Ran:
    """Return the code that the arguments name as one cell; without arguments the cell that ran last.

    Raises `UsageError` where a number or a name stands for nothing.
    """
    if not args:
        return last_cell(task, history)
    found = [cell for word in args for cell in _of_word(word, task, session, history)]
    found = list({(cell.number, cell.source): cell for cell in found}.values())
    if len(found) == 1:
        return found[0]
    return Ran(max(cell.number for cell in found), "\n\n".join(cell.source.strip("\n") for cell in found))


def last_cell(task: str, history: History) -> Ran:
    """Return the cell that ran before the present one."""
    earlier = [cell for cell in history.cells if cell.number < history.now] or list(history.cells)
    if not earlier:
        raise wrong(task, "No cell has run yet.")
    return earlier[-1]


def cells_of(ranges: Sequence[range], history: History) -> list[Ran]:
    """Return the cells with these numbers. Of a range, numbers that no cell has any more are left out."""
    found: dict[int, Ran] = {}
    for numbers in ranges:
        cells = {cell.number: cell for cell in history.cells if cell.number in numbers}
        if not cells:
            raise UsageError(_unknown(numbers, history))
        found |= cells
    return list(found.values())


def named(cell: Ran, args: Sequence[str], history: History) -> str:
    """Return what `chosen` has found, in words: `cell 3` or `cells 2, 3`."""
    numbers = sorted({each.number for each in cells_of(_ranges(args), history)} | {cell.number})
    return f"cell{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def place(cell: Ran, args: Sequence[str], history: History) -> History:
    """Return the history with `cell` in it, and without those that it was put together of."""
    ranges = _ranges(args)
    kept = {each.number for each in history.cells if not any(each.number in numbers for numbers in ranges)}
    return history.only(kept).with_cell(cell)


def _ranges(args: Sequence[str]) -> list[range]:
    return [numbers for word in args if is_numbers(word) for numbers in cell_ranges(word)]


def _unknown(numbers: range, history: History) -> str:
    meant = f"cell {numbers[0]}" if len(numbers) == 1 else f"cells {numbers[0]}-{numbers[-1]}"
    known = ", ".join(f"[{cell.number}]" for cell in history.cells[-20:]) or "none"
    return f"No code of {meant} is known here; cells that ran, and have not run again since: {known}."


def _of_word(word: str, task: str, session: Session, history: History) -> list[Ran]:
    if is_numbers(word):
        return cells_of(cell_ranges(word), history)
    if not is_path(word):
        raise wrong(task, f"`{word}` is neither a cell nor a name.")
    found = find_definition(word, history, session.transform)
    if found is not None:
        return [found]
    try:
        source = source_of(resolve(word, session.namespace))
    except LookupError:
        raise wrong(task, f"There is no `{word}` in this notebook.") from None
    if not source:
        raise UsageError(f"`{word}` is defined in no cell that ran, and has no source that could be shown.")
    return [Ran(history.now, source)]
