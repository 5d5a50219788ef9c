"""Schemas tell what a variable is, and never what it holds."""

from __future__ import annotations

import json
import sys

import numpy as np

from llama_assist.kernel.schemas import MAX_VALUE, schemas, value_text
from llama_assist.wire import task_request


class Guarded:
    """An object that fails where it is touched."""

    def __getattr__(self, name: str) -> None:
        raise SystemError("touched")

    def __str__(self) -> str:
        raise SystemError("touched")


def load(path: str, password: str = "hunter2") -> dict[str, int]:
    return {path: len(password)}


VALUES = {"numbers": [1, 2], "array": np.zeros((3, 4), "float32"), "load": load, "guarded": Guarded(), "sys": sys}


def test_types_shapes_and_signatures_are_told() -> None:
    found = {each["name"]: each for each in schemas(VALUES, VALUES)}
    assert found["numbers"] == {"name": "numbers", "type": "list", "shape": [2]}
    assert found["array"] == {"name": "array", "type": "ndarray", "shape": [3, 4], "dtype": "float32"}
    assert found["load"]["signature"].startswith("(path: 'str', password: 'str' = ...)")
    assert found["guarded"] == {"name": "guarded", "type": "Guarded"}
    assert "sys" not in found


def test_no_value_is_told() -> None:
    assert "hunter2" not in json.dumps(schemas(VALUES, VALUES))


def test_what_is_told_is_what_the_server_takes() -> None:
    document = {"cells": [{"source": "x"}], "variables": schemas(VALUES, VALUES)}
    request, _ = task_request({"task": "explain", "document": document})
    assert [variable.name for variable in request.document.variables] == ["numbers", "array", "load", "guarded"]


def test_a_value_is_bounded_and_never_raises() -> None:
    assert value_text("short") == "short"
    assert value_text("x" * 2 * MAX_VALUE).endswith(f"... ({MAX_VALUE} more characters)")
    assert "SystemError" in value_text(VALUES["guarded"])
