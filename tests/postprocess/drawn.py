"""Sites drawn as text: `│` is the cursor."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from llama_assist.postprocess.site import Site

CURSOR = "│"


def site(drawn: str, language: str = "python", **known: Any) -> Site:
    """Return the site of a drawn cell; a drawing that begins with a newline is dedented."""
    text = dedent(drawn[1:]) if drawn.startswith("\n") else drawn
    prefix, cursor, suffix = text.partition(CURSOR)
    assert cursor, "no cursor is drawn"
    return Site(prefix, suffix, language, **known)


def written(drawn: str) -> str:
    """Return a drawn completion: dedented if it begins with a newline, which is then left out."""
    return dedent(drawn[1:]) if drawn.startswith("\n") else drawn
