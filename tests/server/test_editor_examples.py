"""The settings in `examples/editors` can be read by the programs that they are for, and name routes that exist."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from fake_assistant import FakeAssistant
from package_source import ROOT

from llama_assist.server.routes import routes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = ROOT / "examples" / "editors"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".md")
READERS = {".json": json.loads, ".yaml": yaml.safe_load, ".toml": tomllib.loads}
ADDRESS = re.compile(r"127\.0\.0\.1:8888([\w/.-]*)|\"(/llama-assist[\w/.-]*)\"|'(/[\w/]+)'")
BASES = {"", "/llama-assist", "/llama-assist/v1"}


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in READERS], ids=lambda path: path.name)
def test_settings_are_well_formed(path: Path) -> None:
    assert READERS[path.suffix](path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_addresses_are_those_of_routes(path: Path) -> None:
    served = {route for route, _, _ in routes(FakeAssistant())}
    for match in ADDRESS.finditer(path.read_text("utf-8")):
        address = next(filter(None, match.groups()), "").rstrip("/")
        known = address in served | BASES or f"/llama-assist{address}" in served
        assert known, f"{path.name} names {address}"


def test_the_table_names_every_file() -> None:
    table = (FOLDER / "README.md").read_text("utf-8")
    assert sorted(set(re.findall(r"\]\(([\w.-]+)\)", table))) == [path.name for path in FILES]


def test_no_file_holds_a_key() -> None:
    for path in FILES:
        text = path.read_text("utf-8")
        keys = re.findall(r"(?:api_?key\w*|token|apiKey)\"?\s*[:=]\s*\"?([\w-]{12,})", text, flags=re.IGNORECASE)
        assert set(keys) <= {"PUT-THE-KEY-HERE", "llama_assist"}, path.name
