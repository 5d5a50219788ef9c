"""Files of the model hub: what the user's own hub cache holds, then the network, with a short connect timeout."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_assist.checkpoint.manifest import check_digest, sha256_of
from llama_assist.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 3.0


@dataclass(frozen=True)
class HubFile:
    """One file of a repository; `sha256` is empty where the hub does not tell it."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Repository:
    """The files of one repository at one commit."""

    name: str
    commit: str
    license: str
    files: dict[str, HubFile]


def look_up(name: str, revision: str = "") -> Repository:
    """Ask the hub for the files of `name`; `ModelError` with reason `offline`, `unreachable` or `not-on-hub`."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        raise ModelError("The model hub is switched off (HF_HUB_OFFLINE).", "offline")
    with _hub_errors(name):
        info = HfApi().model_info(
            name, revision=revision if revision else None, timeout=CONNECT_SECONDS, files_metadata=True
        )
    files = {item.rfilename: _hub_file(item) for item in info.siblings or []}
    return Repository(name, str(info.sha), str(getattr(info.card_data, "license", "") or ""), files)


def _hub_file(item: Any) -> HubFile:
    return HubFile(item.rfilename, int(item.size or 0), str(item.lfs.sha256) if item.lfs else "")


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    # The bases are OSError and the root of whichever HTTP library this hub client was built on.
    network_errors: tuple[type[BaseException], ...] = HfHubHTTPError.__bases__
    try:
        yield
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(
            f"The hub does not give {name} ({type(error).__name__}). Check the name, or log in with `hf auth login`.",
            "not-on-hub",
        ) from error
    except network_errors as error:
        raise ModelError(f"The hub cannot be reached for {name} ({_first_line(error)}).", "unreachable") from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def find_cached(name: str, file: str, revision: str = "") -> Path | None:
    """Return `file` from the user's hub cache, if it is there."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, file, revision=revision if revision else None)
    return Path(found) if isinstance(found, str) else None


def download(repository: Repository, file: HubFile, folder: Path, report: Callable[[int], None]) -> Path:
    """Fetch `file` into `folder`, going on where an interrupted download stopped; `report` gets new bytes.

    Raises `ModelError` with reason `unreachable`, `truncated` or `wrong-hash`; a wrong file is removed.
    """
    from huggingface_hub import hf_hub_download

    with _hub_errors(repository.name):
        path = Path(
            hf_hub_download(
                repository.name,
                file.name,
                revision=repository.commit,
                local_dir=folder,
                etag_timeout=CONNECT_SECONDS,
                tqdm_class=_reporting_bar(report),
            )
        )
    check_file(path, file)
    return path


def check_file(path: Path, file: HubFile) -> None:
    """Remove `path` and raise `ModelError` unless size and known digest are right."""
    try:
        if path.stat().st_size != file.size:
            raise ModelError(f"{file.name} has {path.stat().st_size} of {file.size} bytes.", "truncated")
        if file.sha256:
            check_digest(path, file.sha256, sha256_of(path))
    except ModelError:
        path.unlink()
        raise


def _reporting_bar(report: Callable[[int], None]) -> type[Any]:
    from tqdm import tqdm

    class ReportingBar(tqdm):  # type: ignore[misc]
        """Passes bytes on instead of drawing."""

        monitor_interval = 0

        def update(self, n: float | None = 1) -> bool | None:
            report(int(n or 0))
            return True

        def display(self, *args: Any, **kwargs: Any) -> None:
            """Draw nothing."""

    return ReportingBar


def clear_bookkeeping(folder: Path) -> None:
    """Remove what the hub client keeps beside its downloads."""
    shutil.rmtree(folder / ".cache", ignore_errors=True)
