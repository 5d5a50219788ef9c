"""Which model folders may be read: safetensors in Hugging Face layout, without pickles, code or ways out."""

from __future__ import annotations

from pathlib import Path

from llama_assist.checkpoint import SETTINGS_FILES, Checkpoint
from llama_assist.errors import ModelError
from llama_assist.models.probe import probe_template, probe_tokenizer
from llama_assist.models.shapes import expected_shapes

_PICKLE_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib"})
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ZIP_START = b"PK\x03\x04"


def check_folder(folder: Path, name: str) -> Checkpoint:
    """Return `folder` as a checkpoint if its files may be read.

    Raises `ModelError` with reason `missing-file`, `symlink-outside`, `pickle-weights`, `no-weights`, `remote-code`,
    `unknown-architecture`, `no-tokenizer`, `bad-tokenizer`, `bad-template`, `bad-config`, `bad-name`, `truncated`,
    `bad-safetensors` or `bad-tensors`.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}.", "missing-file")
    entries = sorted(folder.iterdir())
    _refuse_links_out(folder, entries)
    _refuse_pickles(entries)
    if not any(path.suffix == ".safetensors" for path in entries):
        raise ModelError(f"{folder} holds no .safetensors file; only such weights are read.", "no-weights")
    checkpoint = Checkpoint(folder, name)
    _ = checkpoint.config
    probe_tokenizer(folder)
    checkpoint.check_contents()
    probe_template(folder, name)
    if checkpoint.native:
        _check_tensors(checkpoint)
    return checkpoint


def _refuse_links_out(folder: Path, entries: list[Path]) -> None:
    root = folder.resolve()
    for path in entries:
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise ModelError(
                f"{path} is a link that leads out of its folder. Copy the files themselves (`cp -rL`), "
                "or name the repository as hub:owner/name.",
                "symlink-outside",
            )


def _refuse_pickles(entries: list[Path]) -> None:
    for path in entries:
        if path.is_file() and (path.suffix.lower() in _PICKLE_SUFFIXES or _is_pickle(path)):
            raise ModelError(
                f"{path} is a pickle, which can run code when it is opened. Only safetensors are read: "
                "remove it, or convert the model.",
                "pickle-weights",
            )


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(8)
    if path.suffix != ".safetensors":
        return start.startswith(_PICKLE_STARTS)
    # Its first eight bytes are a length below 8 MiB; torch.save writes a zip archive or a bare pickle.
    return start.startswith((*_PICKLE_STARTS, _ZIP_START)) and start[3:] != bytes(5)


def _check_tensors(checkpoint: Checkpoint) -> None:
    for name, shape in expected_shapes(checkpoint.config).items():
        entry = checkpoint.tensors.get(name)
        if entry is None or entry.shape != shape:
            found = "missing" if entry is None else f"{entry.shape}"
            raise ModelError(f"The tensor {name} of {checkpoint.path} is {found}, not {shape}.", "bad-tensors")


def readable_files(checkpoint: Checkpoint) -> list[str]:
    """Return the names of all files that are ever read of a model in a folder of its own."""
    settings = [name for name in SETTINGS_FILES if (checkpoint.path / name).is_file()]
    return [*settings, *(path.name for path in checkpoint.weight_files)]
