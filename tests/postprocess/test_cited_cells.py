from __future__ import annotations

import pytest

from llama_assist.postprocess.cited_cells import cited_cells


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("It is in cell 3.", (2,)),
        ("Cells 1, 4 and 2 do it; see also cell 4.", (0, 3, 1)),
        ("Cells 2-4 load the data.", (1, 3, 2)),
        ("See cell [5] and Cell #1.", (4, 0)),
        ("单元格 3 里有税率，第 4 个单元格没有。", (2, 3)),
        ("Das steht in Zelle 2 und in Zellen 3 und 4.", (1, 2, 3)),
        ("Dans la cellule 1; en la celda 2.", (0, 1)),
        ("A cell has 3 rows.", ()),
        ("cell 12 does not exist, nor does cell 7", ()),
        ("cell 6 is the last one, and there is no cell 0", (5,)),
        ("excellent 3", ()),
        ("cell 99999999999999999999", ()),
    ],
)
def test_the_cells_named_in_the_text_that_exist_are_cited(text: str, cells: tuple[int, ...]) -> None:
    assert cited_cells(text, 6) == cells
