from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llama_assist.postprocess.fences import fences


def test_the_code_between_two_fences_is_found() -> None:
    (found,) = fences("Do this:\n\n```Python\nx = 1\n```\nThen run it.")

    assert (found.code, found.language) == ("x = 1\n", "python")
    assert found.start == len("Do this:\n\n")
    assert found.end == len("Do this:\n\n```Python\nx = 1\n```")


def test_a_block_that_is_being_written_has_no_end() -> None:
    (found,) = fences("```\nx = 1\ny")

    assert (found.code, found.end) == ("x = 1\ny", None)


def test_a_shorter_fence_inside_closes_nothing() -> None:
    (found,) = fences("````markdown\n```python\nx\n```\n````")

    assert found.code == "```python\nx\n```\n"


def test_backticks_in_a_line_open_nothing() -> None:
    assert fences("Use `x` or ```y``` here") == []


def test_several_blocks_come_in_their_order() -> None:
    assert [each.code for each in fences("```\na\n```\n\n~~~r\nb\n~~~\n")] == ["a\n", "b\n"]


@given(st.text(alphabet="`~\n ab"))
def test_no_text_breaks_it_and_the_places_are_in_the_text(text: str) -> None:
    for found in fences(text):
        assert 0 <= found.start <= len(text)
        assert found.code in text
