"""What the README promises is what the package does: its tables, its commands and its examples."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
from package_source import PACKAGE, ROOT
from traitlets import TraitType

from llama_assist import wire
from llama_assist.config import Assist
from llama_assist.models.catalogue import load_catalogue

README = (ROOT / "README.md").read_text(encoding="utf-8")
TEST_COMMAND = 'python -m pip install ".[test]" && python -m pytest'


def section(heading: str) -> str:
    """Return the text below a heading of the second level."""
    return re.split(r"^## ", README.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in `text`, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def setting(name: str, trait: TraitType[Any, Any]) -> str:
    """Return the row of a setting: its help, and what it may be where that is a list."""
    values = getattr(trait, "values", ())
    choices = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    return f"| `{name}` | `{trait.default()}` | {trait.help}{choices} |"


def test_two_commands_are_all_that_a_fresh_machine_needs() -> None:
    assert blocks(section("Install"), "sh") == ["python -m pip install . && llama-assist demo\n", f"{TEST_COMMAND}\n"]


def test_the_last_thing_that_is_checked_is_the_test_command_itself() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.splitlines()[-1] == TEST_COMMAND


def test_the_settings_are_those_of_the_package() -> None:
    expected = [setting(name, trait) for name, trait in vars(Assist).items() if isinstance(trait, TraitType)]
    table = section("Configuration").split("Environment variables")[0]
    assert re.findall(r"^\| `.*", table, flags=re.MULTILINE) == expected, "It should be:\n" + "\n".join(expected)


def test_the_variables_are_those_that_the_package_reads() -> None:
    read = set()
    for path in (ROOT / PACKAGE).rglob("*.py"):
        read |= set(re.findall(r"\bLLAMA_ASSIST_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert {row[0].strip("`") for row in rows(section("Configuration")) if row[0].startswith("`LLAMA")} == read


def test_the_models_are_those_of_the_catalogue() -> None:
    expected = [
        [f"`{model.id}`", model.role, f"{model.size / 1e6:.0f} MB", model.license, f"`{model.hub}`"]
        for model in load_catalogue().values()
    ]
    assert rows(section("Models")) == expected


def test_the_default_model_is_the_first_of_the_catalogue() -> None:
    assert Assist().model == next(iter(load_catalogue()))


def test_the_commands_are_those_of_the_command_line() -> None:
    command = [sys.executable, "-m", PACKAGE, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    commands = re.findall(r"^    (\w+) ", shown, flags=re.MULTILINE)
    assert [row[0].strip("`").removeprefix("llama-assist ") for row in rows(section("Command line"))] == commands


def test_the_routes_are_those_of_the_description() -> None:
    yaml = pytest.importorskip("yaml")
    described = yaml.safe_load((ROOT / PACKAGE / "server" / "rest-api.yml").read_text(encoding="utf-8"))["paths"]
    expected = {f"{verb.upper()} /llama-assist{path}" for path, verbs in described.items() for verb in verbs}
    assert {row[0].strip("`") for row in rows(section("Over HTTP"))} == expected


def test_the_request_by_hand_is_one_that_the_server_takes() -> None:
    (command,) = blocks(section("Over HTTP"), "sh")
    words = shlex.split(command.replace("\\\n", " "))
    request, _ = wire.completion_request(json.loads(words[words.index("-d") + 1]))
    assert request.prefix == "def mean(values):\n    return "
    assert not request.raw


def test_the_requests_in_python_are_ones_that_the_server_takes() -> None:
    calls = {ast.unparse(call.func): call for block in blocks(section("Over HTTP"), "python") for call in _calls(block)}
    wire.chat_request(_arguments(calls["client.chat.completions.create"]))
    body = _arguments(calls["client.completions.create"])
    request, delivery = wire.completion_request(body | body.pop("extra_body"))
    assert delivery.model == Assist().model
    assert request.document is not None
    assert request.document.cells[request.document.cell].source == request.prefix
    assert request.document.variables[0].columns == (("shop", "object"), ("price", "float64"))


def _calls(block: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]


def _arguments(call: ast.Call) -> dict[str, Any]:
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg is not None}
