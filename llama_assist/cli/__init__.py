"""The command `llama-assist`: each subcommand adds its own parser and its own `run(arguments) -> exit code`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from llama_assist import __version__
from llama_assist.errors import AssistError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run the command; errors become one sentence on stderr."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments, rest = _parser().parse_known_args(given)
    if rest and not getattr(arguments, "takes_server_flags", False):
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    try:
        code: int = arguments.run(arguments)
    except AssistError as error:
        print(f"llama-assist: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    from llama_assist.cli import bench, complete, demo, evaluate, key, lsp, model, serve, status

    parser = argparse.ArgumentParser("llama-assist", description="A private code assistant for Jupyter.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (demo, model, serve, key, lsp, status, complete, evaluate, bench):
        command.add_parser(commands)
    return parser
