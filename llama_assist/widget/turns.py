"""The conversation as widgets: a question, its answer as inert HTML, and what can be done with it."""

# ipywidgets carries no types.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets

from llama_assist.render import render_html
from llama_assist.widget.closing import close_all
from llama_assist.widget.state import PanelState, Turn

MAX_CITED = 6
COPY_HINT = "A kernel cannot reach your clipboard: click into the field, select all (Ctrl+A) and copy (Ctrl+C)."

Act = Callable[[Turn], None]


class TurnView(widgets.VBox):
    """One turn. `choose` gets the number of a cited cell that the user wants."""

    def __init__(self, turn: Turn, insert: Act, choose: Callable[[int], None]) -> None:
        self._turn = turn
        self._insert = insert
        self._choose = choose
        self._html = widgets.HTML(layout=widgets.Layout(width="auto"))
        self._html.add_class("jp-RenderedHTMLCommon")
        self._source = widgets.Textarea(rows=8, layout=widgets.Layout(width="auto"))
        super().__init__([self._html], layout=widgets.Layout(flex="0 0 auto"))
        turn.observe(self._show, ["subject", "text", "note"])
        turn.observe(self._finish, "is_done")
        self._show()
        self._finish()

    def close(self) -> None:
        """Follow the turn no more."""
        if self.comm is not None:
            self._turn.unobserve(self._show, ["subject", "text", "note"])
            self._turn.unobserve(self._finish, "is_done")
            close_all([*self.children, self._source])
            super().close()

    def _show(self, change: object = None) -> None:
        asked = render_html("\n".join(f"> {line}" for line in self._turn.subject.split("\n")))
        self._html.value = asked + render_html(self._turn.text, self._turn.note)

    def _finish(self, change: object = None) -> None:
        if not self._turn.is_done or self.comm is None:
            return
        buttons = [_button("Copy", "Show the source of the answer, to be copied", self._copy)]
        if self._turn.code:
            buttons.append(_button("Copy code", "Show its code, to be copied", self._copy_code))
            buttons.append(_button("Insert as next cell", "Offer the code as a new cell; it is not run", self._offer))
        for number in self._turn.cells[:MAX_CITED]:
            tip = f"The answer cites cell {number}: choose it"
            buttons.append(_button(f"cell {number}", tip, partial(self._select, number)))
        self.children = [self._html, widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap"))]

    def _select(self, number: int, button: object) -> None:
        self._choose(number)

    def _copy(self, button: object) -> None:
        self._toggle(self._turn.text)

    def _copy_code(self, button: object) -> None:
        self._toggle(self._turn.code)

    def _offer(self, button: object) -> None:
        self._insert(self._turn)

    def _toggle(self, text: str) -> None:
        """Show the field with the text, or hide it where it shows that text already."""
        first = self.children[:2]
        is_shown = len(self.children) > 2 and self._source.value == text
        self._source.value = text
        self._source.rows = min(16, max(3, text.count("\n") + 1))
        self.children = first if is_shown else [*first, widgets.HTML(render_html("", COPY_HINT)), self._source]


class Conversation(widgets.VBox):
    """The turns of a panel, the newest at the end."""

    def __init__(self, state: PanelState, insert: Act) -> None:
        self._state = state
        self._insert = insert
        self._views: dict[int, TurnView] = {}
        # Written from the end, the box stays scrolled to its end while an answer grows; no script is needed for it.
        super().__init__(layout=widgets.Layout(max_height="55vh", overflow="auto", flex_flow="column-reverse nowrap"))
        state.observe(self._follow, "turns")

    def close(self) -> None:
        """Follow the state no more."""
        if self.comm is not None:
            self._state.unobserve(self._follow, "turns")
            close_all(self.children)
            super().close()

    def _follow(self, change: Any) -> None:
        turns: Sequence[Turn] = change.new
        views = {id(turn): self._views.get(id(turn)) or self._view(turn) for turn in turns}
        gone = [view for key, view in self._views.items() if key not in views]
        self._views = views
        self.children = list(reversed(views.values()))
        close_all(gone)

    def _view(self, turn: Turn) -> TurnView:
        return TurnView(turn, self._insert, self._choose)

    def _choose(self, number: int) -> None:
        self._state.choice = number


def _button(text: str, tip: str, act: Callable[[Any], None]) -> Any:
    button = widgets.Button(description=text, tooltip=tip, layout=widgets.Layout(width="auto"))
    button.on_click(act)
    return button
