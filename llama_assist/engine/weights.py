"""From a checkpoint's safetensors to a `Llama` in the wanted number form."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llama_assist.engine.attention import BLOCK
from llama_assist.engine.config import LlamaConfig
from llama_assist.engine.llama import Layer, Llama, Projection
from llama_assist.engine.quantize import DenseLinear, Int8Linear, Linear, make_linear

GetTensor = Callable[[str], Tensor]


class WeightForm:
    """Number forms on a device: `layers` for decoding, `prefill` for prompts, `head` for the vocabulary."""

    def __init__(self, weights: str, device: torch.device, *, fast_prefill: bool) -> None:
        self.device = device
        self.dtype = torch.float32 if weights == "float32" else torch.bfloat16
        self.layers = weights
        self.head = "int8" if weights == "int4" else weights
        self.fast_prefill = fast_prefill

    def projection(self, weight: Tensor, bias: Tensor | None) -> Projection:
        """Prepare one matrix [out, in] in its one or two forms."""
        decode = make_linear(weight, bias, self.layers)
        dense = isinstance(decode, DenseLinear) or not self.fast_prefill
        return Projection(decode if dense else DenseLinear(weight, bias), decode)


def choose_weights(wanted: str, device: torch.device) -> str:
    """Resolve `auto`: int4 on the CPU, bf16 on a GPU, where the integer kernels do not exist."""
    if device.type != "cpu":
        return "float32" if wanted == "float32" else "bf16"
    return "int4" if wanted == "auto" else wanted


def choose_prefill(wanted: bool, device: torch.device) -> bool:
    """Resolve `fast_prefill`: a bf16 copy pays only where the processor multiplies bf16 by itself.

    Others emulate it: they read prompts several times faster through the quantised weights, and among three or
    more threads emulated products are shared out so that a row's rounding depends on the rows beside it.
    """
    return wanted and (device.type != "cpu" or _multiplies_bf16())


def _multiplies_bf16() -> bool:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: True)() for probe in probes)


def build_llama(config: LlamaConfig, get: GetTensor, form: WeightForm, length: int) -> Llama:
    """Build the network; `get` returns a tensor by its Hugging Face name. `length` is the number of positions."""
    layers = [_build_layer(config, _prefixed(get, f"model.layers.{i}.", form), form) for i in range(config.num_layers)]
    get = _prefixed(get, "", form)
    embedding = get("model.embed_tokens.weight")
    head_weight = embedding if config.tied else get("lm_head.weight")
    head = make_linear(head_weight, None, form.head)
    shared = head if config.tied and isinstance(head, Int8Linear) else embedding
    norm = get("model.norm.weight").clone()
    return Llama(config, shared, layers, norm, head, _padded(length))


def _padded(length: int) -> int:
    """Return room for whole blocks, and one more: rows of keys at distances of powers of two share cache lines."""
    return -(-length // BLOCK) * BLOCK + BLOCK


def _prefixed(get: GetTensor, prefix: str, form: WeightForm) -> GetTensor:
    return lambda name: get(prefix + name).to(device=form.device, dtype=form.dtype)


def _build_layer(config: LlamaConfig, get: GetTensor, form: WeightForm) -> Layer:
    attention = config.attention_bias
    return Layer(
        attention_norm=get("input_layernorm.weight").clone(),
        qkv=_fuse(get, [f"self_attn.{name}_proj" for name in "qkv"], attention, form),
        query_norm=get("self_attn.q_norm.weight").clone() if config.qk_norm else None,
        key_norm=get("self_attn.k_norm.weight").clone() if config.qk_norm else None,
        output=_fuse(get, ["self_attn.o_proj"], config.output_bias, form),
        mlp_norm=get("post_attention_layernorm.weight").clone(),
        gate_up=_fuse(get, ["mlp.gate_proj", "mlp.up_proj"], config.mlp_bias, form),
        down=_fuse(get, ["mlp.down_proj"], config.mlp_bias, form),
    )


def _fuse(get: GetTensor, names: list[str], has_bias: bool, form: WeightForm) -> Projection:
    """Stack matrices that read the same input, so that one product serves them all.

    What is kept is always a copy, so that the file is unmapped after loading and its pages do not count as ours.
    """
    weight = torch.cat([get(f"{name}.weight") for name in names])
    bias = torch.cat([get(f"{name}.bias") for name in names]) if has_bias else None
    return form.projection(weight, bias)


def open_weights(files: Sequence[Path]) -> Mapping[str, Any]:
    """Map every tensor name to the open safetensors file that holds it."""
    from safetensors import safe_open

    opened: list[Any] = [safe_open(file, framework="pt") for file in files]
    return {name: file for file in opened for name in file.keys()}  # noqa: SIM118 - not a dict


def reader(tensors: Mapping[str, Any]) -> GetTensor:
    """Return a function from a tensor's name to the tensor, read from its file when asked."""

    def get(name: str) -> Tensor:
        tensor: Tensor = tensors[name].get_tensor(name)
        return tensor

    return get


def storage_bytes(model: Llama) -> int:
    """Return the bytes of all distinct weights."""
    seen: dict[int, int] = {}
    for linear in _linears(model):
        for value in vars(linear).values():
            if isinstance(value, Tensor):
                seen[value.data_ptr()] = value.nbytes
    if isinstance(model.embedding, Tensor):
        seen[model.embedding.data_ptr()] = model.embedding.nbytes
    return sum(seen.values())


def _linears(model: Llama) -> list[Linear]:
    projections = [p for layer in model.layers for p in (layer.qkv, layer.output, layer.gate_up, layer.down)]
    return [model.head, *(linear for p in projections for linear in (p.prefill, p.decode))]
