"""Braces in a question: names that exist stand for their values, and nothing else of any text ever changes."""

from __future__ import annotations

import json
import random
import re
from types import SimpleNamespace

import pytest

from llama_assist.kernel.braces import MAX_TEXT, interpolate, is_code

NAMES = {
    "x": 3,
    "n": 5,
    "a": "{x}",
    "value": "text",
    "table": [1, {"key": {"inner": "deep"}}],
    "here": SimpleNamespace(name="Ann", _hidden="h"),
    "größe": 1.5,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is {x}?", "What is 3?"),
        ('{value} and ({n}), "{x}"', 'text and (5), "3"'),
        ("{table[0]} {table[-1]['key']} {table[1]['key'][\"inner\"]}", "1 {'inner': 'deep'} deep"),
        ("{here.name}: {größe}", "Ann: 1.5"),
        ("请解释{value}的意思", "请解释text的意思"),
        ("{{x}} is {x}", "{x} is 3"),
        ("{a}", "{x}"),
    ],
)
def test_names_that_exist_stand_for_their_values(text: str, expected: str) -> None:
    assert interpolate(text, NAMES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{missing} {x.missing} {table[7]} {table['no']}",
        "{} {0} { x } {x!r} {x:>10} {x()} {x + 1} {x,}",
        "{x.__class__} {__builtins__} {here.__dict__}",
        "{{missing}} {{}} {{{x}}}",
        "f'{x:>10}' and rf\"{x} {n}\" and f'''{x}\n{n}'''",
        "`{x}` and ``{n}``",
        "```python\nprint({x})\n```",
        "~~~\n{x}\n",
        "    indented = {x}",
        "\\frac{x}{n} + x_{n} + e^{x} + \\{x\\}",
        "the set $A = {x}$ and $$\n{n}\n$$ and \\({x}\\)",
        '{"x": {"n": [1, 2]}, "y": "{}"}',
        "${x} #{x} %{x} @{x} name{x}",
        "d = {x}",
        "print({x})\nd = {'a': {x}}",
        "def f():\n    return {x}",
        "{x",
        "x}",
        "",
    ],
)
def test_every_other_brace_is_left_alone(text: str) -> None:
    assert interpolate(text, NAMES) == text


def test_a_value_that_cannot_be_had_leaves_its_brace() -> None:
    class Broken:
        def __str__(self) -> str:
            raise SystemError("no")

        @property
        def part(self) -> int:
            raise ZeroDivisionError

    assert interpolate("{b} {b.part}", {"b": Broken()}) == "{b} {b.part}"


def test_a_long_value_is_cut_and_says_so_but_a_text_never_is() -> None:
    long = "y" * 3 * MAX_TEXT
    assert interpolate("{a}", {"a": long}) == long
    assert interpolate("{a}", {"a": list(range(MAX_TEXT))}).endswith("more characters)")


def test_nothing_is_called() -> None:
    calls: list[str] = []
    interpolate("{f()} {f} {f.x()}", {"f": lambda: calls.append("called")})
    assert calls == []


def test_words_are_no_code() -> None:
    assert not any(map(is_code, ["你好", "x", "{x}", "a, b", "3", "# Title", "What is it?", "", "\0"]))
    assert all(map(is_code, ["x = 1", "f(x)", "import os", "if x:\n    y"]))


PIECES = [
    *("{", "}", "{{", "}}", "{x", "x}", "{x!r}", "{n:>3}", "{x.y}", "{unknown}", "{{unknown}}", "{'a': 1}"),
    *('{"k": [1, {"b": 2}]}', "\\frac{x}{n}", "x_{n}", "${x}", "f'{x}'", 'F"{value}"', "`{x}`", "$\\{x\\}$"),
    *("{x,n}", "{ x }", "{__name__}", "{x.__class__}", "{f()}", "[", "]", "(", ")", "'", '"', "`", "$", "\\"),
    *(
        "\n",
        "\n    ",
        " ",
        " ",
        "word",
        "größe",
        "变量",
        "```\n",
        "\n```\n",
        "%",
        "#",
        "lambda",
        "\u202e",
        "\ud800",
        "\0",
    ),
]
PLACE = re.compile(r"\{(?:x|n|a|value|table|here|größe)(?:\.\w+|\[[^\]]*\])*\}")


