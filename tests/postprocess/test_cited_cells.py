from __future__ import annotations

import pytest

from llama_assist.postprocess.cited_cells import cited_cells


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("It is in cell 3.", (3,)),
        ("Cells 1, 4 and 2 do it; see also cell 4.", (1, 4, 2)),
        ("Cells 2-4 load the data.", (2, 4, 3)),
        ("See cell [5] and Cell #0.", (5, 0)),
        ("单元格 3 里有税率，第 4 个单元格没有。", (3, 4)),
        ("Das steht in Zelle 2 und in Zellen 3 und 4.", (2, 3, 4)),
        ("Dans la cellule 1; en la celda 2.", (1, 2)),
        ("A cell has 3 rows.", ()),
        ("cell 12 does not exist, nor does cell 6", ()),
        ("excellent 3", ()),
        ("cell 99999999999999999999", ()),
    ],
)
def test_the_cells_named_in_the_text_that_exist_are_cited(text: str, cells: tuple[int, ...]) -> None:
    assert cited_cells(text, 6) == cells
