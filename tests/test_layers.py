"""Imports go one way: up the layers, never down, never sideways, never in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from package_source import PACKAGE, ROOT, files, imports, internal, part_of, reached_from, uses

# From the ground up. A part imports from the lines above its own here, never from its own line or from below.
LAYERS = (
    "errors types config",
    "checkpoint syntax",
    "models engine context prompt postprocess wire client render feedback",
    "backends inline inline_prompt tasks",
    "candidates",
    "filling",
    "assistant",
    "server connect",
    "connect_local",
    "kernel",
    "magic widget lsp",
    "cli",
    "__main__",
)
LEVELS = {part: level for level, line in enumerate(LAYERS) for part in line.split()}

# Who may import what is heavy, opens sockets, or belongs to one edge.
OWNERS = {
    "torch": {"engine"},
    "transformers": {"engine"},
    "huggingface_hub": {"models"},
    "jupyter_server": {"server"},
    "tornado": {"server"},
    "IPython": {"magic", "kernel", "widget"},
    "ipywidgets": {"widget"},
    "pygls": {"lsp"},
    "socket": {"client", "connect"},
    "ssl": {"client"},
    "http.client": {"client"},
    "urllib.request": set(),
    "requests": set(),
    "httpx": set(),
    "aiohttp": set(),
    "openai": set(),
}


def test_every_part_has_a_layer() -> None:
    homeless = {part_of(module) for module in files()} - {""} - set(LEVELS)
    assert not homeless, f"Give {sorted(homeless)} a place in LAYERS, and in the picture in CONTRIBUTING.md."


def test_no_part_imports_upward_or_sideways() -> None:
    wrong = [
        f"{module}:{item.line} imports {item.target}"
        for module in files()
        if module != PACKAGE
        for item in imports(module)
        if item.target in files() and not _is_allowed(part_of(module), part_of(item.target))
    ]
    assert not wrong, "\n".join(wrong)


def _is_allowed(source: str, target: str) -> bool:
    return target in ("", source) or LEVELS[target] < LEVELS[source]


def test_the_package_itself_imports_none_of_its_parts() -> None:
    assert not internal(PACKAGE)


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: internal(module) for module in files()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("library", OWNERS)
def test_what_belongs_to_one_edge_is_imported_there_only(library: str) -> None:
    strangers = [module for module in files() if part_of(module) not in OWNERS[library] and uses(module, library)]
    assert not strangers


@pytest.mark.parametrize("module", ["server.app", "server.routes", "assistant", "backends.local", "cli.serve"])
def test_nothing_in_the_server_process_can_load_torch(module: str) -> None:
    reached = reached_from(f"{PACKAGE}.{module}")
    assert not [name for name in reached if part_of(name) == "engine"]
    assert not [name for name in reached if uses(name, "torch") or uses(name, "transformers")]


def test_a_kernel_loads_the_client_and_nothing_behind_the_server() -> None:
    parts = {part_of(module) for module in reached_from(f"{PACKAGE}.magic")}
    assert not parts & {"server", "assistant", "backends", "engine", "models", "context", "prompt"}


def test_the_engine_knows_token_ids_and_nothing_of_notebooks() -> None:
    parts = {part_of(module) for module in files() if part_of(module) == "engine" for module in reached_from(module)}
    assert parts <= {"", "engine", "checkpoint", "errors", "types"}


def test_the_guide_draws_the_same_layers() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "\n".join(LAYERS) in guide
