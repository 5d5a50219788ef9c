"""Names with simple paths, such as `df.shape[0]`: which text is one, and what it stands for; nothing is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

NAME = r"[^\W\d]\w*"
PATH = rf"{NAME}(?:\.{NAME}|\[(?:-?\d{{1,18}}|'[^'\\\n]*'|\"[^\"\\\n]*\")\])*"
_STEP = re.compile(rf"\.({NAME})|\[([^\]]*)\]")
_PATH = re.compile(PATH)


def is_path(text: str) -> bool:
    """Tell whether `text` is a name with attributes and with indices that are numbers or plain strings.

    No part of it may begin with two underscores: that is where Python keeps its own machinery.
    """
    return _PATH.fullmatch(text) is not None and not re.search(r"(?:^|\.)__", text)


def resolve(path: str, namespace: Mapping[str, Any]) -> Any:
    """Return what the path stands for; raise `LookupError` where it stands for nothing."""
    if not is_path(path):
        raise LookupError(path)
    name = re.match(NAME, path)
    assert name is not None, "a path begins with a name"
    value = namespace[name[0]]
    for step in _STEP.finditer(path, name.end()):
        try:
            value = getattr(value, step[1]) if step[1] else value[ast.literal_eval(step[2])]
        except Exception as error:  # attributes and indices of the user's objects may raise anything
            raise LookupError(path) from error
    return value
