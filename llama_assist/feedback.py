"""How many suggestions were shown and taken: counts in one small file of the user's, never any text."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from filelock import FileLock, Timeout
from jupyter_core.paths import jupyter_data_dir

from llama_assist.errors import AssistError

_LOCK_SECONDS = 5.0
_TAKEN = ("accepted", "accepted_part")


@dataclass(frozen=True, slots=True)
class Counts:
    """Suggestions by what became of them, and the characters that nobody had to type."""

    shown: int = 0
    accepted: int = 0
    accepted_part: int = 0
    dismissed: int = 0
    characters_saved: int = 0

    def after(self, kind: str, characters: int) -> Counts:
        """Return the counts after one more event."""
        saved = characters if kind in _TAKEN else 0
        changed = {kind: getattr(self, kind) + 1, "characters_saved": self.characters_saved + saved}
        return replace(self, **changed)


def counts_path() -> Path:
    """Return the file of this user: in Jupyter's data folder, common to all servers."""
    return Path(jupyter_data_dir()) / "llama_assist" / "usage.json"


def read_counts(path: Path | None = None) -> Counts:
    """Return what has been counted; nothing where there is no file, or no readable one."""
    try:
        content = json.loads((counts_path() if path is None else path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Counts()
    known = content if isinstance(content, dict) else {}
    names = [field.name for field in fields(Counts)]
    return Counts(**{name: known[name] for name in names if type(known.get(name)) is int and known[name] >= 0})


def add_events(events: Iterable[tuple[str, int]], path: Path | None = None) -> Counts:
    """Count events, each a kind and its number of characters, also while other servers of the user count theirs.

    Raises `AssistError` where the file cannot be written.
    """
    target = counts_path() if path is None else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock"), timeout=_LOCK_SECONDS):
            counts = read_counts(target)
            for kind, characters in events:
                counts = counts.after(kind, characters)
            _write(target, counts)
    except (OSError, Timeout) as error:
        raise AssistError(f"What became of suggestions cannot be counted: {target} cannot be written.") from error
    return counts


def _write(target: Path, counts: Counts) -> None:
    fresh = target.with_name(f".{uuid.uuid4().hex}.json")
    try:
        fresh.write_text(json.dumps(asdict(counts)), encoding="utf-8")
        os.replace(fresh, target)  # noqa: PTH105 - the one call that is atomic on every system
    finally:
        fresh.unlink(missing_ok=True)
