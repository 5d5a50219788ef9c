"""How long a key takes to its ghost text in a real JupyterLab, and what fast typing costs the engine.

    python tests/benchmarks/ghost_latency.py [--lines 20] [--json FILE]

Needs Chromium, the built front end and the weights of the default model. It types into a notebook whose context fills
an inline prompt: key by key with a pause after each, where the time from a key to the first ghost text of its request
is taken (debounce, server, model and drawing included); then 40 keys at 15 a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent / "browser"), str(Path(__file__).parent.parent)]

from lab import LabServer  # noqa: E402 - the browser tests are no package
from notebook_page import NotebookPage, until  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FAST = "total += fast_typing_of_characters(x, y)"
FAST_KEYS_PER_SECOND = 15
KEY_PAUSE = 2.0  # seconds in which the ghost of a key must come

WATCH = """() => {
  window.keyToGhost = { key: 0, shown: null };
  document.addEventListener('keydown', () => {
    window.keyToGhost = { key: performance.now(), shown: null };
  }, true);
  new MutationObserver(() => {
    const ghost = document.querySelector('.jp-GhostText');
    if (window.keyToGhost.shown === null && ghost?.textContent) {
      window.keyToGhost.shown = performance.now();
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
ELAPSED = "() => keyToGhost.shown === null ? null : keyToGhost.shown - keyToGhost.key"

READINGS = (
    "temperature",
    "pressure",
    "humidity",
    "wind_speed",
    "rainfall",
    "sunshine",
    "visibility",
    "cloud_cover",
    "snow_depth",
    "dew_point",
    "soil_moisture",
    "ozone",
    "pollen",
    "uv_index",
)


def context_cells() -> list[str]:
    """Return cells that define what the typed lines use; together they fill the room of an inline prompt."""
    cells = ["import math\nimport statistics\nfrom pathlib import Path"]
    for name in READINGS:
        cells.append(
            f'def load_{name}(path):\n    """Read the {name} of every station from a file of two columns."""\n'
            f"    {name}_by_station = {{}}\n    for line in Path(path).read_text().splitlines():\n"
            f"        station, value = line.split(',')\n"
            f"        {name}_by_station.setdefault(station, []).append(float(value))\n"
            f"    return {name}_by_station\n\n\n"
            f"def mean_{name}(values):\n    return statistics.fmean(values)"
        )
    return [*cells, "\n".join(f"{name} = load_{name}('old/{name}.csv')" for name in READINGS)]


def typed_lines(count: int) -> list[str]:
    lines = [f"{name}_by_station = load_{name}('{name}.csv')" for name in READINGS]
    lines += [f"print(mean_{name}([1.0, 2.0, 3.0]))" for name in READINGS]
    return [lines[number % len(lines)] for number in range(count)]


@contextmanager
def notebook() -> Iterator[NotebookPage]:
    """A page of a JupyterLab with the notebook, and the model loaded."""
    home = Path(tempfile.mkdtemp(prefix="ghost-latency-"))
    server = LabServer(home, scripted=False)
    server.start()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            yield opened(page, server)
            browser.close()
    finally:
        server.stop()
        shutil.rmtree(home)


def opened(page: Page, server: LabServer) -> NotebookPage:
    lab = NotebookPage(page, server)
    cells = context_cells()
    server.write_notebook("latency.ipynb", cells)
    lab.open("latency.ipynb")
    page.evaluate(WATCH)
    lab.edit(len(cells) - 1)
    lab.type("x = 1")
    until(lambda: server.get("llama-assist/status")["state"] == "ready", "the model is loaded", 120)
    settle(lab)
    return lab


def settle(lab: NotebookPage, seconds: float = 30) -> None:
    """Wait until no request is open."""
    time.sleep(0.15)
    server = lab.server
    until(lambda: len(server.records()) == len(server.records("ended")), "all requests end", seconds)


def key_times(lab: NotebookPage, lines: list[str]) -> dict[str, list[float]]:
    """Return the milliseconds from a key to its ghost, of keys that sent a request and of keys that did not."""
    times: dict[str, list[float]] = {"asked": [], "cached": []}
    for line in lines:
        lab.press("End", "Enter", "Home")
        settle(lab)
        for key in line:
            before = len(lab.server.records())
            lab.press(key)
            settle(lab, KEY_PAUSE + 10)
            elapsed = lab.page.evaluate(ELAPSED)
            if elapsed is not None:
                times["asked" if len(lab.server.records()) > before else "cached"].append(elapsed)
    return times


def fast_typing(lab: NotebookPage) -> dict[str, Any]:
    """Return what 40 keys at 15 a second cost."""
    settle(lab)
    lab.press("End", "Enter")
    settle(lab)
    before = len(lab.server.records())
    lab.type(FAST, delay=1000 / FAST_KEYS_PER_SECOND)
    settle(lab)
    ids = {each["id"] for each in lab.server.records()[before:]}
    ended = [each for each in lab.server.records("ended") if each["id"] in ids]
    cancelled = [each["tokens"] for each in ended if each["outcome"] == "cancelled"]
    return {
        "keys": len(FAST),
        "sent": len(ids),
        "answered": sum(each["outcome"] == "answered" for each in ended),
        "cancelled": len(cancelled),
        "tokens_wasted_by_each_cancelled": cancelled,
        "text_is_right": lab.sources[-1].endswith(FAST),
    }


def summary(times: list[float]) -> dict[str, Any]:
    if len(times) < 2:
        return {"count": len(times)}
    return {
        "count": len(times),
        "median_ms": round(median(times), 1),
        "p95_ms": round(quantiles(times, n=20, method="inclusive")[-1], 1),
        "worst_ms": round(max(times), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20, help="lines to type key by key (default 20)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    with notebook() as lab:
        times = key_times(lab, typed_lines(options.lines))
        prompts = [each["prompt"] for each in lab.server.records("generated") if each["prompt"]]
        fast = [fast_typing(lab) for _ in range(3)]
    figures = {
        "prompt_tokens": median(prompts) if prompts else 0,
        "key_to_ghost": summary(times["asked"]),
        "key_to_ghost_from_cache": summary(times["cached"]),
        "fast_typing": fast,
    }
    print(json.dumps(figures, indent=2))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
