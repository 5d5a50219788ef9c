"""`llama-assist demo`: from nothing to a completion, an explanation and an answer in a real notebook."""

from __future__ import annotations

import argparse
import asyncio
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from llama_assist.cli.settings import add_settings, read_settings
from llama_assist.types import ChatRequest, CompletionRequest, Document, Message, SamplingParams, cell_number

if TYPE_CHECKING:
    from llama_assist.cli.screen import Screen
    from llama_assist.cli.session import Session
    from llama_assist.config import Assist

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NOTEBOOK = "tour.ipynb"
TO_COMPLETE, CURSOR_AFTER = "complete", "return "
TO_EXPLAIN = "explain"
EXPLAIN = "Explain this cell to a colleague in three short sentences.\n```python\n{source}\n```"
QUESTION = "How many days are warm, and which is the warmest?"
ANSWER = SamplingParams(max_tokens=160)

GOODBYE = """\
In JupyterLab:

    python -m pip install ".[lab]"
    jupyter lab

and in a notebook there:

    %load_ext llama_assist

    %%llama
    Why does the last cell fail?
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("demo", help="fetch the default model if it is absent, and see what it does")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show everything on stdout; raise `ModelError` saying why the weights cannot be had and what to do."""
    from llama_assist.cli.place import read_notebook
    from llama_assist.cli.screen import Screen

    screen, config = Screen(), read_settings(arguments)
    document = read_notebook(find_tour(), with_outputs=True)
    fetch_weights(config.model, screen)
    asyncio.run(_show(config, document, screen))
    screen.line()
    screen.plain(GOODBYE)
    return 0


def find_tour() -> Path:
    """Return the notebook: within the installed package, or beside it in a working copy."""
    package = Path(str(files("llama_assist")))
    installed = package / "examples" / NOTEBOOK
    return installed if installed.is_file() else package.parent / "examples" / NOTEBOOK


def fetch_weights(model: str, screen: Screen) -> None:
    """Fetch `model` with a progress bar unless it is here; raise `ModelError`."""
    from llama_assist.cli.model import progress_bars
    from llama_assist.models.store import Store

    store = Store()
    if store.find(model) is not None:
        return
    screen.line(f"The weights of {model} are not on this machine yet; they are fetched into {store.places.home}.")
    with progress_bars() as progress:
        store.fetch(model, progress)


async def _show(config: Assist, document: Document, screen: Screen) -> None:
    from llama_assist.cli.session import open_session

    screen.line(f"Starting {config.model} in a process of its own ...")
    started = time.perf_counter()
    async with open_session(config) as session:
        status = session.backend.status()
        screen.note(f"ready after {time.perf_counter() - started:.1f} s, {status.weights} weights on {status.device}")
        screen.heading(f"The notebook examples/{NOTEBOOK}")
        for cell in document.cells[:1]:
            screen.line(cell.source)
        await _complete(session, document, screen)
        await _explain(session, document, screen)
        await _ask(session, document, screen)


async def _complete(session: Session, document: Document, screen: Screen) -> None:
    from llama_assist.cli.place import place_in_notebook

    index = _index(document, TO_COMPLETE)
    offset = document.cells[index].source.index(CURSOR_AFTER) + len(CURSOR_AFTER)
    place = place_in_notebook(document, index, offset)
    screen.heading(f"Complete: cell {cell_number(index)}, at the end of the line {CURSOR_AFTER.strip()!r}")
    screen.plain(place.prefix)
    request = CompletionRequest(place.prefix, place.suffix, place.document, manual=True)
    reply = await session.complete(request, screen.stream(style="bold green"))
    screen.line(place.suffix)
    screen.note(reply.describe())


async def _explain(session: Session, document: Document, screen: Screen) -> None:
    index = _index(document, TO_EXPLAIN)
    source = document.cells[index].source
    screen.heading(f"Explain: cell {cell_number(index)}")
    screen.code(source)
    screen.line()
    await _chat(session, document, EXPLAIN.format(source=source), screen)


async def _ask(session: Session, document: Document, screen: Screen) -> None:
    screen.heading(f"Ask: {QUESTION}")
    await _chat(session, document, QUESTION, screen)


async def _chat(session: Session, document: Document, text: str, screen: Screen) -> None:
    request = ChatRequest((Message("user", text),), document, ANSWER)
    reply = await session.chat(request, screen.stream())
    screen.line()
    screen.note(reply.describe())


def _index(document: Document, cell_id: str) -> int:
    return next(index for index, cell in enumerate(document.cells) if cell.id == cell_id)
