"""The `%llama` and `%%llama` magics: a task in a cell, its answer in the cell's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_assist.magic.completion import offer
from llama_assist.magic.lines import keep_questions
from llama_assist.magic.magics import NAME, LlamaMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(ipython: InteractiveShell) -> None:
    """Give the shell its `%llama` and `%%llama`, with their tab completion."""
    magics = LlamaMagics(ipython)
    ipython.register_magics(magics)
    magics.session.listen()
    ipython.input_transformers_cleanup.append(keep_questions)
    for key in (f"%{NAME}", f"%%{NAME}"):
        ipython.set_hook("complete_command", offer, str_key=key)


def unregister(ipython: InteractiveShell) -> None:
    """Take the magics back and end the server that they started; without `register` before, do nothing."""
    manager = ipython.magics_manager
    magics = manager.registry.pop(LlamaMagics.__name__, None)
    if magics is not None:
        magics.stop()
        ipython.input_transformers_cleanup.remove(keep_questions)
        for kind in ("line", "cell"):
            manager.magics[kind].pop(NAME, None)
