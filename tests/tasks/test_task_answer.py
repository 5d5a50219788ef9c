"""What the model writes into the form, piece by piece, and what of it comes out."""

from __future__ import annotations

from typing import Any

import pytest

from llama_assist.context.retrieve import Retriever
from llama_assist.tasks import TaskAnswer, make_plan
from llama_assist.tasks.steps import Step
from llama_assist.types import Cell, Chunk, Document, Failure, FinishReason, TaskRequest, Usage

FAILING = "a = 1\nb = a / 0\nprint(b)"
ERROR = Failure("ZeroDivisionError", "division by zero", "Cell In[1], line 2\n----> 2 b = a / 0\n")


def answer(task: Any, *sources: str, at: int = 0, **more: Any) -> TaskAnswer:
    cells = tuple(Cell(source) for source in sources)
    request = TaskRequest(task, Document(cells, at), **more)
    return TaskAnswer(make_plan(request, 4096, lambda text: len(text.split()), Retriever()))


def write(to: TaskAnswer, step: Step, text: str, reason: FinishReason = "stop") -> str:
    """Let the model write `text` letter by letter; return what comes out."""
    shown = to.begin(step)
    for letter in text:
        shown += to.take(Chunk(letter))
        if to.is_over:
            return shown
    return shown + to.take(Chunk(finish_reason=reason, usage=Usage(100, 7, 50)))


def complete(to: TaskAnswer, steps: tuple[Step, ...], *texts: str) -> str:
    """Fill the holes with `texts`."""
    left = list(texts)
    shown = ""
    for step in steps:
        shown += write(to, step, left.pop(0)) if step.tokens else to.begin(step)
        if to.is_over:
            break
    return shown


def steps_of(to: TaskAnswer) -> tuple[Step, ...]:
    return to._plan.steps


def test_the_pieces_that_come_out_are_the_text() -> None:
    made = answer("explain", "x = 1")
    shown = complete(made, steps_of(made), "It sets x.")

    assert shown == made.text == made.shown == "It sets x."
    assert made.describe()["code"] is None


def test_a_fix_goes_out_once_it_differs() -> None:
    made = answer("fix", FAILING, failure=ERROR)
    shown = complete(made, steps_of(made), "Zero.", "b = a / 2\nprint(b)")

    assert shown == "Zero.\n\n```python\na = 1\nb = a / 2\nprint(b)\n```"
    assert made.describe()["code"] == {
        "text": "a = 1\nb = a / 2\nprint(b)",
        "language": "python",
        "parses": True,
        "action": "replace",
        "cell": 0,
    }
    assert not made.repeats


@pytest.mark.parametrize(
    "same",
    [
        "b = a / 0\nprint(b)",
        "b = a / 0   # careful\n\nprint(b)  ",
        "# Here it is\nb = a / 0\nprint(round(b))\nprint('more')",
    ],
)
def test_a_fix_that_leaves_the_failing_line_as_it_is_never_comes_out(same: str) -> None:
    made = answer("fix", FAILING, failure=ERROR)
    shown = complete(made, steps_of(made), "Zero.", same)

    assert shown == "Zero.\n\n"
    assert made.repeats
    assert made.describe()["code"] is None
    assert made.describe()["refused"] is True


def test_the_model_is_stopped_at_the_failing_line() -> None:
    made = answer("fix", FAILING, failure=ERROR)
    complete(made, steps_of(made), "Zero.", "b = a / 0\nprint(b)\n" + "more()\n" * 100)

    assert made.is_over
    assert "more" not in made.text


def test_without_an_error_the_same_cell_is_no_fix() -> None:
    made = answer("fix", FAILING)
    shown = complete(made, steps_of(made), "Hm.", FAILING)

    assert shown == "Hm.\n\n"
    assert made.repeats


def test_code_that_was_refused_before_is_no_fix() -> None:
    made = answer("fix", FAILING, failure=ERROR, avoid=("a = 1\nb = 0",))
    complete(made, steps_of(made), "Zero.", "b = 0")

    assert made.repeats


def test_a_second_answer_stands_below_the_first_and_the_refusal_below_both() -> None:
    made = answer("fix", FAILING, failure=ERROR)
    shown = complete(made, steps_of(made), "Zero in cell 1.", "b = a / 0\n")
    plan = made._plan.again(made.text)
    shown += made.restart(plan)
    shown += complete(made, plan.steps, "still so\nb = a / 0\n")
    shown += made.refuse()

    said = "No different fix was found. The explanation above led to none: do not rely on it."
    assert shown == made.shown == f"Zero in cell 1.\n\n{said}"
    assert made.describe()["refused"] is True
    assert made.describe()["cells"] == [0]