@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_random_texts_never_raise_and_change_only_at_names_that_exist(start: int) -> None:
    for seed in range(start, start + 100):
        chance = random.Random(seed)
        text = "".join(chance.choices(PIECES, k=chance.randrange(1, 40)))
        changed = interpolate(text, NAMES)
        if not PLACE.search(text):
            assert changed == text, seed
        else:  # with the same places taken out, nothing else may differ
            marked = interpolate(text, dict.fromkeys(NAMES, "\ue000"))
            assert re.sub("\ue000", "", marked) in _without_places(text), seed


def _without_places(text: str) -> set[str]:
    """Return what may be left of a text where some of its places, or the outer braces of some, are gone."""
    left = {""}
    for part in re.split(r"(\{\{?(?:x|n|a|value|table|here|größe)\}\}?)", text):
        is_place = re.fullmatch(r"(\{\w+\})|\{\{\w+\}\}", part)
        choices = {part, part[1:-1] if part.startswith("{{") else ""} if is_place else {part}
        left = {done + choice for done in left for choice in choices}
    return left


FILLED = [
    *(("{x}", "3"), ("({n})", "(5)"), ('"{value}"', '"text"'), ("{{x}}", "{x}"), ("{a}", "{x}"), ("{größe},", "1.5,")),
    *(
        ("{here.name}", "Ann"),
        ("{table[0]}?", "1?"),
        ("变量{n}是", "变量5是"),
        ("{table[-1]['key']['inner']}.", "deep."),
    ),
]


def code_of(chance: random.Random) -> str:
    """Return a piece of a text whose braces are none of ours, though the names in them exist."""
    name, other = chance.choices(list(NAMES), k=2)
    number, key = chance.randrange(100), chance.choice(["a", "x", "key"])
    return chance.choice(
        [
            json.dumps({key: {name: [number, {}]}, other: "{}"}),
            f"{{{name!r}: {{{number}: {other}}}}}",
            f"f'{{{name}:>{number}}} {{{other}!r}}'",
            f'rf"{{{name}}}"',
            f"\\frac{{{name}}}{{{other}}}",
            f"{key}_{{{name}}}^{{{other}}}",
            f"${{{name}}} = {{{number}}}$",
            f"`d = {{{name}}}`",
            f"\n```python\nd = {{{name}, {other}}}\nprint(f'{{{name}}}')\n```\n",
            f"\n    return {{{name}}}\n",
            f"\n>>> {{{name}}}\n",
            f"{{{name}:.{number}f}}",
            f"{{{name}()}} {{{name} + {number}}} {{ {name} }}",
            f"{{{name}.missing}} {{unknown{number}}} {{{{unknown}}}} {{{name}.__class__}}",
            f"set{{{name}}} ${{{name}}} #{{{name}}} \\begin{{{name}}}",
            "{}" * chance.randrange(4),
        ]
    )


@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_of_random_texts_exactly_the_places_are_filled(start: int) -> None:
    for seed in range(start, start + 100):
        chance = random.Random(seed)
        parts = [("Please say", "Please say")]  # two words are no Python
        for _ in range(chance.randrange(1, 30)):
            code = code_of(chance)
            parts.append(chance.choice([(code, code), ("word", "word"), chance.choice(FILLED)]))
        text, expected = (" ".join(side) for side in zip(*parts, strict=True))
        assert interpolate(text, NAMES) == expected, seed


@pytest.mark.parametrize("seed", range(50))
def test_random_json_passes_unchanged(seed: int) -> None:
    chance = random.Random(seed)

    def value(depth: int) -> object:
        if depth == 0:
            return chance.choice(["x", 1, None, "n"])
        return {name: value(depth - 1) for name in chance.sample(["x", "n", "a", "value"], 2)}

    text = json.dumps(value(3), indent=chance.choice([None, 2]))
    assert interpolate(f"Explain this: {text}", NAMES) == f"Explain this: {text}"
