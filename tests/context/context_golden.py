"""Golden files: a document with the cursor drawn in it, then the blocks that are expected.

`python tests/context/context_golden.py` writes the expected blocks of every file anew, to be read in the diff.
"""

from __future__ import annotations

import re
from pathlib import Path

from llama_assist.context import Context, ContextBuilder
from llama_assist.types import Cell, CellType, Document, Variable

FOLDER = Path(__file__).parent.parent / "golden" / "context"
CURSOR = "▮"
EXPECTED = "\n==== expected\n"


def count(text: str) -> int:
    """Count words and marks: a stand-in for a tokenizer that reads like one."""
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def cases() -> list[Path]:
    """Return the golden files."""
    return sorted(FOLDER.glob("*.txt"))


def build(case: Path) -> Context:
    """Return the context for a golden file's document."""
    head, *sections = re.split(r"^==== ", case.read_text(encoding="utf-8").split(EXPECTED)[0], flags=re.MULTILINE)
    settings = dict(line.split() for line in head.splitlines())
    cells: list[Cell] = []
    variables: tuple[Variable, ...] = ()
    at, prefix, suffix = 0, "", ""
    for section in sections:
        kind, _, text = section.partition("\n")
        text = text.removesuffix("\n")
        if kind == "variables":
            variables = tuple(_variable(line) for line in text.splitlines())
            continue
        if CURSOR in text:
            at, (prefix, suffix) = len(cells), text.split(CURSOR)
        cell_type: CellType = "markdown" if kind == "markdown" else "code"
        cells.append(Cell(text.replace(CURSOR, ""), cell_type))
    document = Document(tuple(cells), at, case.name, settings.get("language", "python"), variables)
    return ContextBuilder().build(document, prefix, suffix, int(settings["budget"]), count)


def draw(context: Context) -> str:
    """Return the blocks as the golden files show them."""
    return "".join(
        f"---- {block.kind} {' '.join(str(cell) for cell in block.cells)}".rstrip() + f"\n{block.text}\n"
        for block in context.blocks
    )


def _variable(line: str) -> Variable:
    """Read `name type [2x3] [dtype] [column:dtype ...] [(signature)]`."""
    name, kind, *rest = line.split(maxsplit=2)
    text = rest[0] if rest else ""
    if text.startswith("("):
        return Variable(name, kind, signature=text)
    shape = tuple(int(size) for found in re.findall(r"\d+(?:x\d+)*", text)[:1] for size in found.split("x"))
    columns = tuple((column, dtype) for column, dtype in re.findall(r"(\w+):(\w+)", text))
    words = [word for word in text.split()[1:] if ":" not in word]
    return Variable(name, kind, shape, " ".join(words), columns)


if __name__ == "__main__":
    for path in cases():
        source = path.read_text(encoding="utf-8").split(EXPECTED)[0].removesuffix("\n")
        path.write_text(f"{source}{EXPECTED}{draw(build(path))}", encoding="utf-8")
