"""What is typed into a suggestion needs no model; anything else does."""

from __future__ import annotations

import pytest

from llama_assist.lsp.memory import Memory, Spot

SPOT = Spot("a.py", (), "x = ", "\n")


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    memory.add(SPOT, ("f(a)", "g(b)"), manual=False)
    return memory


def at(prefix: str, suffix: str = "\n", others: object = ()) -> Spot:
    return Spot("a.py", others, prefix, suffix)  # type: ignore[arg-type]


def test_the_same_place_has_the_same_suggestions(memory: Memory) -> None:
    assert memory.find(SPOT, manual=False) == ("f(a)", "g(b)")


def test_what_was_typed_of_it_is_left_out(memory: Memory) -> None:
    assert memory.find(at("x = g"), manual=False) == ("(b)",)


def test_a_bracket_that_the_editor_has_closed_is_not_closed_twice(memory: Memory) -> None:
    assert memory.find(at("x = f(", ")\n"), manual=False) == ("a",)


@pytest.mark.parametrize(
    "spot",
    [at("x = h"), at("x ="), at("y = "), at("x = f", "\ny"), at("x = f", others=(("b", 1),)), at("x = f(a)")],
)
def test_another_place_is_asked_for_anew(memory: Memory, spot: Spot) -> None:
    assert memory.find(spot, manual=False) is None


def test_a_key_is_not_answered_by_what_was_asked_without_one(memory: Memory) -> None:
    assert memory.find(SPOT, manual=True) is None
    memory.add(SPOT, ("h()",), manual=True)
    assert memory.find(SPOT, manual=True) == ("h()",)


def test_that_there_is_nothing_is_known_too(memory: Memory) -> None:
    memory.add(at("z"), (), manual=False)
    assert memory.find(at("z"), manual=False) == ()


def test_the_oldest_is_forgotten() -> None:
    memory = Memory(size=1)
    memory.add(SPOT, ("a",), manual=False)
    memory.add(at("z"), ("b",), manual=False)
    assert memory.find(SPOT, manual=False) is None
