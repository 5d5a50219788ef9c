"""Short functions and short files: what keeps the code readable is its longest tail, so the tail is capped."""

from __future__ import annotations

import ast
from statistics import median

from package_source import files, tree
from traitlets import TraitType

from llama_assist.config import Assist

MAX_FILE = 300
MAX_FUNCTION = 50
USUAL_FUNCTION = 30  # at least nine of ten functions are no longer
MEDIAN_FUNCTION = 10
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}


def function_sizes() -> dict[str, int]:
    """Return the lines of every function, from `def` to its end, by its place."""
    return {
        f"{module}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module in files()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }


def test_no_file_is_long() -> None:
    sizes = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in files().items()}
    assert not {module: size for module, size in sizes.items() if size > MAX_FILE}


def test_no_function_is_long() -> None:
    assert not {place: size for place, size in function_sizes().items() if size > MAX_FUNCTION}


def test_most_functions_are_short() -> None:
    sizes = function_sizes().values()
    assert median(sizes) <= MEDIAN_FUNCTION
    assert sum(size <= USUAL_FUNCTION for size in sizes) >= 0.9 * len(sizes)


def test_every_module_says_what_it_holds() -> None:
    assert not [module for module in files() if not ast.get_docstring(tree(module))]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [module for module in files() if set(module.split(".")) & VAGUE_NAMES]


def test_every_setting_is_read_somewhere() -> None:
    settings = [name for name, trait in vars(Assist).items() if isinstance(trait, TraitType)]
    read = {
        node.attr
        for module in files()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert not [name for name in settings if name not in read]
