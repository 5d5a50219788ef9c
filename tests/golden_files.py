"""Golden files: cells with the cursor drawn in one of them, then what is expected of that place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from llama_assist.types import Cell, CellType, Document, Variable

FOLDER = Path(__file__).parent / "golden"
CURSOR = "▮"
EXPECTED = "\n==== expected\n"


@dataclass(frozen=True)
class Drawn:
    """A document, the text of its current cell around the cursor, and the settings that stand at the file's head."""

    settings: dict[str, str]
    document: Document
    prefix: str
    suffix: str


def count(text: str) -> int:
    """Count words and marks: a stand-in for a tokenizer that reads like one."""
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def cases(folder: str) -> list[Path]:
    """Return the golden files of a folder."""
    return sorted((FOLDER / folder).glob("*.txt"))


def read(case: Path) -> Drawn:
    """Return what a golden file draws."""
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
    return Drawn(settings, document, prefix, suffix)


def expected(case: Path) -> str:
    """Return what a golden file expects."""
    return case.read_text(encoding="utf-8").split(EXPECTED)[1]


def write(case: Path, text: str) -> None:
    """Put `text` in the place of what the file expects, to be read in the diff."""
    source = case.read_text(encoding="utf-8").split(EXPECTED)[0].removesuffix("\n")
    case.write_text(f"{source}{EXPECTED}{text}", encoding="utf-8")


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
