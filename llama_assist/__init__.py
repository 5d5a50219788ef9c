"""A private code assistant for Jupyter: importing this package loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server which application to load."""
    from llama_assist.server.app import LlamaAssistApp

    return [{"module": "llama_assist", "app": LlamaAssistApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built front end lies, and what it is called."""
    return [{"src": "labextension", "dest": "llama-assist"}]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the `%%llama` magic."""
    from llama_assist.magic import register

    register(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take the `%%llama` magic back and end what it started."""
    from llama_assist.magic import unregister

    unregister(ipython)


def __getattr__(name: str) -> Any:
    """Load the panel, and with it ipywidgets, when it is asked for."""
    if name == "AssistPanel":
        from llama_assist.widget import AssistPanel

        return AssistPanel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
