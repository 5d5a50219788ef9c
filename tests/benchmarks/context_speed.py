"""Print how long context takes: cold, per key and per new line on 200 cells, and on broken text per 100 kB.

Run: python tests/benchmarks/context_speed.py
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from llama_assist.context import ContextBuilder
from llama_assist.context.outline import outline
from llama_assist.syntax import parse
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
ALPHABET = "abc xyz_09.,:=+-*/%()[]{}'\"\n\t\\#@!?é漢🎉"


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
    """Parse and outline broken texts, and report the time as for 100 kB."""
    chooser = random.Random(7)
    code = "".join(CELL.format(i=i, j=i) for i in range(40))
    times = {"cut and pasted code": [], "characters": []}  # type: dict[str, list[float]]
    for _ in range(num_inputs):
        pieces = [code[at : at + chooser.randint(1, 400)] for at in chooser.choices(range(len(code)), k=20)]
        text = "".join(chooser.choices(ALPHABET, k=4_000))
        for name, source in (("cut and pasted code", "".join(pieces)), ("characters", text)):
            took = milliseconds(lambda source=source: outline(parse(source, "python")))  # type: ignore[misc]
            times[name].append(took * 100_000 / max(1, len(source.encode())))
    for name, taken in times.items():
        show(f"per 100 kB, broken {name}", taken)


if __name__ == "__main__":
    typing(200)
    broken(500)
