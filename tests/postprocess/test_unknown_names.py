"""Names that exist nowhere lower the confidence, where all names are known."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.unknown_names import doubt_of_names, unknown_names

NAMES = frozenset({"df", "pd", "print", "len", "fit", "prices"})
PARAMETERS = {"fit": ("x", "y", "epochs")}
COLUMNS = {"df": frozenset({"price", "volume"})}


@pytest.mark.parametrize(
    ("drawn", "text", "unknown"),
    [
        ("x = │", "len(df)", set()),
        ("x = │", "len(data)", {"data"}),
        ("x = pri│", "ces", set()),
        ("x = pri│", "ce", {"price"}),
        ("│", "x = 1\nprint(x)", set()),
        ("│", "def f(a):\n    return a + b", {"b"}),
        ("x = │", "[i for i in df]", set()),
        ("x = │", "df.nothing(alpha=1)", set()),
        ("x = fit(df, │)", "epochs=3", set()),
        ("x = fit(df, │)", "steps=3", {"steps"}),
        ("x = df[│]", "'price'", set()),
        ("x = df[│]", "'cost'", {"'cost'"}),
        ("│", "df['cost'] = 1", set()),
        ("df['cost'] = 1\nx = df[│]", "'cost'", set()),
        ("x = prices[│]", "'cost'", set()),
        ("# df of data\nx = 1  # │", "about data", set()),
        ("x = │", "_1 + _i23", set()),
        ("│", "match df:\n    case [a, b]:\n        print(a, b)", set()),
        ("│", "def f[T](a: T):\n    return a", set()),
        ("x = df[│]", "['price', 'cost']", {"'cost'"}),
        ("x = df[│]", "f'price_{len}'", set()),
        ("x = df.│", "groupby('cost').price.sum()", {"'cost'"}),
        ("x = df.│", "groupby(['price', 'cost'])", {"'cost'"}),
        ("x = df.│", "sort_values(by='cost')", {"'cost'"}),
        ("x = df.│", "drop(columns=['cost'])", {"'cost'"}),
        ("x = df.│", "merge(prices, on='cost', how='left')", {"'cost'"}),
        ("x = df.│", "agg('mean')", set()),
        ("x = df.│", "drop('cost')", set()),
        ("x = prices.│", "groupby('cost')", set()),
        ("df = df.assign(cost=1)\nx = df[│]", "'cost'", set()),
        ("df = pd.read_csv('a')\nx = df[│]", "'cost'", set()),
        ("def f(df):\n    return df[│]", "'cost'", set()),
        ("for df in prices:\n    x = df[│]", "'cost'", set()),
        ("│", "df['cost'] = 1\nx = df['cost']", set()),
        ("│", "df['cost'], y = 1, 2", set()),
    ],
)
def test_what_does_not_exist_is_found(drawn: str, text: str, unknown: set[str]) -> None:
    place = site(drawn, names=NAMES, parameters=PARAMETERS, columns=COLUMNS)
    assert unknown_names(place, text) == unknown


def test_where_other_names_may_exist_none_is_doubted() -> None:
    assert doubt_of_names(site("x = │"), "len(data)") == 1.0


def test_each_unknown_name_lowers_the_confidence() -> None:
    place = site("x = │", names=NAMES)
    assert 1.0 > doubt_of_names(place, "data") > doubt_of_names(place, "data + more") > 0.0


def test_columns_of_several_levels_are_not_judged() -> None:
    place = site("x = df[│]", names=NAMES, columns={"df": frozenset({"('a', 'b')", "('a', 'c')"})})
    assert unknown_names(place, "'a'") == set()
