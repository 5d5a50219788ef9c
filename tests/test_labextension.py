"""The sources of the front end: of one version with the package, and free of what binds them to one machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path
from package_source import ROOT

import llama_assist

SOURCES = ROOT / "labextension"
MAX_FILE = 300

pytestmark = pytest.mark.skipif(not SOURCES.exists(), reason="the sources of the front end are not here")
INSTALLED = [Path(folder) / "llama-assist" for folder in jupyter_path("labextensions")]


def typescript() -> list[Path]:
    return [path for pattern in ("*.ts", "*.tsx") for path in (SOURCES / "src").rglob(pattern)]


def test_the_front_end_has_the_version_of_the_package() -> None:
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == llama_assist.__version__


def test_jupyter_is_told_the_name_under_which_the_front_end_is_installed() -> None:
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    (path,) = llama_assist._jupyter_labextension_paths()
    assert path["dest"] == package["name"]
    assert (SOURCES / package["jupyterlab"]["outputDir"]).resolve() == ROOT / "llama_assist" / path["src"]


@pytest.mark.skipif(not any(path.exists() for path in INSTALLED), reason="the front end is not installed")
def test_jupyterlab_lists_the_front_end_as_working(tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    shown = subprocess.run(
        [sys.executable, "-m", "jupyterlab.labextensions", "list"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        check=True,
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert re.search(rf"\bllama-assist v{re.escape(llama_assist.__version__)} enabled +OK\b", text), text
    assert "not compatible" not in text


def test_the_lock_file_names_no_place_to_download_from() -> None:
    assert not re.findall(r"https?://\S+", (SOURCES / "yarn.lock").read_text(encoding="utf-8"))


def test_every_setting_is_read_somewhere() -> None:
    schema = json.loads((SOURCES / "schema" / "plugin.json").read_text(encoding="utf-8"))
    code = "".join(path.read_text(encoding="utf-8") for path in typescript() if "__tests__" not in path.parts)
    assert not [name for name in schema["properties"] if code.count(f"'{name}'") == 0]


def test_every_command_of_the_schema_exists() -> None:
    text = (SOURCES / "schema" / "plugin.json").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in typescript())
    names = set(re.findall(r'"command": "llama-assist:([\w-]+)"', text))
    assert names
    assert not [name for name in names if not re.search(rf"\b{name}\b", code)]


def test_no_file_of_the_front_end_is_long() -> None:
    sizes = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in typescript()}
    assert not {name: size for name, size in sizes.items() if size > MAX_FILE}
