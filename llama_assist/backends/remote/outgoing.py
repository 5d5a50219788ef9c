"""A prompt as it may leave this machine: the same segments without the secrets in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from llama_assist.backends.remote.redact import Redactor
from llama_assist.backends.remote.render import is_chat
from llama_assist.types import Prompt, Segment, Special


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A prompt, and how many secrets of each kind were left out of it."""

    prompt: Prompt
    redacted: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many secrets were left out."""
        return sum(self.redacted.values())


def clear(prompt: Prompt, redactor: Redactor, suffix_mark: str) -> Outgoing:
    """Return the prompt without secrets, those included that go on behind the cursor or across segments.

    `suffix_mark` is the special token before the text behind the cursor. Each message of a chat stands for itself.
    """
    texts = [(index, each) for index, each in enumerate(prompt.segments) if isinstance(each, str)]
    end = len(prompt.segments)
    if is_chat(prompt):
        groups = [[item] for item in texts] + [[(end, prompt.typed)]]
    else:
        behind = [item for item in texts if _is_behind(prompt.segments, item[0], suffix_mark)]
        groups = [[*(item for item in texts if item not in behind), (end, prompt.typed), *behind]]
    cleared: dict[int, str] = {}
    kinds: Counter[str] = Counter()
    for group in groups:
        redaction = redactor.redact([text for _, text in group])
        kinds.update(redaction.kinds)
        cleared.update(zip((index for index, _ in group), redaction.texts, strict=True))
    segments = tuple(cleared.get(index, each) for index, each in enumerate(prompt.segments))
    return Outgoing(replace(prompt, segments=segments, typed=cleared[end]), dict(kinds))


def _is_behind(segments: Sequence[Segment], index: int, suffix_mark: str) -> bool:
    marks = [each.text for each in segments[:index] if isinstance(each, Special)]
    return bool(suffix_mark) and marks[-1:] == [suffix_mark]
