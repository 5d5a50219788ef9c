"""Blocks of quantised weights in, float32 values out, for the number forms of GGUF files.

The layouts are those of ggml's `ggml-quants`: a block holds 32 or 256 weights with their scales, in
little-endian order; `d` is a scale and `m` a minimum, both float16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class NumberForm:
    """One number form: `num_weights` weights are stored in `num_bytes` bytes."""

    name: str
    num_weights: int
    num_bytes: int
    decode: Callable[[Bytes], Floats]


def dequantize(form: NumberForm, data: bytes) -> Floats:
    """Return the weights of `data`, whole blocks one after another, as one flat array."""
    blocks = np.frombuffer(data, dtype=np.uint8).reshape(-1, form.num_bytes)
    return form.decode(blocks).reshape(-1)


def to_bfloat16(values: Floats) -> NDArray[np.uint16]:
    """Return the bits of finite `values` rounded to the nearest bfloat16, ties to even."""
    bits = values.view(np.uint32)
    rounded = bits >> 16
    rounded &= 1
    rounded += bits
    rounded += 0x7FFF
    rounded >>= 16
    return rounded.astype(np.uint16)


def _half(blocks: Bytes, start: int) -> Floats:
    return np.ascontiguousarray(blocks[:, start : start + 2]).view(np.float16).astype(np.float32)


def _nibbles(packed: Bytes) -> Bytes:
    """Return the low halves of each row, then its high halves."""
    return np.concatenate([packed & 0x0F, packed >> 4], axis=-1)


def _fifth_bits(packed: Bytes) -> Bytes:
    """Return 32 bits of each row of 4 bytes, shifted to the place of a fifth bit."""
    bits = np.unpackbits(packed, axis=-1, bitorder="little")
    return np.left_shift(bits, 4, dtype=np.uint8)


def _scaled(quants: NDArray[np.uint8] | NDArray[np.int8], scale: Floats) -> Floats:
    values = quants.astype(np.float32)
    values *= scale
    return values


def _float32(blocks: Bytes) -> Floats:
    return np.ascontiguousarray(blocks).view(np.float32)


def _float16(blocks: Bytes) -> Floats:
    return _half(blocks, 0)


def _bfloat16(blocks: Bytes) -> Floats:
    halves = np.ascontiguousarray(blocks).view(np.uint16).astype(np.uint32)
    return (halves << 16).view(np.float32)


def _q4_0(blocks: Bytes) -> Floats:
    quants = _nibbles(blocks[:, 2:18]).astype(np.int8) - np.int8(8)
    return _scaled(quants, _half(blocks, 0))


def _q4_1(blocks: Bytes) -> Floats:
    values = _scaled(_nibbles(blocks[:, 4:20]), _half(blocks, 0))
    values += _half(blocks, 2)
    return values


def _q5_0(blocks: Bytes) -> Floats:
    quants = (_nibbles(blocks[:, 6:22]) | _fifth_bits(blocks[:, 2:6])).view(np.int8) - np.int8(16)
    return _scaled(quants, _half(blocks, 0))


def _q5_1(blocks: Bytes) -> Floats:
    quants = _nibbles(blocks[:, 8:24]) | _fifth_bits(blocks[:, 4:8])
    values = _scaled(quants, _half(blocks, 0))
    values += _half(blocks, 2)
    return values


def _q8_0(blocks: Bytes) -> Floats:
    return _scaled(blocks[:, 2:34].view(np.int8), _half(blocks, 0))


def _six_bit_pairs(packed: Bytes) -> tuple[Bytes, Bytes]:
    """Return the 8 scales and 8 minimums that K-blocks pack into 12 bytes."""
    first, second, third = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    scales = np.concatenate([first & 63, (third & 15) | ((first >> 6) << 4)], axis=1)
    minimums = np.concatenate([second & 63, (third >> 4) | ((second >> 6) << 4)], axis=1)
    return scales, minimums


def _k_values(blocks: Bytes, quants: Bytes) -> Floats:
    """Scale `quants` (blocks, 8, 32) by the header that Q4_K and Q5_K share."""
    scales, minimums = _six_bit_pairs(blocks[:, 4:16])
    values = _scaled(quants, (scales * _half(blocks, 0))[:, :, None])
    values -= (minimums * _half(blocks, 2))[:, :, None]
    return values


def _q4_k(blocks: Bytes) -> Floats:
    quants = _nibbles(blocks[:, 16:144].reshape(-1, 4, 32))
    return _k_values(blocks, quants.reshape(-1, 8, 32))


def _q5_k(blocks: Bytes) -> Floats:
    quants = _nibbles(blocks[:, 48:176].reshape(-1, 4, 32)).reshape(-1, 8, 32)
    shifts = np.arange(8, dtype=np.uint8)[None, :, None]
    quants |= ((blocks[:, None, 16:48] >> shifts) & 1) << 4
    return _k_values(blocks, quants)


def _crumbs(packed: Bytes) -> Bytes:
    """Return the four 2-bit values of each byte: (..., n) to (..., 4, n), lowest bits first."""
    shifts = np.arange(0, 8, 2, dtype=np.uint8)[:, None]
    return np.asarray((packed[..., None, :] >> shifts) & 3, dtype=np.uint8)


def _q6_k(blocks: Bytes) -> Floats:
    low = _nibbles(blocks[:, :128].reshape(-1, 2, 64))
    high = _crumbs(blocks[:, 128:192].reshape(-1, 2, 32)).reshape(-1, 2, 128)
    quants = (low | (high << 4)).view(np.int8) - np.int8(32)
    scales = blocks[:, 192:208].view(np.int8) * _half(blocks, 208)
    return _scaled(quants.reshape(-1, 16, 16), scales[:, :, None])


def _q2_k(blocks: Bytes) -> Floats:
    quants = _crumbs(blocks[:, 16:80].reshape(-1, 2, 32)).reshape(-1, 16, 16)
    scales, minimums = blocks[:, :16] & 15, blocks[:, :16] >> 4
    values = _scaled(quants, (scales * _half(blocks, 80))[:, :, None])
    values -= (minimums * _half(blocks, 82))[:, :, None]
    return values


def _q3_k(blocks: Bytes) -> Floats:
    bits = np.arange(8, dtype=np.uint8)[None, :, None]
    absent = ~(blocks[:, None, :32] >> bits) & 1
    quants = _crumbs(blocks[:, 32:96].reshape(-1, 2, 32)).reshape(-1, 8, 32).view(np.int8)
    quants = quants - (absent << 2).view(np.int8)
    high = _crumbs(blocks[:, 104:108]).reshape(-1, 16)
    scales = (_nibbles(blocks[:, 96:104]) | (high << 4)).view(np.int8) - np.int8(32)
    return _scaled(quants.reshape(-1, 16, 16), (scales * _half(blocks, 108))[:, :, None])


NUMBER_FORMS = {
    0: NumberForm("F32", 1, 4, _float32),
    1: NumberForm("F16", 1, 2, _float16),
    2: NumberForm("Q4_0", 32, 18, _q4_0),
    3: NumberForm("Q4_1", 32, 20, _q4_1),
    6: NumberForm("Q5_0", 32, 22, _q5_0),
    7: NumberForm("Q5_1", 32, 24, _q5_1),
    8: NumberForm("Q8_0", 32, 34, _q8_0),
    10: NumberForm("Q2_K", 256, 84, _q2_k),
    11: NumberForm("Q3_K", 256, 110, _q3_k),
    12: NumberForm("Q4_K", 256, 144, _q4_k),
    13: NumberForm("Q5_K", 256, 176, _q5_k),
    14: NumberForm("Q6_K", 256, 210, _q6_k),
    30: NumberForm("BF16", 1, 2, _bfloat16),
}
"""By the type number that a GGUF file stores for each tensor."""
