"""Closing widgets with all that belongs to them: ipywidgets itself keeps children, layouts and styles for ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def close_all(closed: Iterable[Any]) -> None:
    """Close widgets, their children, layouts and styles."""
    for widget in closed:
        children = getattr(widget, "children", ())
        parts = [getattr(widget, name, None) for name in ("layout", "style")]
        widget.close()
        close_all(children)
        for part in parts:
            if part is not None:
                part.close()
