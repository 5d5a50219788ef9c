"""How long a key takes to its suggestion by the language server, and a cancelled request to a free engine.

    python tests/benchmarks/lsp_latency.py [--edits 200] [--lines 200] [--cancels 100] [--automatic] [--json FILE]

Real pipe, real server, real weights of the default model. A file of 150 lines is open; its last function is typed key
by key, each edit followed at once by a request for one suggestion, whose answer is waited for. Answers from memory
(the key was in the suggestion before) and those of the model are told apart by whether the server was asked. Then whole
lines are added at once, which no suggestion can have held: the times to the item are those of the model alone. Then
requests for eight suggestions are cancelled while the engine runs; `GET status` is asked without pause until no request
runs or waits.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lsp"))

from editor import Editor, ask, span
from lsprotocol import types

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer

URI = "file:///home/ada/report.py"
AUTOMATIC, INVOKED = types.InlineCompletionTriggerKind.Automatic, types.InlineCompletionTriggerKind.Invoked
PART = '''
def column_{i}(rows: list[dict[str, float]], name: str = "price_{i}") -> list[float]:
    """Return the values of a column, without those that are missing."""
    return [row[name] for row in rows if row.get(name) is not None]


def total_{i}(rows: list[dict[str, float]], *, factor: float = {i}.5) -> float:
    """Return the sum of a column, in the currency of the report."""
    values = column_{i}(rows)
    if not values:
        return 0.0
    return factor * sum(values)

'''
HEAD = "from __future__ import annotations\n\nimport math\nimport statistics\n" + "".join(
    PART.format(i=i) for i in range(1, 11)
)
TYPED = '''
def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return mean, median and spread of the first column."""
    values = column_1(rows)
    if not values:
        return {}
    mean = statistics.mean(values)
    median = statistics.median(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    return {"mean": mean, "median": median, "spread": spread}


for row in rows:
    print(total_1([row]), total_2([row]))
'''


NAMES = ("total", "column", "value", "price", "mean")


class Typist:
    """Types at the end of the file."""

    def __init__(self, editor: Editor, text: str, kind: types.InlineCompletionTriggerKind) -> None:
        self.editor = editor
        self.kind = kind
        self.text = text
        self.version = 1
        editor.open(URI, text)

    @property
    def place(self) -> tuple[int, int]:
        return self.text.count("\n"), len(self.text) - (self.text.rfind("\n") + 1)

    def type(self, key: str) -> list[types.InlineCompletionItem]:
        """Type a key and return the suggestions for the new place."""
        self.change(key)
        return self.editor.inline(URI, *self.place, kind=self.kind)

    def change(self, key: str) -> None:
        """Type a key."""
        line, column = self.place
        self.version += 1
        self.text += key
        self.editor.change(URI, self.version, types.TextDocumentContentChangePartial(span(line, column, column), key))


@contextmanager
def typing(env: dict[str, str], candidates: int, kind: types.InlineCompletionTriggerKind) -> Iterator[Typist]:
    """Give a typist in an editor of its own, whose prompt the model has read."""
    editor = Editor(env)
    try:
        editor.start({"candidates": candidates})
        typist = Typist(editor, HEAD, kind)
        typist.type("\n")
        yield typist
        editor.stop()
    finally:
        editor.kill()


def type_and_time(typist: Typist, server: Client, num_edits: int) -> dict[str, list[float]]:
    """Return the milliseconds of the edits by what answered them."""
    taken: dict[str, list[float]] = {"model": [], "model, nothing to suggest": [], "memory": []}
    for key in TYPED[:num_edits]:
        before = last_time(server)
        start = time.perf_counter()
        items = typist.type(key)
        took = 1e3 * (time.perf_counter() - start)
        kind = "memory" if last_time(server) == before else "model" if items else "model, nothing to suggest"
        taken[kind].append(took)
    return taken


def add_lines_and_time(typist: Typist, num_edits: int) -> list[float]:
    """Return the milliseconds to a suggestion at the end of new lines, which nothing was suggested for before."""
    chance = random.Random(0)
    taken: list[float] = []
    for _ in range(2 * num_edits):
        if len(taken) == num_edits:
            break
        name, other = chance.sample(NAMES, 2)
        start = time.perf_counter()
        if typist.type(f"\n{name}_{chance.randrange(100)} = {other}_{chance.randint(1, 10)}("):
            taken.append(1e3 * (time.perf_counter() - start))
    return taken


def last_time(server: Client) -> object:
    """Return when the last prompt went to the model."""
    return server.prompt().get("when")


def cancel_and_time(typist: Typist, server: Client, trials: int) -> dict[str, list[float]]:
    """Return the milliseconds from a cancellation to a free engine and to the answer."""
    chance, free, answered = random.Random(0), [], []
    while len(free) < trials:
        typist.change(chance.choice("abcxyz"))
        name = f"cancel-{len(free)}-{typist.version}"
        answer = typist.editor.send(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(URI, *typist.place), name)
        deadline = time.monotonic() + 5
        while not server.status()["running"] and time.monotonic() < deadline and not answer.done():
            pass
        time.sleep(chance.uniform(0, 0.1))
        if answer.done():
            continue  # it was faster than we
        start = time.perf_counter()
        typist.editor.notify(types.CANCEL_REQUEST, types.CancelParams(name))
        while (status := server.status())["running"] or status["queue"]:
            pass
        free.append(1e3 * (time.perf_counter() - start))
        answer.exception(60)
        answered.append(1e3 * (time.perf_counter() - start))
    return {"cancel to free": free, "cancel to answer": answered}


def report(title: str, values: list[float]) -> None:
    """Print the distribution."""
    if not values:
        print(f"{title}: none")
        return
    ordered = sorted(values)
    p95, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.95, 0.99))
    print(
        f"{title}: n={len(ordered)}, median {statistics.median(ordered):.1f} ms, "
        f"p95 {p95:.1f}, p99 {p99:.1f}, max {ordered[-1]:.1f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--cancels", type=int, default=100)
    parser.add_argument("--automatic", action="store_true", help="as while one types: what is unsure is hidden")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    local = LocalServer(lambda line: print(line, file=sys.stderr))
    client = local.client()
    env = {"LLAMA_ASSIST_URL": client.url, "LLAMA_ASSIST_KEY": client._token}
    try:
        client.load()
        with typing(env, 1, AUTOMATIC if arguments.automatic else INVOKED) as typist:
            taken = type_and_time(typist, client, arguments.edits)
        with typing(env, 1, INVOKED) as typist:
            taken["new lines, model alone"] = add_lines_and_time(typist, arguments.lines)
        with typing(env, 8, INVOKED) as typist:
            taken |= cancel_and_time(typist, client, arguments.cancels)
    finally:
        local.stop()
    report("all edits", [each for name in list(taken)[:3] for each in taken[name]])
    for name, values in taken.items():
        report(name, values)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"cores": os.cpu_count(), **taken}), encoding="utf-8")


if __name__ == "__main__":
    main()
