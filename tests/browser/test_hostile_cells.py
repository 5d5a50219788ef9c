"""What a hostile model writes is inert in the output of a cell: when it comes, in a copy of unknown origin, in HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lab import LabServer, running
from notebook_page import NotebookPage, until
from payloads import PAYLOADS
from playwright.sync_api import Browser, Page
from sse_server import TOKEN, Script, answer, serve

BATCH = 45  # outputs in a cell; JupyterLab shows 50
ASK = """for number in range({0}, {1}):
    get_ipython().run_cell_magic("llama", "--no-context", str(number))"""
ASKS = [ASK.format(start, min(start + BATCH, len(PAYLOADS))) for start in range(0, len(PAYLOADS), BATCH)]
NOTEBOOK = ["%load_ext llama_assist", *ASKS]

CODE = "open('was-run', 'w').close()"

RUN = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"
SAVE = "() => jupyterapp.shell.currentWidget.context.save()"
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.slice(1).map(
  cell => [cell.model.executionCount, cell.model.trusted])"""
TEXTS = "() => Array.from(document.querySelectorAll('.llama-assist')).map(each => each.innerText)"
HIDDEN = "() => Array.from(document.querySelectorAll('.llama-assist')).filter(e => !e.checkVisibility()).length"
NODES = """() => Array.from(document.querySelectorAll('.llama-assist, .llama-assist *')).flatMap(
  each => [[each.localName, '', ''], ...Array.from(each.attributes).map(a => [each.localName, a.name, a.value])])"""

SOURCES = """() => jupyterapp.shell.currentWidget.content.widgets.map(
  cell => [cell.model.sharedModel.getSource(), cell.model.executionCount])"""

# fmt: off
TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "span", "strong", "style", "table", "tbody", "td", "th", "thead", "tr", "ul",
}
# fmt: on
ATTRIBUTES = {"a": {"", "href", "rel", "target"}, "ol": {"", "start"}}
OF_LAB = {"numbering-entry"}  # the numbers of JupyterLab's table of contents
REL = frozenset({"noopener", "noreferrer", "nofollow"})


def hostile(body: Any) -> Script:
    """Return the payload whose number was asked for, or else some code, in pieces of some characters."""
    asked = body["messages"][-1]["content"]
    text = PAYLOADS[int(asked)] if asked.isdecimal() else f"So:\n\n```python\n{CODE}\n```\n"
    return Script(answer(*(text[start : start + 40] for start in range(0, len(text), 40))))


@dataclass
class Guard:
    """Notes what a page asks of the net, where it goes, and every script that speaks up."""

    page: Page
    asked: list[str] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("popup", lambda popup: self.deeds.append(f"popup {popup.url}"))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Any) -> None:
        self.deeds.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def hosts(self) -> set[str]:
        """Return the hosts that were asked."""
        return {urlsplit(url).netloc for url in self.asked if not url.startswith(("data:", "blob:"))}

    def check(self, rel: frozenset[str]) -> None:
        """Fail unless all payloads are shown, and nothing of them has done or can do anything.

        `rel` is what each link must have; JupyterLab puts its own in the place of ours, some time later.
        """
        assert self.deeds == []
        assert len(self.page.evaluate(TEXTS)) == len(PAYLOADS)
        assert self.page.evaluate(HIDDEN) == 0
        for tag, name, value in self.page.evaluate(NODES):
            assert tag in TAGS
            assert name in ATTRIBUTES.get(tag, {"", "class"}), (tag, name, value)
            assert name != "href" or urlsplit(value).scheme in ("http", "https", "mailto"), value
            assert name != "rel" or rel <= set(value.split()), value
            assert name != "class" or tag == "div" or value.startswith("la-") or value in OF_LAB, value


@dataclass
class Ran:
    """The notebook after all its cells ran, saved, in a page that is still open."""

    lab: LabServer
    page: Page
    guard: Guard


