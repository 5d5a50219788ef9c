"""Ghost text in a real JupyterLab before a script that writes known lines: what is shown, and what accepting does."""

from __future__ import annotations

import pytest
from notebook_page import NotebookPage, until

TOTAL = "total = sum(range(10))"


def opened(lab: NotebookPage, name: str, *sources: str | tuple[str, str], cell: int = 0) -> NotebookPage:
    """Open a notebook with the cursor at the end of a cell."""
    lab.server.write_notebook(name, sources)
    lab.open(name)
    lab.edit(cell)
    return lab


def test_what_is_typed_is_completed_and_tab_accepts(scripted: NotebookPage) -> None:
    lab = opened(scripted, "tab.ipynb", "values = [1, 2]", "", cell=1)
    lab.type("tot", delay=30)
    lab.await_ghost("al = sum(range(10))")
    lab.press("Tab")
    assert lab.sources == ["values = [1, 2]", TOTAL]
    asked = lab.server.records()[-1]
    assert asked["path"] == "tab.ipynb"
    assert not asked["manual"]


def test_the_live_cells_are_sent_and_not_what_is_on_disk(scripted: NotebookPage) -> None:
    lab = opened(scripted, "live.ipynb", "saved = 1", "", cell=0)
    lab.type("\nunsaved = '😀'")
    lab.edit(1)
    lab.type("tot")
    lab.await_ghost()
    asked = lab.server.records()[-1]
    assert asked["cells"] == ["saved = 1\nunsaved = '😀'", "tot"]
    assert asked["cell"] == 1


def test_typing_into_a_stream_keeps_text_and_ghost_in_step(scripted: NotebookPage) -> None:
    lab = opened(scripted, "ahead.ipynb", "")
    line = "total += fast_typing_of_some_characters(x, y, z)"
    lab.type("total +")
    until(lambda: lab.ghost.startswith("= fast"), "the stream begins")
    for key in "= fast_ty":
        lab.press(key)
        typed = lab.sources[0]
        assert line.startswith(typed)
        assert line.startswith(typed + lab.ghost)
    lab.await_ghost("ping_of_some_characters(x, y, z)")
    lab.press("Tab")
    assert lab.sources == [line]


def test_what_was_suggested_and_is_typed_costs_no_request(scripted: NotebookPage) -> None:
    lab = opened(scripted, "through.ipynb", "")
    lab.type("tot")
    lab.await_ghost("al = sum(range(10))")
    before = len(lab.server.records())
    lab.type("al = sum", delay=150)
    lab.await_ghost("(range(10))")
    assert len(lab.server.records()) == before


def test_a_bracket_that_the_editor_closes_does_not_come_twice(scripted: NotebookPage) -> None:
    lab = opened(scripted, "bracket.ipynb", "")
    toggle = "() => jupyterapp.commands.execute('notebook:toggle-autoclosing-brackets')"
    lab.page.evaluate(toggle)
    lab.edit()
    lab.type("total = sum")
    lab.await_ghost("(range(10))")
    lab.type("(")
    assert lab.sources == ["total = sum()"]
    lab.await_ghost("range(10)")
    lab.press("Tab")
    assert lab.sources == [TOTAL]
    lab.page.evaluate(toggle)  # it is a setting of the server, which other tests use too


def test_emoji_before_the_cursor_do_not_move_it(scripted: NotebookPage) -> None:
    lab = opened(scripted, "emoji.ipynb", "")
    lab.type("a = '😀😀👩‍👩‍👧'\nprint('😀', ")
    lab.await_ghost("total)")
    lab.press("Tab")
    assert lab.sources == ["a = '😀😀👩‍👩‍👧'\nprint('😀', total)"]


def test_text_after_the_cursor_on_the_line_is_not_repeated(scripted: NotebookPage) -> None:
    lab = opened(scripted, "suffix.ipynb", "print(')", "x")
    lab.set_cursor(0, len("print('"))
    lab.type("hel")
    lab.await_ghost("lo world'")
    lab.press("Tab")
    assert lab.sources == ["print('hello world')", "x"]


def test_the_indented_blank_line_after_enter_has_a_suggestion(scripted: NotebookPage) -> None:
    lab = opened(scripted, "enter.ipynb", "def add(first, second):")
    lab.press("Enter")
    lab.await_ghost("return first + second")
    asked = lab.server.records()[-1]
    assert (asked["manual"], asked["n"]) == (False, 1)
    lab.press("Tab")
    assert lab.sources == ["def add(first, second):\n    return first + second"]


def test_the_line_after_a_comment_has_a_suggestion(scripted: NotebookPage) -> None:
    lab = opened(scripted, "comment.ipynb", "# the mean of all values")
    lab.press("Enter")
    lab.await_ghost("mean = sum(values) / len(values)")
    lab.press("Tab")
    assert lab.sources == ["# the mean of all values\nmean = sum(values) / len(values)"]


