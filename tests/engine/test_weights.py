"""What the settings ask for becomes what suits the machine, in as little memory as that takes."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest
import torch
from engine_runs import CPU, tiny_runner

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.quantize import DenseLinear, Int4Linear, Int8Linear
from llama_assist.engine.weights import choose_prefill, choose_weights

CUDA = torch.device("cuda")


@pytest.mark.parametrize(
    ("wanted", "device", "found"),
    [
        ("auto", CPU, "int4"),
        ("int8", CPU, "int8"),
        ("bf16", CPU, "bf16"),
        ("float32", CPU, "float32"),
        ("auto", CUDA, "bf16"),
        ("int4", CUDA, "bf16"),
        ("float32", CUDA, "float32"),
    ],
)
def test_the_number_form_suits_the_device(wanted: str, device: torch.device, found: str) -> None:
    assert choose_weights(wanted, device) == found


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend to be another processor."""

    def pretend(machine: str, *, bf16: bool) -> None:
        monkeypatch.setattr(platform, "machine", lambda: machine)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16, raising=False)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)

    return pretend


@pytest.mark.parametrize(
    ("machine", "bf16", "found"), [("x86_64", True, True), ("AMD64", False, False), ("arm64", False, True)]
)
def test_a_bf16_copy_is_kept_where_the_processor_multiplies_it(
    processor: Callable[..., None], machine: str, bf16: bool, found: bool
) -> None:
    processor(machine, bf16=bf16)
    assert choose_prefill(True, CPU) is found
    assert choose_prefill(False, CPU) is False
    assert choose_prefill(True, CUDA) is True


def test_prompts_and_answers_use_the_form_that_was_chosen(tiny_checkpoint: Checkpoint) -> None:
    layer = tiny_runner(tiny_checkpoint, "int4").model.layers[0]
    assert isinstance(layer.qkv.prefill, DenseLinear)
    assert isinstance(layer.qkv.decode, Int4Linear)
    layer = tiny_runner(tiny_checkpoint, "int4", fast_prefill=False).model.layers[0]
    assert layer.qkv.prefill is layer.qkv.decode
    layer = tiny_runner(tiny_checkpoint, "bf16").model.layers[0]
    assert layer.qkv.prefill is layer.qkv.decode


def test_the_head_of_4_bit_weights_keeps_8_bits(tiny_checkpoint: Checkpoint) -> None:
    assert isinstance(tiny_runner(tiny_checkpoint, "int4").model.head, Int8Linear)


def test_fewer_bits_take_less_memory(tiny_checkpoint: Checkpoint) -> None:
    sizes = [
        tiny_runner(tiny_checkpoint, weights, fast_prefill=False).num_bytes
        for weights in ("int4", "int8", "bf16", "float32")
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.6 * sizes[2]  # the head keeps 8 bits
    assert sizes[3] == pytest.approx(2 * sizes[2], rel=0.01)
