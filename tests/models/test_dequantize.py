"""Every number form gives the values that ggml's own reader gives."""

from __future__ import annotations

import numpy as np
import pytest

from llama_assist.models.dequantize import NUMBER_FORMS, NumberForm, dequantize, to_bfloat16

SCALES = {
    "Q4_0": (0,),
    "Q4_1": (0, 2),
    "Q5_0": (0,),
    "Q5_1": (0, 2),
    "Q8_0": (0,),
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
}
"""Where the float16 scales of each form stand; random bytes there would be no finite numbers."""


def random_blocks(form: NumberForm, num_blocks: int) -> np.ndarray:
    rng = np.random.default_rng(form.num_bytes)
    blocks = rng.integers(0, 256, (num_blocks, form.num_bytes), dtype=np.uint8)
    for start in SCALES.get(form.name, ()):
        scales = rng.standard_normal(num_blocks).astype(np.float16)
        blocks[:, start : start + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


@pytest.mark.parametrize("form", NUMBER_FORMS.values(), ids=lambda form: form.name)
def test_random_blocks_equal_those_of_the_reference_reader(form: NumberForm) -> None:
    gguf = pytest.importorskip("gguf")
    blocks = random_blocks(form, 500)
    if form.name in ("F32", "F16", "BF16"):
        blocks = np.random.default_rng(0).standard_normal((500, 1)).astype(np.float32)
        blocks = gguf.quantize(blocks, gguf.GGMLQuantizationType[form.name]).view(np.uint8).reshape(500, -1)
    kind = gguf.GGMLQuantizationType[form.name]
    expected = np.concatenate([gguf.dequantize(block.view(_storage(form)), kind) for block in blocks]).reshape(-1)
    np.testing.assert_array_equal(dequantize(form, blocks.tobytes()), expected)


def _storage(form: NumberForm) -> type:
    return {"F32": np.float32, "F16": np.float16}.get(form.name, np.uint8)


def test_the_layout_of_each_form_is_pinned_by_one_hand_made_block() -> None:
    one = np.float16(1).tobytes()
    forms = {form.name: form for form in NUMBER_FORMS.values()}
    assert dequantize(forms["Q8_0"], one + bytes([255, 2]) + bytes(30))[:2].tolist() == [-1, 2]
    assert dequantize(forms["Q4_0"], one + bytes([0x9A]) + bytes(15))[[0, 16]].tolist() == [2, 1]
    assert dequantize(forms["Q4_1"], one + one + bytes([0x9A]) + bytes(15))[[0, 16]].tolist() == [11, 10]
    assert dequantize(forms["Q5_0"], one + bytes([1, 0, 1, 0]) + bytes([0x21]) + bytes(15))[[0, 16]].tolist() == [1, 2]


def test_bfloat16_rounds_to_nearest_and_ties_to_even() -> None:
    bits = [0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0xBF808001, 0x00000000, 0x80000000]
    values = np.array(bits, dtype=np.uint32).view(np.float32)
    expected = [0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x3F80, 0xBF81, 0x0000, 0x8000]
    assert to_bfloat16(values).tolist() == expected
