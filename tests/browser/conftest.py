"""A browser, and JupyterLab servers for it; without one of them these tests are skipped with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path
from lab import LabServer, running
from notebook_page import NotebookPage
from real_models import DEFAULT, installed

playwright = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is not installed")

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests last: the driver of the browser has a running loop, beside which no other may run."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """The driver of the browser has a running loop of its own, which pytest-jupyter's would close."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """The servers of these tests are processes; there is none of this one to clean up."""


def chromium() -> str:
    """Return the path of the system's browser, or skip."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


@pytest.fixture(scope="session")
def _front_end() -> None:
    """Skip where JupyterLab would not find the extension."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    if not any((Path(folder) / "llama-assist" / "package.json").exists() for folder in jupyter_path("labextensions")):
        pytest.skip("the front end is not installed; `pip install .` builds and installs it")


@pytest.fixture(scope="session")
def browser(_front_end: None) -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def scripted_server(browser: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    yield from running(LabServer(tmp_path_factory.mktemp("scripted"), scripted=True))


@pytest.fixture(scope="session")
def real_server(browser: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    installed(DEFAULT)
    yield from running(LabServer(tmp_path_factory.mktemp("real"), scripted=False))


@pytest.fixture(params=["scripted", pytest.param("real", marks=pytest.mark.weights)])
def server(request: pytest.FixtureRequest) -> LabServer:
    """Each of both servers in turn; a test with it may not depend on what is suggested."""
    found: LabServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def lab(page: playwright.Page, server: LabServer) -> NotebookPage:
    return NotebookPage(page, server)


@pytest.fixture
def scripted(page: playwright.Page, scripted_server: LabServer) -> NotebookPage:
    return NotebookPage(page, scripted_server)
