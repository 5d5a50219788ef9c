"""The assistant as a panel of ipywidgets: questions and tasks inside a notebook, wherever a kernel runs."""

from __future__ import annotations

from llama_assist.widget.panel import AssistPanel
from llama_assist.widget.state import PanelState, Turn

__all__ = ["AssistPanel", "PanelState", "Turn"]
