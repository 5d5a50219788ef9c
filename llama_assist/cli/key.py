"""`llama-assist key`: the key of the server that runs here, for an editor's settings; of one's own servers only."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from llama_assist.connect import ServerFile, client_of, running_servers
from llama_assist.errors import ConnectError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NO_SERVER = "No Jupyter server with llama_assist runs here. Start one with `jupyter lab` or `llama-assist serve`."


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "key",
        help="print the running server's key, for an editor's settings",
        epilog="Only the key goes to stdout: `export LLAMA_API_KEY=$(llama-assist key)`.",
    )
    parser.add_argument("--port", type=int, help="of which server, where several run")
    parser.add_argument("--url", action="store_true", help="print the URL instead; clients add /v1 to it, or a path")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line, or raise `ConnectError` where there is no server, or more than one."""
    server = choose([each for each in running_servers() if _is_ours(each)], arguments.port)
    print(server.url.removesuffix("/") if arguments.url else server.token)
    return 0


def choose(servers: list[ServerFile], port: int | None) -> ServerFile:
    """Return the server that is meant; raise `ConnectError` where that is not clear."""
    meant = [each for each in servers if port in (None, each.port)]
    if not meant:
        ports = ", ".join(str(each.port) for each in servers)
        raise ConnectError(f"No server of yours runs at port {port}, but at {ports}." if servers else NO_SERVER)
    if len(meant) > 1:
        ports = ", ".join(str(each.port) for each in meant)
        raise ConnectError(f"Several servers of yours run here; say which one: --port, one of {ports}.")
    return meant[0]


def _is_ours(server: ServerFile) -> bool:
    """Tell whether the server belongs to this user and has llama_assist."""
    if hasattr(os, "getuid") and server.owner != os.getuid():
        return False
    try:
        client_of(server).status()
    except ConnectError:
        return False
    return True
