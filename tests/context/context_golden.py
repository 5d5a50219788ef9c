"""The context of golden files: `python tests/context/context_golden.py` writes the blocks of every file anew."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden_files import cases, count, read, write

from llama_assist.context import Context, ContextBuilder

__all__ = ["build", "count", "draw"]


def build(case: Path) -> Context:
    """Return the context for a golden file's document."""
    drawn = read(case)
    return ContextBuilder().build(drawn.document, drawn.prefix, drawn.suffix, int(drawn.settings["budget"]), count)


def draw(context: Context) -> str:
    """Return the blocks as the golden files show them."""
    return "".join(
        f"---- {block.kind} {' '.join(str(cell) for cell in block.cells)}".rstrip() + f"\n{block.text}\n"
        for block in context.blocks
    )


if __name__ == "__main__":
    for path in cases("context"):
        write(path, draw(build(path)))
