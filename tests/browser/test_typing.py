"""Manners: whatever is suggested, and when, a cell holds exactly what was typed or accepted."""

from __future__ import annotations

import time

from notebook_page import NotebookPage, until

FORTY = "total += fast_typing_of_characters(x, y)"  # 40 keys


def opened(lab: NotebookPage, name: str, *sources: str, cell: int = 0) -> NotebookPage:
    lab.server.write_notebook(name, sources)
    lab.open(name)
    lab.edit(cell)
    return lab


def waited(lab: NotebookPage) -> str:
    """Wait until every request is over, and return what is suggested then."""
    until(lambda: len(lab.server.records()) == len(lab.server.records("ended")), "all requests end", 90)
    time.sleep(0.2)
    return lab.ghost


def test_forty_keys_at_fifteen_a_second(lab: NotebookPage) -> None:
    lab = opened(lab, "fast.ipynb", "x, y, total = 1, 2, 3", "", cell=1)
    lab.type(FORTY, delay=1000 / 15)
    waited(lab)
    assert lab.sources[1] == FORTY


def test_typing_on_while_a_suggestion_is_shown(lab: NotebookPage) -> None:
    lab = opened(lab, "on.ipynb", "import math\n\n", "")
    typed = "import math\n\n"
    for piece in ("def area", "(radius", "):", "\n", "return math.pi"):
        lab.type(piece, delay=20)
        waited(lab)
    typed += "def area(radius):\n    return math.pi"
    assert lab.sources[0] == typed
    ghost = waited(lab)
    if ghost:
        lab.press("Tab")
        assert lab.sources[0] == typed + ghost


def test_backspace_and_undo_leave_what_stood_there(lab: NotebookPage) -> None:
    lab = opened(lab, "undo.ipynb", "total = 1\n")
    lab.type("print(tot", delay=20)
    waited(lab)
    lab.press(*["Backspace"] * 4)
    assert lab.sources == ["total = 1\nprint"]
    waited(lab)
    lab.press(*["Control+z"] * 10)
    assert lab.sources == ["total = 1\n"]


def test_accepting_is_undone_in_one_step(lab: NotebookPage) -> None:
    lab = opened(lab, "accept.ipynb", "total = sum(range(10))\n")
    lab.type("for value in ra", delay=20)
    before = lab.sources[0]
    ghost = waited(lab)
    if not ghost:
        return
    time.sleep(0.6)  # the editor joins changes that come closer
    lab.press("Tab")
    assert lab.sources == [before + ghost]
    time.sleep(0.6)
    lab.press("Control+z")
    assert lab.sources == [before]


def test_switching_cells_with_a_request_on_its_way(lab: NotebookPage) -> None:
    lab = opened(lab, "cells.ipynb", "a = 1\n", "b = 2\n", "c = 3\n")
    for _ in range(3):
        for cell in range(3):
            lab.edit(cell)
            lab.type("pr")
    waited(lab)
    assert lab.sources == [f"{name} = {number}\nprprpr" for number, name in enumerate("abc", 1)]


def test_two_notebooks_at_once(lab: NotebookPage) -> None:
    opened(lab, "left.ipynb", "left = 1\n")
    lab.server.write_notebook("right.ipynb", ["right = 2\n"])
    lab.open_beside("right.ipynb")
    for name, text in (("left", "print(le"), ("right", "print(ri")) * 2:
        lab.show(f"{name}.ipynb")
        lab.edit()
        lab.type(text)
        lab.press("Delete")
        lab.type("; ")
    waited(lab)
    assert lab.sources == ["right = 2\nprint(ri; print(ri; "]
    lab.show("left.ipynb")
    until(lambda: lab.sources == ["left = 1\nprint(le; print(le; "], "the left notebook is untouched")


def test_a_busy_kernel_is_no_obstacle(lab: NotebookPage) -> None:
    lab = opened(lab, "busy.ipynb", "import time; time.sleep(8)", "total = 1\n")
    lab.press("Shift+Enter")
    lab.edit(1)
    lab.type("print(tot", delay=20)
    waited(lab)
    assert lab.sources[1] == "total = 1\nprint(tot"


def test_a_notebook_of_three_hundred_cells(lab: NotebookPage) -> None:
    cells = [f"value_{number} = compute({number})  # {'x' * 60}" for number in range(300)]
    lab = opened(lab, "large.ipynb", *cells, cell=150)
    lab.type("\nprint(value_14", delay=40)
    waited(lab)
    assert lab.sources[150] == f"{cells[150]}\nprint(value_14"
    assert [source for index, source in enumerate(lab.sources) if index != 150] == cells[:150] + cells[151:]
    asked = lab.server.records()[-1]
    assert (len(asked["cells"]), asked["cell"]) == (300, 150)