def test_a_refusal_does_not_doubt_what_the_notebook_itself_tells() -> None:
    unknown = Failure("NameError", "name 'frob' is not defined", "----> 1 frob(1)\n")
    made = answer("fix", "frob(1)", failure=unknown)
    complete(made, steps_of(made), "frob(1)")
    made.restart(made._plan.again(made.text))

    assert made.shown.startswith("No cell of the notebook defines `frob`.")
    assert made.refuse() == "No different fix was found."


def test_where_nothing_is_found_the_nearest_cells_are_told_and_none_is_cited() -> None:
    cells = ("x = 1", "y = 2", f"z = {' + '.join(map(str, range(2000)))}", "prices = [1, 2]  # of apples")
    made = answer("ask", *cells, question="Which harvester gathers ripe apples automatically overnight?")
    complete(made, steps_of(made))

    assert not made.describe()["found"]
    assert made.describe()["cells"] == []
    assert made.describe()["nearest"][0] == 3  # type: ignore[index]


def test_a_second_answer_that_differs_is_the_fix() -> None:
    made = answer("fix", FAILING, failure=ERROR)
    shown = complete(made, steps_of(made), "Zero.", "b = a / 0\n")
    plan = made._plan.again(made.text)
    shown += made.restart(plan) + complete(made, plan.steps, "no zero\nb = a / 3\nprint(b)")

    assert shown == "Zero.\n\n```python\na = 1\n# Fixed: no zero\nb = a / 3\nprint(b)\n```"
    assert not made.repeats


def test_code_that_breaks_the_grammar_is_marked() -> None:
    made = answer("refactor", "x = 1\ny = x")
    complete(made, steps_of(made), "y = (1")

    assert made.describe()["code"]["parses"] is False  # type: ignore[index]


def test_code_that_was_cut_is_not_offered_in_the_place_of_a_cell() -> None:
    made = answer("refactor", "x = 1\ny = x")
    for step in steps_of(made):
        if step.tokens:
            write(made, step, "y = 1\nz =", "length")
        else:
            made.begin(step)

    assert made.finish_reason == "length"
    assert made.describe()["code"] is None


def test_a_new_cell_that_was_cut_ends_with_its_last_whole_line() -> None:
    made = answer("next", "x = 1")
    for step in steps_of(made):
        if step.tokens:
            write(made, step, "y = x\nz = y +", "length")
        else:
            made.begin(step)

    assert made.describe()["code"]["text"] == "y = x"  # type: ignore[index]


def test_a_cell_that_the_notebook_has_is_no_next_cell() -> None:
    made = answer("next", "x = 1", "y = x\nprint(y)", at=0)
    shown = complete(made, steps_of(made), "y = x\n\nprint(y)  # show")

    assert shown == ""
    assert made.repeats


def test_the_magic_of_a_cell_is_kept() -> None:
    made = answer("refactor", "%%time\nx = [a for a in b]")
    complete(made, steps_of(made), "x = list(b)")

    assert made.describe()["code"]["text"] == "%%time\nx = list(b)"  # type: ignore[index]


def test_words_put_into_a_cell_change_no_code() -> None:
    made = answer("document", "def f(x):\n    return x")
    shown = complete(made, steps_of(made), '\n    Return "x".\n    Args: x')

    assert shown == '```python\ndef f(x):\n    """Return x."""\n    return x\n```'
    assert made.describe()["code"]["changes_code"] is False  # type: ignore[index]


def test_assertions_that_break_the_grammar_are_left_out() -> None:
    made = answer("test", "def f(x):\n    return x")
    complete(made, steps_of(made), "1) == 1", "[", "2) == 2", "3)\n")

    assert made.describe()["code"]["text"].splitlines()[1:] == [  # type: ignore[index]
        "assert f(1) == 1",
        "assert f(2) == 2",
        "assert f(3)",
    ]


def test_only_cells_that_exist_are_cited() -> None:
    made = answer("explain", "x = 1", "y = x", at=1)
    complete(made, steps_of(made), "It uses cell 1 and cell 8.")

    assert made.describe()["cells"] == [1, 0]


def test_the_code_of_an_answer_is_that_in_the_language_of_the_notebook() -> None:
    made = answer("ask", "prices = [1]", question="How do I install and use prices?")
    complete(made, steps_of(made), "First:\n```bash\npip install x\n```\nthen\n```python\nmax(prices)\n```\n")

    assert made.describe()["code"]["text"] == "max(prices)"  # type: ignore[index]
    assert made.describe()["code"]["action"] == "insert"  # type: ignore[index]


def test_tokens_are_counted_over_all_holes_and_the_prompt_once() -> None:
    made = answer("fix", FAILING, failure=ERROR)
    complete(made, steps_of(made), "Zero.", "b = a / 2\nprint(b)")

    assert made.usage == Usage(100, 14, 50)
