"""Run every task of the magics in a real kernel on real weights, and keep what it shows.

usage: python tests/benchmarks/magic_transcript.py [--out examples/magics.ipynb]
The notebook is the transcript: what it showed before is thrown away, and the cells that the magics offer are put
below theirs, unrun, as a front end does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from llama_assist.connect_local import LocalServer

ROOT = Path(__file__).resolve().parents[2]
TITLE = """# Every task of `%%llama`

A transcript of a real run: the default model, loaded before, on a processor that had other work too. What a small
model writes is often wrong; read it before you use it. Cells without a number were offered by the assistant and have
not been run."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SOURCES = [
    "%load_ext llama_assist",
    "%llama config --temperature 0 --max-tokens 300",
    "sales = [('north', 120.0), ('south', 80.5), ('north', 99.5)]\nregions = {region for region, _ in sales}",
    "def total(rows, region):\n    return sum(amount for name, amount in rows if name == region)",
    "%%llama\nWhat does `total` add up?",
    "%llama explain total",
    "%llama explain 3-4",
    "'Sales in the north: ' + total(sales, 'north')",
    "%llama fix",
    '%%llama complete\ndef mean(values):\n    """Return the arithmetic mean."""\n    return ',
    "%llama doc total",
    "%llama test total",
    "%%llama refactor\ntotals = {}\nfor name, amount in sales:\n    if name in totals:\n"
    "        totals[name] = totals[name] + amount\n    else:\n        totals[name] = amount",
    "%%llama next\nThe total of each region in a dictionary.",
    "%llama summarize",
    "%%llama translate German\nThe sales of the north are higher than those of the south.",
    "%%llama chat --new\nMy name is Ada. What is a lambda in Python? One sentence.",
    "%%llama chat\nAnd what is my name?",
    "%%llama\n变量 `regions` 里有什么？",
    "%%llama --cells 3 --vars sales --to reply\nWhat does each element of `sales` hold?",
    "%%llama --no-context --max-tokens 60\nWrite one sentence for a report: there were sales in {regions}.",
    "%%llama --raw --max-tokens 20\nOnce upon a time, in a notebook far away,",
    "%llama status",
    "%llama model",
    "%llama help",
]


def run(sources: list[str]) -> Any:
    """Return a notebook with the cells and what they showed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(TITLE)], metadata=METADATA)
    offered: list[str] = []

    def keep(cell: Any, cell_index: int, execute_reply: Any) -> None:
        payload = execute_reply["content"].get("payload", ())
        offered.extend(each["text"] for each in payload if each["source"] == "set_next_input")

    client = NotebookClient(notebook, kernel_name="python3", timeout=900, allow_errors=True, on_cell_executed=keep)
    client.km = client.create_kernel_manager()
    with client.setup_kernel():
        for source in sources:
            started = time.monotonic()
            notebook.cells.append(nbformat.v4.new_code_cell(source))
            client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
            print(f"{time.monotonic() - started:6.1f} s  {source.splitlines()[0]}", flush=True)
            notebook.cells += [nbformat.v4.new_code_cell(text) for text in offered]
            offered.clear()
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("execution", None)
        cell.id = f"cell-{number}"
    return notebook


def main() -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "examples" / "magics.ipynb")
    parser.add_argument("--only", type=int, nargs="*", help="run only these of the cells, by their place from 0")
    arguments = parser.parse_args()
    sources = SOURCES if arguments.only is None else [SOURCES[place] for place in arguments.only]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"IPYTHONDIR": folder, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        server = LocalServer(print)
        try:
            client = server.client()
            os.environ |= {"LLAMA_ASSIST_URL": client.url, "LLAMA_ASSIST_KEY": client._token}
            client.load()
            notebook = run(sources)
        finally:
            server.stop()
    nbformat.write(notebook, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
