"""Rotary position tables, with the scaling forms that the LLaMA family uses."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from llama_assist.engine.config import LlamaConfig, RopeScaling


def rope_tables(config: LlamaConfig, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return cos and signed sin, each [length, head_dim] float32.

    With `roll(x, dim / 2)` for rotate-half, the minus sign of its first half is moved into the sines:
    x * cos + roll(x) * sin.
    """
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.int64).float() / config.head_dim
    frequencies = _scale(1.0 / (config.rope_theta**exponents), config.rope_scaling)
    positions = torch.arange(length).float()
    angles = torch.outer(positions, frequencies).to(device)
    sin = angles.sin()
    return torch.cat([angles.cos()] * 2, dim=1), torch.cat([-sin, sin], dim=1)


def _scale(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    if scaling.kind == "linear":
        return frequencies / scaling.factor
    if scaling.kind == "llama3":
        return _scale_llama3(frequencies, scaling)
    return frequencies


def _scale_llama3(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    """Stretch long wavelengths, keep short ones, blend between (LLaMA 3.1's published rule)."""
    wavelengths = 2 * math.pi / frequencies
    low = scaling.original_length / scaling.low_freq_factor
    high = scaling.original_length / scaling.high_freq_factor
    smooth = (scaling.original_length / wavelengths - scaling.low_freq_factor) / (
        scaling.high_freq_factor - scaling.low_freq_factor
    )
    blended = (1 - smooth) * frequencies / scaling.factor + smooth * frequencies
    stretched = torch.where(wavelengths > low, frequencies / scaling.factor, blended)
    return torch.where(wavelengths < high, frequencies, stretched)
