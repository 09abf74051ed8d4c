"""Decimal commas, as spreadsheets of many countries write them into text divided by semicolons."""

from __future__ import annotations

import re

import pandas as pd

from layers.errors import Fault

_DECIMAL = re.compile(r"[+-]?\d+,\d+")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def decimal_commas(table: pd.DataFrame, columns: list[str], file: str) -> tuple[pd.DataFrame, list[Fault]]:
    """The table with ``0,5`` as ``0.5`` in numeric columns; ``1,200`` could be two numbers and is a fault."""
    faults = []
    out = table.copy()
    for name in columns:
        cells = [None if value is None else str(value).strip() for value in table[name]]
        for cell, row in zip(cells, table["_row"], strict=True):
            if cell and _EITHER.fullmatch(cell):
                faults.append(Fault("value_comma", file=file, row=int(row), column=name, value=cell))
        out[name] = pd.Series(
            [cell.replace(",", ".") if cell and _DECIMAL.fullmatch(cell) else cell for cell in cells],
            index=table.index,
            dtype=object,
        )
    return out, faults
