from __future__ import annotations

from collections.abc import Iterable

from context_golden import count

from llama_assist.context.notebook import CodeCell, FactsCache, words
from llama_assist.context.select import Definers, Wish, by_likeness, fit, nearest


def _cells(*sources: str, counts: Iterable[int | None] = ()) -> list[CodeCell]:
    cache = FactsCache()
    known = dict(enumerate(counts))
    return [CodeCell(index, cache.of(source, "python"), known.get(index)) for index, source in enumerate(sources)]


def test_a_name_comes_from_the_nearest_cell_above() -> None:
    definers = Definers(_cells("a = 1", "a = 2", "b = 3", "a = 4"))

    assert list(definers.direct(["a"], 2)) == [1]
    assert list(definers.direct(["a", "b"], 0)) == [1, 2]


def test_without_one_above_the_cell_below_that_ran_last_counts() -> None:
    cells = _cells("x", "a = 1", "a = 2", "a = 3", counts=(None, 4, 9, None))

    assert list(Definers(cells).direct(["a"], 0)) == [2]


def test_imports_do_not_make_a_cell_wanted() -> None:
    assert list(Definers(_cells("import a", "x")).direct(["a"], 1)) == []


def test_definitions_are_followed_through_other_cells_and_through_cycles() -> None:
    cells = _cells("a = f(c)", "b = a", "c = b", "d = c", "z")
    definers = Definers(cells)

    assert [cell.index for cell in definers.indirect({3: cells[3]}, 4)] == [2, 1, 0]


def test_cells_with_the_same_rare_words_come_first() -> None:
    cells = _cells("print(alpha, common)", "print(beta, common)", "print(gamma, common)", "print(common)")

    assert by_likeness(cells, 4, words("beta common"))[0].index == 1


def test_without_common_words_the_nearest_comes_first() -> None:
    cells = _cells("alpha", "beta", "gamma", "delta", "epsilon")

    assert [cell.index for cell in by_likeness(cells, 2, frozenset())] == [2, 1, 3, 0, 4]
    assert [cell.index for cell in nearest(cells, 2)] == [2, 1, 3, 0, 4]


def test_a_cell_that_is_too_long_for_its_share_is_made_whole_with_the_room_left() -> None:
    (cell,) = _cells("alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4")

    assert fit([Wish(cell, 0.2)], 100, count)[0] == cell.facts.text


def test_a_cell_that_does_not_fit_is_reduced() -> None:
    (cell,) = _cells("\n".join(f"name{number} = call({number})" for number in range(40)))

    text = fit([Wish(cell, 1.0, frozenset({"name3"}))], 40, count)[0]

    assert "name3 = call(3)" in text
    assert count(text + "\n\n") <= 40
