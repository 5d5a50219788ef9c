"""The settings of `Assist` on the command line: `--model ID`, and every other as `--Assist.<name>=VALUE`."""

from __future__ import annotations

import argparse
from typing import Any

from traitlets import TraitError

from llama_assist.config import Assist
from llama_assist.errors import InvalidRequestError


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Let a command take the settings of the server, in the same spelling."""
    parser.add_argument("--model", metavar="ID", help="model to run; by default the one that the server runs")
    for name in Assist.class_own_traits(config=True):
        parser.add_argument(_flag(name), metavar="VALUE", help=argparse.SUPPRESS)
    parser.epilog = "Every setting of the server is taken too, such as --Assist.weights=int8."


def read_settings(arguments: argparse.Namespace) -> Assist:
    """Return the settings given; raise `InvalidRequestError` naming the one that is wrong."""
    given: dict[str, Any] = {}
    for name, trait in Assist.class_own_traits(config=True).items():
        text = getattr(arguments, _flag(name).lstrip("-"))
        if text is None:
            continue
        try:
            given[name] = trait.from_string(text)
            Assist(**{name: given[name]})
        except (TraitError, ValueError) as error:
            raise InvalidRequestError(f"{_flag(name)}={text}: {error}", name) from error
    if arguments.model is not None:
        given["model"] = arguments.model
    return Assist(**given)


def _flag(name: str) -> str:
    return f"--Assist.{name}"
