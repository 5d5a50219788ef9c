"""Golden files: a notebook and a task, then the conversation that is sent and the form of the answer.

`python tests/tasks/tasks_golden.py` writes the expected part of every file anew, to be read in the diff. The cell
of the task is marked with a star; in the form, a hole that the model fills is drawn as its number of tokens.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from llama_assist.context.retrieve import Retriever
from llama_assist.tasks import TaskPlan, make_plan
from llama_assist.tasks.steps import Step
from llama_assist.types import Cell, CellType, Document, Failure, Message, TaskName, TaskRequest, Variable

FOLDER = Path(__file__).parent.parent / "golden" / "tasks"
EXPECTED = "\n==== expected\n"
LIMIT = 4096


def count(text: str) -> int:
    """Count words and marks: a stand-in for a tokenizer that reads like one."""
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def cases() -> list[Path]:
    """Return the golden files."""
    return sorted(FOLDER.glob("*.txt"))


def read(case: Path) -> TaskRequest:
    """Return the request that a golden file draws."""
    head, *sections = re.split(r"^==== ", case.read_text(encoding="utf-8").split(EXPECTED)[0], flags=re.MULTILINE)
    settings = dict(line.split(maxsplit=1) for line in head.splitlines())
    cells: list[Cell] = []
    parts: dict[str, str] = {}
    turns: list[Message] = []
    at = 0
    for section in sections:
        kind, _, text = section.partition("\n")
        name, *marks = kind.split()
        text = text.removesuffix("\n")
        if name in ("code", "markdown"):
            at = len(cells) if "*" in marks else at
            cells.append(Cell(text, cast(CellType, name)))
        elif name == "output":
            cells[-1] = Cell(cells[-1].source, cells[-1].type, outputs=(text,))
        elif name in ("user", "assistant"):
            turns.append(Message("user" if name == "user" else "assistant", text))
        else:
            parts[name] = text
    document = Document(tuple(cells), at, case.name, settings.get("kernel", "python"), _variables(parts))
    return TaskRequest(
        cast(TaskName, settings["task"]),
        document,
        parts.get("question", ""),
        _failure(parts),
        settings.get("language", ""),
        tuple(turns),
    )


def plan(case: Path) -> TaskPlan:
    """Return the plan for a golden file's request."""
    return make_plan(read(case), LIMIT, count, Retriever())


def draw(made: TaskPlan) -> str:
    """Return the conversation and the form as the golden files show them."""
    messages = "".join(f"---- {message.role}\n{message.content}\n" for message in made.messages)
    form = "".join(_draw_step(step) for step in made.steps)
    sent = " ".join(f"{part.kind}{'' if part.cell is None else part.cell}" for part in made.sent)
    return f"{messages}---- form\n{form}\n---- sent {sent}\n"


def _draw_step(step: Step) -> str:
    if not step.tokens:
        return step.text
    return f"{step.text}{step.before}[{step.tokens}]{step.after}"


def _failure(parts: dict[str, str]) -> Failure | None:
    if "error" not in parts:
        return None
    last = parts["error"].splitlines()[-1]
    name, _, value = last.partition(": ")
    return Failure(name, value, parts["error"])


def _variables(parts: dict[str, str]) -> tuple[Variable, ...]:
    """Read lines of `name type column:dtype ...`."""
    made = []
    for line in parts.get("variables", "").splitlines():
        name, kind, *columns = line.split()
        pairs = tuple(tuple(column.split(":")) for column in columns)
        made.append(Variable(name, kind, columns=cast("tuple[tuple[str, str], ...]", pairs)))
    return tuple(made)


if __name__ == "__main__":
    for path in cases():
        source = path.read_text(encoding="utf-8").split(EXPECTED)[0].removesuffix("\n")
        path.write_text(f"{source}{EXPECTED}{draw(plan(path))}", encoding="utf-8")
