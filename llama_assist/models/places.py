"""Where everything lies below the store's home folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "LLAMA_ASSIST_HOME"


def default_home() -> Path:
    """Return the folder named by LLAMA_ASSIST_HOME, else the platform's cache folder."""
    named = os.environ.get(HOME_VARIABLE, "")
    return Path(named).expanduser().absolute() if named else Path(platformdirs.user_cache_dir("llama-assist"))


@dataclass(frozen=True)
class Places:
    """The folders of one store; `key` is the name of a model in it."""

    home: Path

    @property
    def checkpoints(self) -> Path:
        """Complete checkpoint folders."""
        return self.home / "checkpoints"

    @property
    def local(self) -> Path:
        """Manifests of the user's own model folders."""
        return self.home / "local"

    @property
    def partial(self) -> Path:
        """What unfinished fetches have brought so far."""
        return self.home / "partial"

    def checkpoint(self, key: str) -> Path:
        """Return the checkpoint folder."""
        return self.checkpoints / key

    def side_manifest(self, key: str) -> Path:
        """Return the manifest of a model that stays in the user's own folder."""
        return self.local / f"{key}.json"

    def staging(self, key: str) -> Path:
        """Return the folder of an unfinished fetch."""
        return self.partial / key

    def unfinished(self, key: str) -> Path:
        """Return the checkpoint folder that an unfinished fetch fills."""
        return self.partial / key / "checkpoint"

    def lock(self, key: str) -> Path:
        """Return the lock file that one fetching process holds."""
        return self.home / "locks" / f"{key}.lock"
