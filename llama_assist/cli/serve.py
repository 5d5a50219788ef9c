"""`llama-assist serve`: the server extension without JupyterLab, on Jupyter Server's own flags."""

from __future__ import annotations

import argparse
import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

WATCH_INTERVAL = 1.0  # seconds between two looks at the parent


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "serve",
        help="serve completions and answers over HTTP, without JupyterLab",
        epilog="All other flags are Jupyter Server's own, such as --port 9999 or --Assist.model=ID.",
    )
    parser.add_argument("--parent-pid", type=int, help="end when this process is gone")
    parser.set_defaults(run=run, takes_server_flags=True)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from llama_assist.server.app import LlamaAssistApp

    if arguments.parent_pid is not None:
        threading.Thread(target=_end_with, args=(arguments.parent_pid,), daemon=True).start()
    flags = ["--ServerApp.open_browser=False", "--LlamaAssistApp.at_root=True"]
    LlamaAssistApp.launch_instance([*flags, *arguments.rest])  # type: ignore[no-untyped-call]
    return 0


def _end_with(parent_pid: int) -> None:
    """Interrupt this process, as Ctrl-C would, once the parent is gone."""
    import signal

    import psutil

    while psutil.pid_exists(parent_pid):
        time.sleep(WATCH_INTERVAL)
    os.kill(os.getpid(), signal.SIGTERM)
