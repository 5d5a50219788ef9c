"""Completions too short to be worth a reader's glance."""

from __future__ import annotations

from llama_assist.postprocess.site import Site

_MIN_STATEMENT = 2


def is_too_short(site: Site, text: str) -> bool:
    """Tell whether a completion has no letter or digit, or is a statement of one character."""
    body = text.strip()
    if not any(character.isalnum() for character in body):
        return True
    return site.is_line_start and len(body) < _MIN_STATEMENT
