"""Code to write on: what stands before the cursors of a file of holes."""

from __future__ import annotations

from pathlib import Path

from llama_assist.cli.holes import Hole, read_holes
from llama_assist.errors import InvalidRequestError

NUM_PROMPTS = 20
LONGEST = 1500  # characters of a prompt, so that reading it does not take all the time


def read_prompts(path: Path) -> list[str]:
    """Return a prompt for each of `NUM_PROMPTS` holes, taken from all over the file."""
    holes = read_holes(path)
    if not holes:
        raise InvalidRequestError(f"{path} holds no requests.")
    return [_prompt(hole) for hole in holes[:: max(len(holes) // NUM_PROMPTS, 1)][:NUM_PROMPTS]]


def _prompt(hole: Hole) -> str:
    """Return the end of the code cells before the cursor, from the beginning of a line."""
    cells = hole.document.cells[: hole.document.cell]
    text = "\n\n".join([*(cell.source for cell in cells if cell.type == "code"), hole.prefix])
    return text if len(text) <= LONGEST else text[-LONGEST:].partition("\n")[2]
