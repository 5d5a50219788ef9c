"""The schemas of a kernel's variables: type, shape, columns, signature. Values only where they are asked for."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

MAX_COLUMNS = 40
MAX_WORD = 60
MAX_SIGNATURE = 200
MAX_VALUE = 1_000

_FRAMES = frozenset({"pandas", "geopandas", "polars"})
_ARRAYS = _FRAMES | {"numpy", "torch", "jax", "jaxlib", "scipy", "tensorflow", "cupy", "xarray"}
_SIZED = (list, tuple, set, frozenset, dict, str, bytes)


def schemas(names: Iterable[str], namespace: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the schemas of those names that are variables, as the wire has them; modules have none.

    Objects of the user's own classes are named and not touched: their attributes may run code.
    """
    found = ((name, namespace[name]) for name in dict.fromkeys(names) if name in namespace)
    return [{"name": name, **_described(value)} for name, value in found if not isinstance(value, types.ModuleType)]


def value_text(value: object) -> str:
    """Return a value as text of at most `MAX_VALUE` characters; what is left out is counted in it."""
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception as error:
        return f"(its text cannot be had: {type(error).__name__})"
    left_out = len(text) - MAX_VALUE
    return text if left_out <= 0 else f"{text[:MAX_VALUE]}... ({left_out} more characters)"


def _described(value: object) -> dict[str, Any]:
    kind = type(value)
    named = {"type": kind.__name__[:MAX_WORD]}
    try:
        return named | _details(value, kind)
    except Exception:  # whatever a library's object raises: its name is enough
        return named


def _details(value: Any, kind: type) -> dict[str, Any]:
    root = (kind.__module__ or "").partition(".")[0]
    if kind in _SIZED:
        return {"shape": [len(value)]}
    if root in _ARRAYS and root in sys.modules and hasattr(kind, "shape"):
        return _array(value, root)
    if isinstance(value, types.FunctionType | type):
        return {"signature": _signature(value)}
    return {}


def _array(value: Any, root: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"shape": [int(size) for size in value.shape]}
    if hasattr(value, "dtype"):
        schema["dtype"] = str(value.dtype)[:MAX_WORD]
    if root in _FRAMES and type(value).__name__.endswith("DataFrame"):
        columns = islice(zip(value.columns, value.dtypes, strict=False), MAX_COLUMNS)
        schema["columns"] = [[str(name)[:MAX_WORD], str(dtype)[:MAX_WORD]] for name, dtype in columns]
    return schema


class _Hidden:
    def __repr__(self) -> str:
        return "..."


def _signature(value: Any) -> str:
    """Return the signature with its defaults hidden: they are values."""
    shown, empty = inspect.signature(value), inspect.Parameter.empty
    parameters = [
        each if each.default is empty else each.replace(default=_Hidden()) for each in shown.parameters.values()
    ]
    return str(shown.replace(parameters=parameters))[:MAX_SIGNATURE]
