"""Quantised weights are as near as their grid allows, and no row knows its neighbours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from llama_assist.engine.quantize import (
    GROUP,
    DenseLinear,
    Int4Linear,
    Int8Linear,
    make_linear,
    quantize_int4,
    quantize_int8,
)

ROUNDING = 2.0**-8  # the most by which a bfloat16 is off, relative to its value


def random(*shape: int, seed: int = 0, scale: float = 0.05) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def spread(pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and zero of every weight, [out, in] each."""
    scale, zero = pairs.float().transpose(0, 1).unbind(2)
    return scale.repeat_interleave(GROUP, 1), zero.repeat_interleave(GROUP, 1)


def dequantize_int4(codes: Tensor, pairs: Tensor) -> Tensor:
    scale, zero = spread(pairs)
    return (codes.float() - 8) * scale + zero


@pytest.mark.parametrize("offset", [0.0, 0.3, -2.0])
@pytest.mark.parametrize("num_rows", [16, 272])
def test_int4_codes_and_scales_give_the_weights_back_within_half_a_step(offset: float, num_rows: int) -> None:
    weight = random(num_rows, 128) + offset
    codes, pairs = quantize_int4(weight)
    assert codes.min() >= 0
    assert codes.max() <= 15
    scale, zero = spread(pairs)
    # The ends of the grid move with the rounding of scale and zero; in between, half a step is the most.
    slack = ROUNDING * (15 * scale + zero.abs())
    assert ((dequantize_int4(codes, pairs) - weight).abs() <= scale / 2 + slack + 1e-7).all()


def test_int8_codes_and_scales_give_the_weights_back_within_half_a_step() -> None:
    weight = random(300, 96)
    codes, scales = quantize_int8(weight)
    error = (codes.float() * scales.float()[:, None] - weight).abs()
    assert (error <= scales.float()[:, None] * (0.5 + 127 * ROUNDING)).all()
    assert error.mean() < scales.float().mean() / 3


def test_weights_that_lie_on_a_4_bit_grid_survive_almost_exactly() -> None:
    """As Q4_1 files hold them: a minimum and a step for each group of 32, in 16-bit floats."""
    generator = torch.Generator().manual_seed(1)
    grid = torch.randint(0, 16, (64, 4, GROUP), generator=generator)
    grid[..., 0], grid[..., 1] = 0, 15  # both ends are in use
    step = (torch.rand(64, 4, 1, generator=generator) * 0.01 + 0.002).half().float()
    low = -(torch.rand(64, 4, 1, generator=generator) * 8 + 4) * step
    weight = (grid * step + low.half().float()).reshape(64, -1)
    codes, pairs = quantize_int4(weight)
    assert torch.equal(codes.reshape(64, 4, GROUP), grid.int())
    error = (dequantize_int4(codes, pairs) - weight).reshape(64, 4, GROUP)
    assert (error.abs() <= (15 + 4) * ROUNDING * step).all()
    assert (error / step).square().mean().sqrt() < 0.02


@pytest.mark.parametrize("value", [0.0, 0.25, -3.0])
def test_a_constant_group_stays_what_it_is(value: float) -> None:
    weight = torch.full((16, 64), value)
    assert torch.allclose(dequantize_int4(*quantize_int4(weight)), weight, atol=1e-6)
    codes, scales = quantize_int8(weight)
    assert torch.allclose(codes.float() * scales.float()[:, None], weight, rtol=ROUNDING)


@pytest.mark.parametrize("quantize", [quantize_int4, quantize_int8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_original_weights_are_left_alone(quantize: object, dtype: torch.dtype) -> None:
    assert callable(quantize)
    weight = random(32, 64).to(dtype)
    before = weight.clone()
    quantize(weight)
    assert torch.equal(weight, before)


@pytest.mark.parametrize("form", ["int4", "int8"])
def test_the_kernels_compute_with_the_values_of_codes_and_scales(form: str) -> None:
    weight, bias, x = random(64, 128).bfloat16(), random(64, seed=2).bfloat16(), random(7, 128, seed=3, scale=1.0)
    if form == "int4":
        values = dequantize_int4(*quantize_int4(weight))
    else:
        codes, scales = quantize_int8(weight)
        values = codes.float() * scales.float()[:, None]
    expected = x.bfloat16().float() @ values.T + bias.float()
    found = make_linear(weight, bias, form)(x.bfloat16()).float()
    assert torch.allclose(found, expected, atol=0.02, rtol=0.02)


def test_a_shape_that_the_4_bit_kernel_does_not_take_becomes_8_bits() -> None:
    assert isinstance(make_linear(random(32, 64), None, "int4"), Int4Linear)
    assert isinstance(make_linear(random(20, 64), None, "int4"), Int8Linear)
    assert isinstance(make_linear(random(32, 48), None, "int4"), Int8Linear)
    assert isinstance(make_linear(random(32, 64), None, "int8"), Int8Linear)
    assert isinstance(make_linear(random(32, 64), None, "bf16"), DenseLinear)


def test_rows_of_an_8_bit_embedding_are_those_of_the_matrix() -> None:
    weight = random(50, 32).bfloat16()
    layer = Int8Linear(weight, None)
    picked = layer.rows(torch.tensor([3, 3, 49]))
    assert picked.dtype == torch.bfloat16
    assert torch.allclose(picked.float(), weight[[3, 3, 49]].float(), atol=2e-3)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("shape", [(1152, 896), (896, 1216), (192, 64), (64, 96)])
@pytest.mark.parametrize("form", ["int4", "int8"])
def test_quantised_layers_compute_a_row_alone_as_among_others(
    form: str, shape: tuple[int, int], num_threads: int
) -> None:
    layer = make_linear(random(*shape).bfloat16(), random(shape[0], seed=2).bfloat16(), form)
    assert_rows_do_not_know_each_other(layer, shape[1], torch.bfloat16, num_threads, range(1, 40))


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("shape", [(1152, 896), (896, 1216), (192, 64), (64, 96)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_float_layers_do_so_in_multiples_of_four_rows(
    dtype: torch.dtype, shape: tuple[int, int], num_threads: int
) -> None:
    layer = make_linear(random(*shape).to(dtype), random(shape[0], seed=2).to(dtype), "float")
    assert_rows_do_not_know_each_other(layer, shape[1], dtype, num_threads, range(4, 130, 4))


def assert_rows_do_not_know_each_other(
    layer: DenseLinear | Int8Linear | Int4Linear, width: int, dtype: torch.dtype, num_threads: int, counts: range
) -> None:
    x = random(256, width, seed=3, scale=1.0).to(dtype)
    whole = layer(x)
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        for count in counts:
            for start in (0, 1, 5, 17):
                assert torch.equal(layer(x[start : start + count]), whole[start : start + count]), count
    finally:
        torch.set_num_threads(before)
