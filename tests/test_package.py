"""What is installed: a package that is light to import, enabled in Jupyter, and complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from package_source import PACKAGE, ROOT, files, imports

import llama_assist

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA_SUFFIXES = {".toml", ".scm", ".txt", ".json", ".yml", ".typed"}
DISTRIBUTIONS = {"markdown_it": "markdown-it-py"}
OPTIONAL = {
    "llama_cpp",  # measured against, where the user has it
    "tomllib",  # a part of Python since 3.11
    "pygls",  # the extra `lsp`
    "lsprotocol",  # comes with pygls
}
HEAVY = {"torch", "transformers", "tokenizers", "huggingface_hub", "numpy"}


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules of a fresh interpreter after `statement`."""
    script = f"{statement}\nimport sys; print(*(name for name in sys.modules))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(shown.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = HEAVY | {"jupyter_server", "IPython", "tornado", "traitlets", "psutil", "asyncio"}
    assert not loaded_after(f"import {PACKAGE}") & heavy


def test_the_server_process_loads_no_torch() -> None:
    parts = ("server.app", "server.routes", "assistant", "backends.local")
    loaded = loaded_after("import " + ", ".join(f"{PACKAGE}.{part}" for part in parts))
    assert f"{PACKAGE}.backends.local" in loaded
    assert not loaded & {"torch", "transformers"}


def test_the_kernel_loads_a_client_and_no_server() -> None:
    loaded = loaded_after(f"import {PACKAGE}.magic")
    assert f"{PACKAGE}.client" in loaded
    assert not loaded & (HEAVY | {"jupyter_server"})


def test_jupyter_lists_the_extension_as_working(tmp_path: Path) -> None:
    try:
        distribution("llama-assist")
    except PackageNotFoundError:
        pytest.skip("llama-assist is not installed as a distribution here")
    shown = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path), "NO_COLOR": "1"},
        check=True,
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert re.search(r"^ *llama_assist enabled\b", text, flags=re.MULTILINE), text
    assert re.search(rf"^ *llama_assist {re.escape(llama_assist.__version__)} OK\b", text, flags=re.MULTILINE), text


def test_the_version_stands_in_one_place() -> None:
    literal = re.compile(rf'"{re.escape(llama_assist.__version__)}"')
    places = [*files().values(), ROOT / "pyproject.toml"]
    assert [path for path in places if literal.search(path.read_text("utf-8"))] == [ROOT / PACKAGE / "__init__.py"]


def test_the_installed_version_is_this_one() -> None:
    try:
        installed = distribution("llama-assist").version
    except PackageNotFoundError:
        pytest.skip("llama-assist is not installed as a distribution here")
    assert installed == llama_assist.__version__


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w-]", line)[0].replace("_", "-") for line in project["dependencies"]}
    imported = {item.target.partition(".")[0] for module in files() for item in imports(module) if not item.is_typing}
    libraries = imported - sys.stdlib_module_names - OPTIONAL - {PACKAGE}
    names = {DISTRIBUTIONS.get(library, library).lower().replace("_", "-") for library in libraries}
    assert names <= declared


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names in a wheel that is built now."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    pytest.importorskip("hatch_jupyter_builder", reason="hatch-jupyter-builder, which builds the front end, is missing")
    if not (ROOT / PACKAGE / "labextension" / "static" / "style.js").exists():
        pytest.skip("the front end is not built; `pip install .` builds it")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    without_building = os.environ | {"SKIP_JUPYTER_BUILDER": "1"}  # which needs Node, and a network
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=without_building)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: set[str]) -> None:
    found = [path for path in (ROOT / PACKAGE).rglob("*") if path.suffix in DATA_SUFFIXES or path.suffix == ".py"]
    sources = [path for path in found if ROOT / PACKAGE / "labextension" not in path.parents]  # installed elsewhere
    expected = {path.relative_to(ROOT).as_posix() for path in [*sources, ROOT / PACKAGE / "py.typed"]}
    assert {name for name in wheel if name.startswith(f"{PACKAGE}/")} == expected | {f"{PACKAGE}/examples/tour.ipynb"}


@pytest.mark.parametrize(
    "name",
    [
        "models/catalogue.toml",
        "models/licenses/Apache-2.0.txt",
        "prompt/fim.toml",
        "server/rest-api.yml",
        "syntax/queries/python/outline.scm",
        "syntax/queries/python/reduce.scm",
        "syntax/queries/python/signatures.scm",
        "py.typed",
    ],
)
def test_the_wheel_holds_the_data_without_which_nothing_works(wheel: set[str], name: str) -> None:
    assert f"{PACKAGE}/{name}" in wheel


def test_the_wheel_brings_the_front_end_built(wheel: set[str]) -> None:
    folder = f"llama_assist-{llama_assist.__version__}.data/data/share/jupyter/labextensions/llama-assist"
    assert {f"{folder}/package.json", f"{folder}/install.json", f"{folder}/static/style.js"} <= wheel
    assert any(name.startswith(f"{folder}/static/remoteEntry.") for name in wheel)
    assert f"{folder}/schemas/llama-assist/plugin.json" in wheel
    assert not [name for name in wheel if name.endswith("build_log.json")]


def test_the_wheel_enables_the_server_extension_and_brings_the_licence(wheel: set[str]) -> None:
    stem = f"llama_assist-{llama_assist.__version__}"
    assert f"{stem}.data/data/etc/jupyter/jupyter_server_config.d/llama_assist.json" in wheel
    assert f"{stem}.dist-info/licenses/LICENSE" in wheel
