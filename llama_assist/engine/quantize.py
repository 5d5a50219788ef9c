"""Linear layers in float, int8 and int4; each computes a row the same way whatever rows stand beside it.

The row independence is what makes a cached prompt bitwise equal to an uncached one; the tests hold it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

GROUP = 32  # weights that share one scale and zero point, as in GGUF's 4-bit forms


class DenseLinear:
    """y = x Wᵀ + b in the weights' own number form."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight = weight
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Int8Linear:
    """int8 weights with one scale a row (symmetric); CPU, bf16 activations."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight, self.scale = quantize_int8(weight)
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        y = torch._weight_int8pack_mm(x, self.weight, self.scale)
        return y if self.bias is None else y.add_(self.bias)

    def rows(self, token_ids: Tensor) -> Tensor:
        """Return rows of the weight in bf16: the embedding of a tied matrix."""
        return self.weight[token_ids].bfloat16() * self.scale[token_ids, None]


class Int4Linear:
    """4-bit weights in groups of 32 with scale and zero point; CPU, bf16 activations."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        codes, self.scales = quantize_int4(weight)
        self.packed = torch._convert_weight_to_int4pack_for_cpu(codes, 2)
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        y = torch._weight_int4pack_mm_for_cpu(x, self.packed, GROUP, self.scales)
        return y if self.bias is None else y.add_(self.bias)


Linear = DenseLinear | Int8Linear | Int4Linear


def quantize_int4(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes [out, in] int32 in 0..15 and scales-and-zeros [in / 32, out, 2] bf16.

    The value of a code is (code - 8) * scale + zero, as torch's packed kernel reads it.
    """
    num_rows, num_columns = weight.shape
    codes = torch.empty(num_rows, num_columns, dtype=torch.int32)
    pairs = torch.empty(num_columns // GROUP, num_rows, 2, dtype=torch.bfloat16)
    for rows in _row_blocks(num_rows):
        block = weight[rows].to(torch.float32, copy=True)
        grouped = block.view(len(block), -1, GROUP)
        high, low = grouped.amax(2, keepdim=True), grouped.amin(2, keepdim=True)
        scale = high.sub_(low).div_(15).clamp_(min=1e-8).bfloat16()
        zero = low.add_(scale.float(), alpha=8).bfloat16()
        codes[rows] = grouped.sub_(zero).div_(scale).round_().add_(8).clamp_(0, 15).flatten(1).int()
        pairs[:, rows] = torch.cat([scale, zero], dim=2).transpose(0, 1)
    return codes, pairs


def quantize_int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes [out, in] int8 and scales [out] bf16; the value of a code is code * scale."""
    codes = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(weight.shape[0], dtype=torch.bfloat16)
    for rows in _row_blocks(weight.shape[0]):
        block = weight[rows].to(torch.float32, copy=True)
        scales[rows] = torch.maximum(block.amax(1), -block.amin(1)).div_(127).clamp_(min=1e-8).bfloat16()
        codes[rows] = block.div_(scales[rows, None]).round_().clamp_(-127, 127).to(torch.int8)
    return codes, scales


def _row_blocks(num_rows: int) -> list[slice]:
    """Cut rows into blocks that stay in the processor's cache: three times as fast as the whole matrix."""
    return [slice(start, start + 256) for start in range(0, num_rows, 256)]


def fits_int4(weight: Tensor) -> bool:
    """Tell whether torch's packed kernel takes this shape (rows by 16, columns by the group)."""
    return weight.shape[0] % 16 == 0 and weight.shape[1] % GROUP == 0


def make_linear(weight: Tensor, bias: Tensor | None, form: str) -> Linear:
    """Build a layer in `form`: int4, int8, or anything else for the weight's own form."""
    if form == "int4" and fits_int4(weight):
        return Int4Linear(weight, bias)
    if form in ("int4", "int8"):
        return Int8Linear(weight, bias)
    return DenseLinear(weight, bias)
