"""The last prompt of each user, so that everybody can see what was sent: in memory only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from llama_assist.types import Prompt

_MAX_USERS = 64


@dataclass(frozen=True, slots=True)
class LastPrompt:
    """A prompt as it went to the model. `task` is `complete`, `chat` or a task; `when` is in seconds since 1970."""

    prompt: Prompt
    task: str
    when: float
    blocks: Sequence[Mapping[str, object]] = ()

    @property
    def text(self) -> str:
        """All text of the prompt, special tokens too."""
        parts = [segment if isinstance(segment, str) else segment.text for segment in self.prompt.segments]
        return "".join(parts) + self.prompt.typed

    def tokens(self, count: Callable[[str], int]) -> int:
        """Return about how many tokens it has; each mark of a template counts as the text that it is."""
        parts = [segment if isinstance(segment, str) else segment.text for segment in self.prompt.segments]
        return sum(count(part) for part in (*parts, self.prompt.typed))


class LastPrompts:
    """Keeps one prompt a user, of the last 64 users."""

    def __init__(self) -> None:
        self._prompts: OrderedDict[str, LastPrompt] = OrderedDict()

    def keep(self, user: str, last: LastPrompt) -> None:
        """Put `last` in the place of the user's earlier one."""
        self._prompts[user] = last
        self._prompts.move_to_end(user)
        while len(self._prompts) > _MAX_USERS:
            self._prompts.popitem(last=False)

    def of(self, user: str) -> LastPrompt | None:
        """Return the user's last prompt, if there was one."""
        return self._prompts.get(user)
