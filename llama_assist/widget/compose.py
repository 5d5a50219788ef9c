"""From the state of a panel and its notebook to the request of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llama_assist.errors import InvalidRequestError
from llama_assist.kernel.schemas import schemas
from llama_assist.kernel.session import Session
from llama_assist.kernel.sources import names_in
from llama_assist.widget.notebook import Notebook, NotebookCell
from llama_assist.widget.state import LAST_RUN, WHOLE, PanelState, Turn

TASKS = {
    "ask": "Ask",
    "explain": "Explain",
    "fix": "Fix",
    "document": "Document",
    "test": "Test",
    "summarize": "Summarize",
}
MAX_TURNS = 100  # of a conversation that go along
MAX_VARIABLES = 20
MAX_AVOID = 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """One request; `subject` says in words what it asks, `source` is the cell that it is about.

    `first` is the number of the document's first cell.
    """

    task: str
    subject: str
    body: Json
    source: str = ""
    first: int = 1
    num_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants: a task, a question, and a choice of cells."""

    task: str
    question: str
    choice: int


def compose(wish: Wish, state: PanelState, notebook: Notebook, session: Session, path: str) -> Order:
    """Return the request for a task; raise `InvalidRequestError` where its cell or its question is missing."""
    task, question = wish.task, wish.question.strip()
    cell = _chosen(task, wish.choice, notebook)
    if task == "ask" and not question:
        raise InvalidRequestError("Write a question first.", "question")
    shown = notebook if task == "ask" else notebook.without_outputs()
    if task == "summarize" and wish.choice != WHOLE and cell is not None:
        shown = shown.only(cell.number)
    number = notebook.cells[-1].number if cell is None and notebook.cells else (cell.number if cell is not None else 1)
    document, first, num_left_out = shown.document(path, number)
    body: Json = {"task": task, "document": document, "temperature": state.temperature}
    if question:
        body["question"] = question
    if state.max_tokens:
        body["max_completion_tokens"] = state.max_tokens
    if task == "ask" and state.turns:
        body["messages"] = _messages(state.turns)
    source = "" if cell is None else cell.source
    if task == "fix" and cell is not None:
        body |= _failure(cell, session)
    if state.with_variables or task == "fix":
        names = names_in(session.transform(source))
        document["variables"] = schemas(
            [name for name in names if name in session.names()][:MAX_VARIABLES], session.namespace
        )
    return Order(task, _subject(task, question, cell), body, source, first, num_left_out)


def _chosen(task: str, choice: int, notebook: Notebook) -> NotebookCell | None:
    cell = notebook.last_run if choice == LAST_RUN else notebook.find(choice)
    if cell is None and task not in ("ask", "summarize"):
        raise InvalidRequestError(
            "No cell has run yet: choose a cell, or run one."
            if choice == LAST_RUN
            else "Choose one cell for this task.",
            "document.cell",
        )
    if choice > LAST_RUN and cell is None:
        raise InvalidRequestError(f"There is no cell {choice} any more: choose another one.", "document.cell")
    return cell


def _failure(cell: NotebookCell, session: Session) -> Json:
    failed = session.failures.of(cell.count) if cell.count is not None else None
    return {} if failed is None or failed.source.strip() != cell.source.strip() else {"error": failed.on_wire()}


def _messages(turns: Sequence[Turn]) -> list[Json]:
    asked = [turn for turn in turns if turn.task == "ask" and turn.text.strip() and turn.is_done]
    pairs = [(("user", turn.subject), ("assistant", turn.text)) for turn in asked[-MAX_TURNS:]]
    return [{"role": role, "content": content} for pair in pairs for role, content in pair]


def _subject(task: str, question: str, cell: NotebookCell | None) -> str:
    if task == "ask":
        return question
    where = f"cell {cell.number}" if cell is not None else "the notebook"
    return f"{TASKS[task]} {where}" + (f": {question}" if question else "")
