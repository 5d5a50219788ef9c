"""`llama-assist status`: the state of the running servers, and what the suggestions have been worth."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llama_assist.client import Client
from llama_assist.connect import client_of, connect, running_servers
from llama_assist.errors import ConnectError
from llama_assist.feedback import read_counts

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NO_SERVER = "No Jupyter server with llama_assist runs here. Start one with `jupyter lab` or `llama-assist serve`."
_NAMED = ("LLAMA_ASSIST_URL", "JPY_PARENT_PID")


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("status", help="show the running server: model, memory, accepted suggestions")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show every running server, or raise `ConnectError` where there is none."""
    shown = 0
    for client in _clients(os.environ):
        try:
            status = client.status()
        except ConnectError:
            if _is_named(os.environ):
                raise
            continue  # a Jupyter server without llama_assist, or one that ends just now
        print(describe(client.url, status))
        shown += 1
    if not shown:
        print(describe_usage(asdict(read_counts())))
        raise ConnectError(NO_SERVER)
    return 0


def describe(url: str, status: Mapping[str, Any]) -> str:
    """Return the lines about one server."""
    memory = status.get("memory_bytes", 0)
    lines = [
        f"server    {url}",
        f"model     {status.get('model', '')}, {status.get('state', '')}"
        + (f" on {status['device']} in {status['weights']}" if status.get("device") else ""),
        f"memory    {memory / 2**20:.0f} MiB" if memory else "memory    none: the model is not loaded",
        f"requests  {status.get('running', 0)} running, {status.get('queue', 0)} waiting",
    ]
    if status.get("remote"):
        lines.append(f"sent to   {status['remote']['origin']}: that is where the text of prompts goes")
    if status.get("detail"):
        lines.append(f"detail    {status['detail']}")
    return "\n".join([*lines, describe_usage(status.get("usage", {}))])


def describe_usage(usage: Mapping[str, int]) -> str:
    """Return the line about what became of suggestions."""
    shown = usage.get("shown", 0)
    if not shown:
        return "accepted  no suggestion has been shown yet"
    taken = usage.get("accepted", 0) + usage.get("accepted_part", 0)
    saved = usage.get("characters_saved", 0)
    return f"accepted  {taken} of {shown} suggestions ({taken / shown:.0%}), {saved} characters saved"


def _is_named(environ: Mapping[str, str]) -> bool:
    return any(name in environ for name in _NAMED)


def _clients(environ: Mapping[str, str]) -> Iterator[Client]:
    """Yield a client of the server that the environment names, else of each that this user runs on this machine."""
    if _is_named(environ):
        yield connect(environ)
        return
    for server in running_servers():
        try:
            yield client_of(server)
        except ConnectError:
            continue  # without a token of its own
