"""Prompts as other servers take them: text with the family's marks, prefix and suffix apart, or messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from llama_assist.prompt.fim import FimForm
from llama_assist.types import Markup, Message, Prompt, Special

TRANSCRIPT = (
    "{% for message in messages %}{{ '\n<|' + message['role'] + '|>\n' }}{{ message['content'] }}{% endfor %}"
    "{{ '\n<|answer|>\n' }}"
)
"""The chat template of a server that has its own: it names the roles, and `messages_of` reads them back."""

GO_ON = "Your answer was cut off. Go on exactly where it ends: repeat nothing, and say nothing about it."
_LAST_PIECE = re.compile(r"[^\S\n]?(?:\w+|[^\w\s]+|\s)\Z")
_ROLE = re.compile(r"<\|(system|user|assistant)\|>")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The text above the line of the cursor, what is typed on the line, and the text behind the cursor."""

    prefix: str
    typed: str
    suffix: str = ""


def is_chat(prompt: Prompt) -> bool:
    """Tell whether a prompt was built by `TRANSCRIPT`: only chat templates bring markup."""
    return any(isinstance(segment, Markup) for segment in prompt.segments)


def messages_of(prompt: Prompt) -> list[Message]:
    """Return the conversation that was rendered by `TRANSCRIPT`; `typed` is not in it."""
    messages: list[Message] = []
    for segment in prompt.segments:
        if isinstance(segment, str) and messages:
            messages[-1] = replace(messages[-1], content=segment)
        elif isinstance(segment, Markup):
            messages += [Message(role, "") for role in _ROLE.findall(segment.text)]
    return messages


def cursor_of(prompt: Prompt, form: FimForm) -> Cursor:
    """Return what an inline prompt in this form says of the text around the cursor."""
    prefix, suffix, is_suffix = "", "", False
    for segment in prompt.segments:
        if isinstance(segment, Special):
            is_suffix = segment.text == form.suffix
        elif isinstance(segment, str) and is_suffix:
            suffix += segment
        elif isinstance(segment, str):
            prefix += segment
    return Cursor(prefix, prompt.typed, suffix)


def marked_text(cursor: Cursor, form: FimForm) -> str:
    """Return the text of a prompt for a server that reads special tokens by their text."""
    guard = guard_of(form)
    prefix, suffix = form.prefix + guard(cursor.prefix), form.suffix + guard(cursor.suffix)
    return (suffix + prefix if form.order == "spm" else prefix + suffix) + form.middle + guard(cursor.typed)


def last_piece(typed: str) -> str:
    """Return the end of `typed` whose tokens may be others once more is typed: a word, signs, or a space."""
    match = _LAST_PIECE.search(typed)
    return match[0] if match else ""


def guard_of(form: FimForm) -> Callable[[str], str]:
    """Return what keeps plain text from being read as a special token: it puts a space into what looks like one."""
    marks = sorted({form.prefix, form.suffix, form.middle, *form.stops} - {""}, key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, marks), r"<\|\w{1,40}\|>"]))
    return lambda text: pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
