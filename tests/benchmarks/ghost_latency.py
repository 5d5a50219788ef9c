"""How long a key takes to its ghost text in a real JupyterLab, and what fast typing costs the engine.

    python tests/benchmarks/ghost_latency.py [--pauses 120] [--seconds 240] [--json FILE]

Needs Chromium, the built front end and the weights of the default model. It types into a notebook whose context fills
an inline prompt: the beginning of a line, fast, and then a pause, where the time from the last key to the frame with
the first ghost text of its request is taken (debounce, server, model and drawing included); then the key that the ghost
begins with, which costs no request; then the rest. Pauses in which the model suggests nothing have no time; they are
counted. Then 40 keys at 15 a second, three times. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
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
FAST_RUNS = 3
SENT_WITHIN = 0.25  # seconds in which what the page asks is at the server
MORE_TIME = 10  # seconds in which a request must go out

# A key may trim the ghost of an earlier request, or leave it for a moment: what is drawn counts for the request of the
# key only after that has gone out.
WATCH = """() => {
  const now = () => performance.now();
  window.keyToGhost = { key: 0, asked: null, drawn: [] };
  document.addEventListener('keydown', () => {
    window.keyToGhost = { key: now(), asked: null, drawn: [] };
  }, true);
  const fetch = window.fetch;
  window.fetch = async (...request) => {
    const url = request[0].url ?? String(request[0]);
    if (url.includes('llama-assist/v1/completions')) {
      window.keyToGhost.asked = now();
    }
    return fetch(...request);
  };
  new MutationObserver(() => {
    const at = window.keyToGhost;
    if (document.querySelector('.jp-GhostText')?.textContent) {
      requestAnimationFrame(() => at.drawn.push(now()));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}"""
ASKED = "() => keyToGhost.asked !== null"
ELAPSED = """() => {
  const { key, asked, drawn } = keyToGhost;
  const first = drawn.find(each => each > (asked ?? key));
  return first === undefined ? null : first - key;
}"""

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


def typed_lines() -> Iterator[tuple[str, str]]:
    """Yield the two parts of lines, between which there is a pause."""
    lines = [f"{name}_by_station = load_{name}('{name}.csv')" for name in READINGS]
    lines += [f"print(mean_{name}([1.0, 2.0, 3.0]))" for name in READINGS]
    for share in cycle((0.35, 0.6, 0.45, 0.75)):
        for line in lines:
            cut = int(len(line) * share)
            yield line[:cut], line[cut:]


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
    page.add_init_script(f"({WATCH})()")  # JupyterLab keeps the `fetch` that it finds
    lab = NotebookPage(page, server)
    cells = context_cells()
    server.write_notebook("latency.ipynb", cells)
    lab.open("latency.ipynb")
    lab.edit(len(cells) - 1)
    lab.type("x = 1")
    until(lambda: server.get("llama-assist/status")["state"] == "ready", "the model is loaded", 120)
    settle(lab)
    return lab


def settle(lab: NotebookPage, seconds: float = 30) -> None:
    """Wait until no request is open."""
    time.sleep(SENT_WITHIN)
    server = lab.server
    until(lambda: len(server.records()) == len(server.records("ended")), "all requests end", seconds)


class KeyTimes:
    """Milliseconds from a key to its ghost, of keys that sent a request and of keys that did not."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.cached: list[float] = []
        self.num_pauses = 0

    def pause(self, lab: NotebookPage, text: str) -> None:
        """Type `text`, and take the time of its last key when its request has ended."""
        lab.type(text, delay=10)
        self.num_pauses += 1
        until(lambda: lab.page.evaluate(ASKED), "a request goes out", MORE_TIME)
        settle(lab)
        elapsed = lab.page.evaluate(ELAPSED)
        if elapsed is not None:
            self.asked.append(elapsed)

    def go_on(self, lab: NotebookPage, key: str) -> None:
        """Type a key that the ghost begins with, and take its time."""
        lab.press(key)
        lab.page.wait_for_timeout(250)
        elapsed = lab.page.evaluate(ELAPSED)
        if elapsed is not None and not lab.page.evaluate(ASKED):
            self.cached.append(elapsed)

    def tell(self) -> None:
        typical = f"median {median(self.asked):.0f} ms" if self.asked else "no time yet"
        print(f"{self.num_pauses} pauses, {len(self.asked)} with a ghost: {typical}", file=sys.stderr, flush=True)


def key_times(lab: NotebookPage, pauses: int, seconds: float) -> KeyTimes:
    """Type until there were so many pauses, or until the time is over."""
    times, end = KeyTimes(), time.monotonic() + seconds
    for head, tail in islice(typed_lines(), pauses):
        lab.press("End", "Enter", "Home")
        times.pause(lab, head)
        if lab.ghost.startswith(tail[0]):
            times.go_on(lab, tail[0])
            tail = tail[1:]
        lab.type(tail)
        if times.num_pauses % 10 == 0:
            times.tell()
        if time.monotonic() > end:
            break
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
    parser.add_argument("--pauses", type=int, default=120, help="lines to pause in (default 120)")
    parser.add_argument("--seconds", type=float, default=240, help="most seconds to spend on them (default 240)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    print("starting JupyterLab and loading the model", file=sys.stderr)
    with notebook() as lab:
        times = key_times(lab, options.pauses, options.seconds)
        prompts = [each["prompt"] for each in lab.server.records("generated") if each["prompt"]]
        fast = [fast_typing(lab) for _ in range(FAST_RUNS)]
    figures = {
        "load_average": os.getloadavg()[0],
        "prompt_tokens": median(prompts) if prompts else 0,
        "key_to_ghost": summary(times.asked),
        "key_to_ghost_without_a_request": summary(times.cached),
        "pauses": times.num_pauses,
        "fast_typing": fast,
    }
    print(json.dumps(figures, indent=2))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
