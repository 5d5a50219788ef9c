"""Tab completion of the magics: tasks, options, models and the names of variables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from llama_assist.connect import connect
from llama_assist.errors import AssistError
from llama_assist.magic.options import TASKS, make_parser

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MAX_SECONDS = 1.0  # for asking a server which models there are
_NAMED = ("explain", "doc", "test", "refactor", "summarize", "translate")


def offer(shell: InteractiveShell, event: Any) -> list[str]:
    """Return what may stand at the cursor; IPython calls this (hook `complete_command`)."""
    words = event.text_until_cursor.split()
    typed = event.symbol if words and event.text_until_cursor[-1:] not in (" ", "") else ""
    before = words[1 : len(words) - (1 if typed else 0)]
    hidden = shell.user_ns_hidden
    names = [name for name in shell.user_ns if not name.startswith("_") and name not in hidden]
    return [word for word in candidates(before, names, _models) if word.startswith(typed)]


def candidates(before: Sequence[str], names: Iterable[str], models: Any) -> list[str]:
    """Return the words that may follow those `before` them; `models` is called where an id is wanted."""
    last = before[-1] if before else ""
    task = next((word for word in before if word in TASKS), "")
    if last == "--model" or (task == "model" and last == "model"):
        return list(models())
    if last in ("--vars", "--to"):
        return list(names)
    words = [] if task else list(TASKS)
    named = list(names) if task in _NAMED and (task != "translate" or last != task) else []
    return words + named + _flags(before)


def _flags(before: Sequence[str]) -> list[str]:
    flags = [flag for action in make_parser()._actions for flag in action.option_strings]
    return [flag for flag in flags if flag not in before]


def _models() -> list[str]:
    """Return the ids of the models; none where no server answers at once: completion never starts one."""
    try:
        client = connect(os.environ)
        client.timeout = MAX_SECONDS
        return [str(model["id"]) for model in client.catalogue().get("models", ())]
    except AssistError:
        return []