def test_spaces_typed_into_a_ghost_on_a_blank_line_stay(scripted: NotebookPage) -> None:
    lab = opened(scripted, "blank.ipynb", "for value in values:")
    lab.press("Enter")
    lab.await_ghost("print(value)")
    lab.type("pr")
    lab.await_ghost("int(value)")
    lab.press("Tab")
    assert lab.sources == ["for value in values:\n    print(value)"]


def test_word_by_word_and_line_by_line(scripted: NotebookPage) -> None:
    lab = opened(scripted, "parts.ipynb", "")
    lab.type("mean ")
    lab.await_ghost("= sum(values) / len(values)")
    lab.press("Alt+.", "Alt+.")
    assert lab.sources == ["mean = sum"]
    lab.await_ghost("(values) / len(values)")
    lab.press("Alt+Shift+.")
    assert lab.sources == ["mean = sum(values) / len(values)"]


def test_dismissing_stays_in_the_cell_and_gives_tab_back(scripted: NotebookPage) -> None:
    lab = opened(scripted, "dismiss.ipynb", "")
    lab.type("tot")
    lab.await_ghost()
    lab.press("Alt+,")
    lab.await_no_ghost()
    lab.type("x")
    assert lab.sources == ["totx"]


def test_tab_indents_where_nothing_is_suggested(scripted: NotebookPage) -> None:
    lab = opened(scripted, "indent.ipynb", "")
    lab.type("tot")
    lab.await_ghost()
    lab.type("x = 1\n")
    lab.await_no_ghost()
    lab.press("Tab")
    assert lab.sources == ["totx = 1\n    "]


def test_candidates_asked_for_by_hand_are_cycled_through(scripted: NotebookPage) -> None:
    lab = opened(scripted, "cycle.ipynb", "tot")
    lab.press("Alt+\\")
    lab.await_ghost("al = sum(range(10))")
    asked = lab.server.records()[-1]
    assert (asked["manual"], asked["n"]) == (True, 3)
    until(lambda: "1/3" in str(lab.page.locator(".jp-InlineCompleter").text_content()), "three candidates are there")
    lab.press("Alt+]")
    lab.await_ghost("al = sum(range(10))  # 1")
    lab.press("Tab")
    assert lab.sources == [f"{TOTAL}  # 1"]


def test_markdown_cells_are_left_alone(scripted: NotebookPage) -> None:
    lab = opened(scripted, "prose.ipynb", ("markdown", ""), "")
    before = len(lab.server.records())
    lab.type("# the mean of")
    lab.edit(1)
    lab.type("tot")
    lab.await_ghost()
    assert [asked["cell"] for asked in lab.server.records()[before:]] == [1]


def test_file_editors_and_consoles_have_suggestions(scripted: NotebookPage) -> None:
    lab = opened(scripted, "other.ipynb", "")
    (lab.server.root / "script.py").write_text("values = [1, 2]\n")
    lab.show("script.py")
    lab.page.wait_for_selector(".jp-FileEditor .cm-content")
    lab.page.click(".jp-FileEditor .cm-content")
    lab.press("Control+End")
    lab.type("tot")
    lab.await_ghost("al = sum(range(10))")
    lab.press("Tab")
    source = "() => jupyterapp.shell.currentWidget.content.model.sharedModel.getSource()"
    assert lab.page.evaluate(source) == f"values = [1, 2]\n{TOTAL}"
    assert lab.server.records()[-1]["path"] == "script.py"
    console = "jupyterapp.commands.execute('console:create', { kernelPreference: { name: 'python3' } })"
    lab.page.evaluate(f"async () => void await {console}")
    lab.page.wait_for_selector(".jp-CodeConsole-promptCell .cm-content")
    lab.page.click(".jp-CodeConsole-promptCell .cm-content")
    lab.type("tot")
    lab.await_ghost("al = sum(range(10))")


def test_variables_are_sent_once_the_user_allows_it(scripted: NotebookPage) -> None:
    lab = opened(scripted, "variables.ipynb", "numbers = [1, 2, 3]", "")
    lab.press("Shift+Enter")
    lab.page.get_by_role("button", name="Allow", exact=True).click(timeout=15_000)
    lab.edit(0)
    lab.press("Shift+Enter")
    lab.edit(1)

    def known() -> bool:
        lab.type("tot")
        lab.await_ghost()
        lab.press("Control+a", "Backspace")
        return lab.server.records()[-1]["variables"] == ["numbers"]

    until(known, "the variable is sent")
    assert lab.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount") == 2


@pytest.mark.parametrize("keys", [["ArrowLeft"], ["ArrowUp"], ["Escape"]], ids=lambda keys: "+".join(keys))
def test_leaving_the_place_takes_the_ghost_away(scripted: NotebookPage, keys: list[str]) -> None:
    lab = opened(scripted, f"leave-{keys[0]}.ipynb", "a = 1\n")
    lab.type("tot")
    lab.await_ghost()
    lab.press(*keys)
    lab.await_no_ghost()
    assert lab.sources == ["a = 1\ntot"]
