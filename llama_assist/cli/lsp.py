"""`llama-assist lsp`: the language server for editors, on stdin and stdout or at a port of this machine."""

from __future__ import annotations

import argparse
import ipaddress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from llama_assist.errors import AssistError, InvalidRequestError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "lsp",
        help="serve an editor by the language server protocol",
        epilog="It asks the Jupyter server or `llama-assist serve` that runs, or starts one that ends with it.",
    )
    parser.add_argument("--stdio", action="store_true", help="talk on stdin and stdout, as without --port")
    parser.add_argument("--port", type=int, help="listen here instead, for one editor; whoever is here may connect")
    parser.add_argument("--host", default="127.0.0.1", help="address of this machine to listen at (127.0.0.1)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the editor has gone."""
    if find_spec("pygls") is None:
        raise AssistError("The language server needs pygls: python -m pip install 'llama-assist[lsp]'")
    _require_loopback(arguments.host)
    from llama_assist.lsp.server import Server

    server = Server()
    if arguments.port is None:
        server.run_stdio()
    else:
        server.run_tcp(arguments.host, arguments.port)
    return 0


def _require_loopback(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise InvalidRequestError(f"{host} is no address; 127.0.0.1 and ::1 are served.", "host") from None
    if not address.is_loopback:
        raise InvalidRequestError(f"{host} can be reached from elsewhere; only loopback is served.", "host")
