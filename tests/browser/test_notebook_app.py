"""The same extension in Jupyter Notebook 7, where there is no tab bar and no exposed application."""

from __future__ import annotations

import pytest
from lab import TOKEN, LabServer
from notebook_page import GHOST, until
from playwright.sync_api import Page

pytest.importorskip("notebook", reason="Jupyter Notebook is not installed")


def test_ghost_text_is_shown_and_accepted_in_notebook_7(page: Page, scripted_server: LabServer) -> None:
    scripted_server.write_notebook("classic.ipynb", [""])
    page.goto(f"{scripted_server.url}/notebooks/classic.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-CodeCell [data-language]", timeout=60_000)
    page.wait_for_timeout(1500)  # the host reads the settings of the providers
    page.click(".jp-CodeCell .cm-content")
    page.keyboard.type("tot", delay=40)
    until(lambda: page.evaluate(GHOST) == "al = sum(range(10))", "the suggestion is shown")
    page.keyboard.press("Alt+.")
    page.keyboard.press("Tab")
    until(lambda: page.locator(".cm-line").first.text_content() == "total = sum(range(10))", "it is accepted")
