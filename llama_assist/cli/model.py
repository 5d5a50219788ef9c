"""`llama-assist model list | pull | show | remove`: the models of this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llama_assist.errors import ModelError
from llama_assist.models.progress import Progress
from llama_assist.models.reference import StoreReference, parse_reference, unknown_model
from llama_assist.models.store import Entry, Store

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Command = Callable[[Store, argparse.Namespace], None]

_STAGES = {
    "wait": "waiting for another process",
    "check": "checking",
    "download": "downloading",
    "join": "joining",
    "convert": "converting",
    "verify": "verifying",
}
_MODEL_HELP = "a catalogue id, hub:owner/name[@revision], a path of a folder, or a path of a .gguf file"


def add_parser(subparsers: Subparsers) -> None:
    """Add the command `model`; parsed arguments then carry `run(arguments) -> exit code`."""
    parser = subparsers.add_parser("model", help="list, fetch, show and remove models")
    commands = parser.add_subparsers(dest="model_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the catalogue and everything installed")
    listing.set_defaults(run=_guarded(_list))
    for name, command, text in (
        ("pull", _pull, "fetch a model: download, verify, convert"),
        ("show", _show, "what a model is, where its files lie, and whether they are intact"),
        ("remove", _remove, "remove a model; a folder or file of your own is left alone"),
    ):
        child = commands.add_parser(name, help=text)
        child.add_argument("model", metavar="ID", help=_MODEL_HELP)
        child.set_defaults(run=_guarded(command))


def _guarded(command: Command) -> Callable[[argparse.Namespace], int]:
    """Turn errors into one sentence on stderr and an exit code."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            command(Store(), arguments)
        except ModelError as error:
            print(f"llama-assist: {error} [{error.reason}]", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("llama-assist: Interrupted; what has arrived is kept, pull again to go on.", file=sys.stderr)
            return 130
        return 0

    return run


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give a `Progress` that draws one bar a stage on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES.get(stage, stage))
            bars.update(tasks[stage], completed=done, total=None if stage == "wait" else total)

        yield report


def _list(store: Store, arguments: argparse.Namespace) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for heading in ("model", "state", "size", "licence"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what for")
    for entry in store.list():
        text = entry.role if entry.role else entry.source.partition(" (")[0]
        table.add_row(entry.id, entry.state, _size(entry.size), entry.license, text)
    Console().print(table)
    print(f"Folder: {store.places.home}")


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.0f} MB"


def _pull(store: Store, arguments: argparse.Namespace) -> None:
    with progress_bars() as progress:
        checkpoint = store.fetch(arguments.model, progress)
    print(f"{checkpoint.id} is ready in {checkpoint.path}")


def _show(store: Store, arguments: argparse.Namespace) -> None:
    checkpoint = store.find(arguments.model)
    if checkpoint is None:
        _show_absent(store, arguments.model)
        return
    with progress_bars() as progress:
        checkpoint.verify(progress)
    info, manifest = checkpoint.info(), checkpoint.manifest
    assert manifest is not None  # verify() has read it
    print(f"{checkpoint.id}: {manifest.family}, {checkpoint.num_parameters / 1e6:.0f} million parameters")
    print(f"engine   {'own network' if checkpoint.native else 'transformers (slower)'}, {info.context_length} tokens")
    print(f"licence  {manifest.license}\nsource   {manifest.source}\nfolder   {checkpoint.path}\nfiles    all intact:")
    for name, digest in manifest.files.items():
        print(f"  {digest.sha256}  {digest.size:>11}  {name}")


def _show_absent(store: Store, name: str) -> None:
    entry: Entry | None = next((entry for entry in store.list() if entry.id == name), None)
    if entry is None:
        if isinstance(parse_reference(name, store.catalogue), StoreReference):
            raise unknown_model(name, store.catalogue)
        raise ModelError(f"{name} is not installed; `llama-assist model pull {name}` fetches it.", "not-installed")
    print(f"{entry.id}: {entry.title}, {entry.role}\nlicence  {entry.license}\nsource   {entry.source}")
    print(f"state    {entry.state}; `llama-assist model pull {entry.id}` fetches {_size(entry.size)}")


def _remove(store: Store, arguments: argparse.Namespace) -> None:
    store.remove(arguments.model)
    print(f"{arguments.model} is removed.")
