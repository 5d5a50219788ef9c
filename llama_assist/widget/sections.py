"""The parts of a panel that can be unfolded: what will be sent, the model, and the settings."""

# ipywidgets carries no types.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
from traitlets import link

from llama_assist.render import render_html
from llama_assist.widget.actions import Actions
from llama_assist.widget.compose import TASKS
from llama_assist.widget.words import described_model, described_preview, prompt_text

WIDE = {"width": "auto"}


class ContextSection(widgets.VBox):
    """Exactly what a task would send, with the tokens of each part."""

    def __init__(self, actions: Actions) -> None:
        self._state = actions.state
        self._table = widgets.HTML(layout=widgets.Layout(**WIDE))
        self._table.add_class("jp-RenderedHTMLCommon")
        self._text = widgets.Textarea(rows=12, layout=widgets.Layout(**WIDE))
        self._task = widgets.Dropdown(
            options=[(label, task) for task, label in TASKS.items()], description="for", layout=widgets.Layout(**WIDE)
        )
        super().__init__([self._task, self._table, self._text])
        self._link = link((self._state, "preview_task"), (self._task, "value"))
        self._state.observe(self._show, "preview")

    def close(self) -> None:
        """Follow the state no more."""
        if self.comm is not None:
            self._link.unlink()
            self._state.unobserve(self._show, "preview")
        super().close()

    def _show(self, change: Any) -> None:
        preview = change.new
        problem = preview.get("problem")
        text = problem if problem is not None else described_preview(preview, preview.get("first", 1))
        self._table.value = render_html(text)
        self._text.value = "" if problem is not None else prompt_text(preview)


class ModelSection(widgets.VBox):
    """The menu of models, with their state and the progress of a download."""

    def __init__(self, actions: Actions) -> None:
        self._state = actions.state
        self._menu = actions.menu
        self._choice = widgets.Dropdown(description="model", layout=widgets.Layout(**WIDE))
        self._use = widgets.Button(description="Use", tooltip="For all who use this server")
        self._stop = widgets.Button(description="Stop download", tooltip="It can be resumed later", disabled=True)
        self._bar = widgets.FloatProgress(min=0.0, max=1.0, layout=widgets.Layout(visibility="hidden"))
        self._stage = widgets.Label()
        super().__init__([self._choice, widgets.HBox([self._use, self._stop, self._bar]), self._stage])
        self._use.on_click(lambda _: self._menu.use())
        self._stop.on_click(lambda _: self._menu.stop())
        self._choice.observe(self._choose, "value")
        self._state.observe(self._offer, ["models", "model"])
        self._state.observe(self._progress, ["progress", "stage", "is_switching"])

    def close(self) -> None:
        """Follow the state no more."""
        if self.comm is not None:
            self._state.unobserve(self._offer, ["models", "model"])
            self._state.unobserve(self._progress, ["progress", "stage", "is_switching"])
        super().close()

    def _choose(self, change: Any) -> None:
        if change.new:
            self._state.model = change.new

    def _offer(self, change: Any) -> None:
        """Show the models; the labels change with their state, the choice stays."""
        options = [(described_model(model), str(model["id"])) for model in self._state.models]
        ids = [id for _, id in options]
        if tuple(self._choice.options) != tuple(options):
            self._choice.unobserve(self._choose, "value")
            self._choice.options = options
            self._choice.observe(self._choose, "value")
        self._choice.value = self._state.model if self._state.model in ids else None
        absent = [model["id"] for model in self._state.models if not model.get("present", True)]
        self._use.description = "Download and use" if self._state.model in absent else "Use"

    def _progress(self, change: Any) -> None:
        self._bar.layout.visibility = "visible" if self._state.progress >= 0 else "hidden"
        self._bar.value = max(0.0, self._state.progress)
        self._stage.value = self._state.stage
        self._use.disabled = self._choice.disabled = self._state.is_switching
        self._stop.disabled = not self._state.is_switching


class SettingsSection(widgets.VBox):
    """How to answer, and what goes along."""

    def __init__(self, actions: Actions) -> None:
        state = actions.state
        wide = {"description_width": "initial"}
        temperature = widgets.FloatSlider(
            min=0.0, max=1.5, step=0.1, description="temperature (0: the likeliest words)", style=wide
        )
        length = widgets.BoundedIntText(
            min=0, max=100_000, step=50, description="longest answer in tokens (0: as the task needs)", style=wide
        )
        variables = widgets.Checkbox(
            description="send the types of the variables that the cell uses, never their values", indent=False
        )
        for each in (temperature, length, variables):
            each.layout.width = "auto"
        export = widgets.Button(description="Export conversation", tooltip="To a new Markdown file beside the notebook")
        export.layout.width = "auto"
        clear = widgets.Button(description="New conversation")
        clear.layout.width = "auto"
        super().__init__([temperature, length, variables, widgets.HBox([export, clear])])
        export.on_click(lambda _: actions.export())
        clear.on_click(lambda _: actions.clear())
        self._links = [
            link((state, "temperature"), (temperature, "value")),
            link((state, "max_tokens"), (length, "value")),
            link((state, "with_variables"), (variables, "value")),
        ]

    def close(self) -> None:
        """Follow the state no more."""
        if self.comm is not None:
            for each in self._links:
                each.unlink()
        super().close()
