"""Print how long context takes: cold, per key and per new line on 200 cells, and on broken text.

    python tests/benchmarks/context_speed.py
    python tests/benchmarks/context_speed.py --broken 500

With `--broken`: so many texts of 100 kB, by the generators of tests/context/test_broken_code.py. `bare` is what
tree-sitter alone takes for the whole text; `current` and `other` are the whole way from the text to the context, with
the text as the cell of the cursor or as another cell. Times are CPU times, so other programs count little.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import tree_sitter

sys.path.insert(0, str(Path(__file__).parents[1]))

from broken_code import CODE, DEEP, KINDS, WEIGHTS, broken_text

from llama_assist.context import ContextBuilder
from llama_assist.context.outline import outline
from llama_assist.syntax import grammar, parse
from llama_assist.types import Cell, Document

CELL = '''import library_{i} as lib{i}

def load_{i}(path, limit={i}, *, strict=True):
    """Read the table number {i} from a path."""
    rows = [row.strip() for row in open(path) if row]
    return lib{i}.frame(rows[:limit], strict=strict)

frame_{i} = load_{i}("data/{i}.csv").merge(frame_{j}, on="key")
frame_{i}["ratio"] = frame_{i}.left / frame_{i}.right
for name, group in frame_{i}.groupby("kind"):
    print(name, group.ratio.mean(), len(group))
frame_{i}.plot(x="time", y="ratio", title="table {i}")
'''
TYPED = "result = frame_42.groupby('kind').ratio.mean()\nother = load_17('x.csv', limit=3)\nresult.plot(kind='bar')\n"
SIZE = 100_000
SMALL = 4_000


def notebook(num_cells: int) -> Document:
    """Return a notebook of code cells, each using the one before, with a heading above every tenth."""
    cells = []
    for i in range(num_cells):
        source = f"## Part {i}\n\nWhat comes next." if i % 10 == 0 else CELL.format(i=i, j=max(1, i - 1))
        cells.append(Cell(source, "markdown" if i % 10 == 0 else "code"))
    return Document((*cells, Cell("")), num_cells, "speed.ipynb")


def count(text: str) -> int:
    """Count tokens roughly, at the price of a real tokenizer: 35 microseconds for 100 tokens."""
    end = time.thread_time() + 35e-6 * len(text) / 350
    while time.thread_time() < end:
        pass
    return -(-len(text) * 2 // 7)


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time that `work` takes: other programs do not count."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1_000


def show(name: str, times: list[float]) -> None:
    """Print the median, the 99th percentile and the most."""
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    middle = statistics.median(times)
    print(f"{name:42s} n={len(times):5d}  median {middle:7.2f} ms  p99 {p99:7.2f}  max {ordered[-1]:7.2f}")


def typing(num_cells: int) -> None:
    """Type some lines at the end of a notebook, key by key."""
    document = notebook(num_cells)
    show(f"cold, {num_cells} cells", [milliseconds(lambda: _build(ContextBuilder(), document, "")) for _ in range(5)])
    builder = ContextBuilder()
    _build(builder, document, "")
    keys, lines, changed = [], [], 0
    blocks = None
    for end in range(1, len(TYPED) + 1):
        took = milliseconds(lambda end=end: _build(builder, document, TYPED[:end]))  # type: ignore[misc]
        (lines if TYPED[end - 1] == "\n" else keys).append(took)
        context = _build(builder, document, TYPED[:end])
        changed += blocks is not None and context.blocks != blocks
        blocks = context.blocks
    show("key", keys)
    show("new line", lines)
    print(f"selections changed over {len(TYPED)} keys: {changed}")


def _build(builder: ContextBuilder, document: Document, prefix: str):  # type: ignore[no-untyped-def]
    return builder.build(document, prefix, "", 1_000, count)


def broken(num_inputs: int) -> None:
    """Print the times for broken texts of 100 kB by their kind, for all together, and for small ones."""
    chooser = random.Random(7)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for kind in chooser.choices(KINDS, WEIGHTS, k=num_inputs):
        for name, taken in _steps(broken_text(chooser, kind, SIZE)).items():
            times[kind, name].append(taken)
            times["all", name].append(taken)
    for nest in DEEP:
        for name, taken in _steps(nest * (SIZE // len(nest))).items():
            times["nested", name].append(taken)
    for name, taken in _steps(CODE * (SIZE // len(CODE))).items():
        times["unbroken", name].append(taken)
    for kind in chooser.choices(KINDS, WEIGHTS, k=num_inputs):
        for name, taken in _steps(broken_text(chooser, kind, SMALL)).items():
            times[f"all of {SMALL // 1000} kB", name].append(taken)
    _table(times)


def _steps(text: str) -> dict[str, float]:
    """Return the milliseconds per 100 kB (of a small text, as they are) of each step."""
    language = grammar("python")
    assert language is not None
    data, half = text.encode("utf-8", "replace"), len(text) // 2
    current, other = Document((Cell(text),)), Document((Cell(text), Cell("x = ")), 1)
    parsed = parse(text, "python", focus=half)
    taken = {
        "bare": milliseconds(lambda: tree_sitter.Parser(language).parse(data)),
        "parse": milliseconds(lambda: parse(text, "python", focus=half)),
        "outline": milliseconds(lambda: outline(parsed)),
        "current": milliseconds(lambda: ContextBuilder().build(current, text[:half], text[half:], 1_000, count)),
        "other": milliseconds(lambda: ContextBuilder().build(other, "x = ", "", 1_000, count)),
    }
    scale = SIZE / len(data) if len(data) > SMALL * 2 else 1.0
    return {name: each * scale for name, each in taken.items()}


def _table(times: dict[tuple[str, str], list[float]]) -> None:
    print("kind                 n  step     median     p95     p99     max  of bare")
    for (kind, name), taken in times.items():
        ordered = sorted(taken)
        p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.95, 0.99))
        middle = statistics.median(ordered)
        share = middle / statistics.median(times[kind, "bare"])
        figures = "".join(f"{each:8.1f}" for each in (middle, p95, p99, ordered[-1]))
        print(f"{kind:16s} {len(taken):5d}  {name:8s}{figures} {share:8.2f}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--broken", type=int, default=0, metavar="N", help="measure N broken texts of 100 kB")
    chosen = options.parse_args()
    if chosen.broken:
        broken(chosen.broken)
    else:
        typing(200)
