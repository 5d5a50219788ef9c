"""Small notebooks to ask about, and a stand-in for a tokenizer."""

from __future__ import annotations

import re

from llama_assist.types import Cell, Document


def count(text: str) -> int:
    """Count words and marks: a stand-in for a tokenizer that reads like one."""
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


SALES = Document(
    (
        Cell("# Sales\n\nMonthly sales of three shops.", "markdown"),
        Cell("import pandas as pd\nimport numpy as np"),
        Cell('sales = pd.read_csv("sales.csv")\nsales.head()', outputs=("   shop  amount\n0  A     12",)),
        Cell("## Clean the data", "markdown"),
        Cell('valid = sales[sales["amount"] > 0]\nvalid = valid.dropna()'),
        Cell("## Weather", "markdown"),
        Cell("def rain_days(month):\n    return [day for day in month if day.rain]"),
        Cell("print(len(rain_days(june)))", outputs=("17",), execution_count=12),
        Cell('valid.groupby("shop").mean()'),
    )
)
