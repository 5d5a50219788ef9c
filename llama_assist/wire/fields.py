"""Typed, range-checked reading of one JSON object; every refusal names the field, none repeats its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from llama_assist.errors import InvalidRequestError

Default = TypeVar("Default")

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind(value: object) -> str:
    """Return the JSON name of the type of `value`."""
    return _KINDS.get(type(value), "something else")


def clean(text: str) -> str:
    """Return `text` with U+FFFD for each lone surrogate, which no encoder takes; offsets stay the same."""
    return _LONE_SURROGATE.sub("\ufffd", text)


class Fields:
    """The members of a JSON object that stands `at` a path of the body; null is the same as absent.

    Every method raises `InvalidRequestError`, with the path as its `param`.
    """

    def __init__(self, data: object, at: str = "") -> None:
        if not isinstance(data, dict):
            raise InvalidRequestError(f"{at or 'The body'} must be an object, not {kind(data)}.", at or None)
        self._data: dict[str, object] = data
        self._at = at

    def path(self, name: str) -> str:
        """Return where the member `name` stands in the body."""
        return f"{self._at}.{name}" if self._at else name

    def get(self, name: str) -> object:
        """Return the member `name` as it came, or None."""
        return self._data.get(name)

    def refusal(self, name: str, rule: str) -> InvalidRequestError:
        """Return the error that says which `rule` the member `name` breaks."""
        return InvalidRequestError(f"{self.path(name)} {rule}.", self.path(name))

    def text(self, name: str, default: Default) -> str | Default:
        """Return the string `name`."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.refusal(name, f"must be a string, not {kind(value)}")
        return clean(value)

    def needed(self, name: str) -> str:
        """Return the string `name`, which must be there."""
        value = self.text(name, None)
        if value is None:
            raise self.refusal(name, "is missing")
        return value

    def choice(self, name: str, options: tuple[str, ...], default: Default) -> str | Default:
        """Return the string `name`, one of `options`."""
        value = self.text(name, default)
        if value is not default and value not in options:
            raise self.refusal(name, f"must be one of {', '.join(options)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return the boolean `name`."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refusal(name, f"must be a boolean, not {kind(value)}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return the number `name`, from `low` to `high`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refusal(name, f"must be a number, not {kind(value)}")
        if not low <= value <= high:
            raise self.refusal(name, f"must be from {low:g} to {high:g}")
        return float(value)

    def integer(self, name: str, default: Default, low: int, high: int) -> int | Default:
        """Return the integer `name`, from `low` to `high`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            found = "a fraction" if isinstance(value, float) else kind(value)
            raise self.refusal(name, f"must be an integer, not {found}")
        if not low <= value <= high:
            raise self.refusal(name, f"must be from {low} to {high}")
        return value

    def items(self, name: str, most: int) -> list[object]:
        """Return the array `name` of at most `most` items, or an empty one."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refusal(name, f"must be an array, not {kind(value)}")
        if len(value) > most:
            raise self.refusal(name, f"has {len(value)} items; at most {most} are taken")
        return value

    def objects(self, name: str, most: int) -> list[Fields]:
        """Return the array of objects `name`."""
        return [Fields(item, f"{self.path(name)}[{index}]") for index, item in enumerate(self.items(name, most))]

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """Return the array of strings `name`."""
        items = self.items(name, most)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                raise self.refusal(f"{name}[{index}]", f"must be a string, not {kind(item)}")
        return tuple(clean(item) for item in items if isinstance(item, str))
