"""A folder of verified weights: its settings, files, digests and size, read without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from llama_assist.checkpoint.bounded_json import read_object
from llama_assist.checkpoint.family import infer_family
from llama_assist.checkpoint.manifest import Manifest, read_manifest
from llama_assist.checkpoint.memory import available_bytes, estimate_bytes
from llama_assist.checkpoint.safetensors import TensorEntry, read_header
from llama_assist.checkpoint.settings import clean_config, is_native
from llama_assist.checkpoint.vocabulary import Vocabulary
from llama_assist.errors import ModelError
from llama_assist.types import ModelInfo

SETTINGS_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)
"""Every file but the weights that is read; one that exists must stand in the manifest."""

_DEFAULT_CONTEXT = 2048


@dataclass(frozen=True)
class Checkpoint:
    """A model on disk under the name `id`; its manifest lies in the folder unless `manifest_path` says otherwise."""

    path: Path
    id: str
    manifest_path: Path | None = None

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's config.json: known keys only, counts in plausible ranges.

        Raises `ModelError` with reason `missing-file`, `remote-code`, `unknown-architecture` or `bad-config`.
        """
        return clean_config(read_object(self.path / "config.json"), self.id)

    @property
    def native(self) -> bool:
        """Whether the engine's own network computes this model; if not, transformers' class does."""
        return is_native(self.config)

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer.json."""
        return self.path / "tokenizer.json"

    @property
    def context_length(self) -> int:
        """Most positions that the model was trained for."""
        for key in ("max_position_embeddings", "n_positions"):
            value = self.config.get(key)
            if type(value) is int:
                return value
        return _DEFAULT_CONTEXT

    @cached_property
    def weight_files(self) -> tuple[Path, ...]:
        """The safetensors files; `ModelError` with reason `missing-file`, `bad-name` or `bad-config`."""
        index = self.path / "model.safetensors.index.json"
        names = _indexed(index) if index.exists() else ["model.safetensors"]
        for name in names:
            if not (self.path / name).is_file():
                raise ModelError(f"{self.path / name} is missing. Fetch the model again.", "missing-file")
        return tuple(self.path / name for name in names)

    @cached_property
    def tensors(self) -> dict[str, TensorEntry]:
        """Type and shape of every tensor, from checked headers (`ModelError`, see `read_header`)."""
        return {name: entry for path in self.weight_files for name, entry in read_header(path).items()}

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return sum(entry.num_weights for entry in self.tensors.values())

    @cached_property
    def manifest(self) -> Manifest | None:
        """Files and digests, or None where there is no manifest; `ModelError` with reason `bad-manifest`."""
        path = self.path / "manifest.json" if self.manifest_path is None else self.manifest_path
        return read_manifest(path) if path.is_file() else None

    def verify(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Check settings and headers for danger, then every file against the manifest.

        Raises `ModelError` naming the file, with reason `wrong-hash`, `truncated`, `missing-file`, `no-manifest`,
        `unlisted-file`, `bad-safetensors`, or those of `config` and `info`.
        """
        if self.manifest is None:
            raise ModelError(f"{self.path} has no manifest to be verified against. Pull it again.", "no-manifest")
        present = [name for name in SETTINGS_FILES if (self.path / name).exists()]
        for name in [*present, *(path.name for path in self.weight_files)]:
            if name not in self.manifest.files:
                raise ModelError(f"{self.path / name} is not in the manifest. Fetch the model again.", "unlisted-file")
        self.manifest.verify(self.path, progress)
        self.check_contents()

    def check_contents(self) -> None:
        """Read every settings file and header once; raise `ModelError` for the first that must not be used."""
        if not self.tokenizer_path.is_file():
            raise ModelError(
                f"{self.path} has no tokenizer.json, so text cannot be turned into tokens.", "no-tokenizer"
            )
        _ = self.tensors
        self.info()

    def info(self) -> ModelInfo:
        """Return what the prompt layer must know; `ModelError` for malformed settings."""
        vocabulary = Vocabulary(self.path, self.id)
        special = vocabulary.special_tokens.values()
        return ModelInfo(
            id=self.id,
            family=self.manifest.family
            if self.manifest
            else infer_family([self.id], self.config["model_type"], special),
            context_length=self.context_length,
            chat_template=vocabulary.chat_template,
            bos_token=vocabulary.bos_token(),
            eos_tokens=vocabulary.eos_tokens(self.config),
            created=self.manifest.created if self.manifest else 0,
        )

    def estimate_memory(self, weights: str, *, fast_prefill: bool, context_length: int, num_slots: int) -> int:
        """Return the bytes that the worker will take with `weights` in int4, int8, bf16 or float32."""
        num_tokens = min(context_length, self.context_length) * num_slots
        return estimate_bytes(
            self.config, self.num_parameters, weights, fast_prefill=fast_prefill, num_tokens=num_tokens
        )

    def check_memory(self, weights: str, *, fast_prefill: bool, context_length: int, num_slots: int) -> None:
        """Raise `ModelError` with reason `too-little-memory` if the machine has less free than the estimate."""
        needed = self.estimate_memory(
            weights, fast_prefill=fast_prefill, context_length=context_length, num_slots=num_slots
        )
        available = available_bytes()
        if needed > available:
            raise ModelError(
                f"{self.id} needs about {needed / 2**30:.1f} GiB of memory in {weights}, "
                f"but {available / 2**30:.1f} GiB are free. "
                "Choose a smaller model, int4 weights, fewer slots or a shorter context.",
                "too-little-memory",
            )


def _indexed(index: Path) -> list[str]:
    """Return the weight files that a sharded model's index names."""
    placed = read_object(index).get("weight_map")
    if not isinstance(placed, dict) or not placed:
        raise ModelError(f"{index} lists no weights.", "bad-config")
    names = sorted({str(name) for name in placed.values()})
    for name in names:
        if Path(name).name != name or "\\" in name or not name.endswith(".safetensors"):
            raise ModelError(f"{index} names {name!r}, which is no weights file of its folder.", "bad-name")
    return names