@pytest.fixture(scope="module")
def hostile_lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A server whose kernels ask a hostile model."""
    with serve() as model, pytest.MonkeyPatch.context() as patch:
        model.choose = hostile
        patch.setenv("LLAMA_ASSIST_URL", model.url)
        patch.setenv("LLAMA_ASSIST_KEY", TOKEN)
        lab = LabServer(tmp_path_factory.mktemp("hostile"), scripted=True)
        lab.write_notebook("hostile.ipynb", NOTEBOOK)
        tracker = lab.home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        tracker.parent.mkdir(parents=True)
        tracker.write_text(json.dumps({"windowingMode": "none"}))  # keeps every cell in the page
        yield from running(lab)


@pytest.fixture(scope="module")
def ran(browser: Browser, hostile_lab: LabServer) -> Iterator[Ran]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    guard = Guard(page)
    NotebookPage(page, hostile_lab).open("hostile.ipynb")
    page.evaluate(RUN)
    until(lambda: len(page.evaluate(TEXTS)) == len(PAYLOADS), "every answer is shown", 240)
    until(lambda: all(count for count, _ in page.evaluate(CELLS)), "every cell has ended")
    page.evaluate(SAVE)
    yield Ran(hostile_lab, page, guard)
    context.close()


def test_hostile_answers_do_nothing_when_they_come(ran: Ran) -> None:
    assert all(trusted for _, trusted in ran.page.evaluate(CELLS))
    ran.guard.check(frozenset())
    assert ran.guard.hosts() == {urlsplit(ran.lab.url).netloc}


def test_hostile_answers_do_nothing_in_a_copy_of_unknown_origin(ran: Ran, page: Page) -> None:
    saved = json.loads((ran.lab.root / "hostile.ipynb").read_text(encoding="utf-8"))
    for cell in saved["cells"][1:]:
        cell["outputs"].append({"output_type": "stream", "name": "stdout", "text": "changed by hand"})
    (ran.lab.root / "copy.ipynb").write_text(json.dumps(saved), encoding="utf-8")
    guard = Guard(page)
    NotebookPage(page, ran.lab).open("copy.ipynb")
    until(lambda: len(page.evaluate(TEXTS)) == len(PAYLOADS), "every answer is shown")
    assert not any(trusted for _, trusted in page.evaluate(CELLS))
    guard.check(frozenset())
    assert guard.hosts() == {urlsplit(ran.lab.url).netloc}
    assert page.evaluate(TEXTS) == ran.page.evaluate(TEXTS)


def test_hostile_answers_do_nothing_in_exported_html(ran: Ran, page: Page, tmp_path: Path) -> None:
    exporter = pytest.importorskip("nbconvert", reason="nbconvert writes the HTML").HTMLExporter()
    html, _ = exporter.from_filename(str(ran.lab.root / "hostile.ipynb"))
    (tmp_path / "hostile.html").write_text(html, encoding="utf-8")
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    guard = Guard(page)
    page.goto((tmp_path / "hostile.html").as_uri())
    guard.check(REL)
    assert not any("evil" in host for host in guard.hosts())


def test_offered_code_is_a_cell_below_that_has_not_run(hostile_lab: LabServer, page: Page) -> None:
    hostile_lab.write_notebook("offer.ipynb", [NOTEBOOK[0], "%%llama --no-context --code\nWrite code.", "after = 1"])
    NotebookPage(page, hostile_lab).open("offer.ipynb")
    page.evaluate(RUN)
    until(lambda: len(page.evaluate(SOURCES)) == 4, "a cell is offered")
    until(lambda: page.evaluate(SOURCES)[-1][1], "the cell behind it has run")
    sources = page.evaluate(SOURCES)
    assert [source for source, _ in sources][2:] == [CODE, "after = 1"]
    assert sources[2][1] is None
    assert not (hostile_lab.root / "was-run").exists()
