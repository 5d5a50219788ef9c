"""What one step reads of one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from llama_assist.engine.kv_cache import AnySlot


@dataclass(frozen=True, slots=True)
class Read(Generic[AnySlot]):
    """Tokens of one sequence to be read at position `start`.

    They are a piece of a prompt, of which the last token's logits may be wanted; or else a generated token and
    those drafted behind it, of which all logits are.
    """

    slot: AnySlot
    token_ids: Sequence[int]
    start: int
    is_prompt: bool
    wants_logits: bool = True
