"""Checks a table against its contract: every wrong cell is named, then columns have the contract's types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.aliases import choice
from layers.errors import Fault
from layers.schema import Column, Contract

MISSING = frozenset(
    {"", "-", "--", "—", "——", "/", "na", "n/a", "nan", "null", "none", "#n/a", "暂无", "不详", "未知"}
)
"""Cells that say nothing is known, compared without case."""

NUMERIC = frozenset({"number", "whole", "year"})
YEARS = (1800, 2200)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_YEAR = re.compile(r"(\d{4})(?:年|[-/.年]\d{1,2}(?:月|[-/.月]\d{1,2}日?)?(?:[T ].*)?)?")
_CLOSE = 0.85


class _WrongCellError(ValueError):
    """A cell that cannot be read; carries the fault code."""


def check(table: pd.DataFrame, contract: Contract, file: str) -> tuple[pd.DataFrame, list[Fault]]:
    """Types, required cells, allowed values, bounds and keys of a table.

    Parameters
    ----------
    table
        Canonical column names (see :mod:`layers.aliases`); ``_row`` holds spreadsheet rows, else rows count from 2.
    contract
        What the table must hold.
    file
        Name to show in faults.

    ``table.attrs["headings"]``, where set, maps canonical names to the file's headings, which faults then show.

    Returns
    -------
    The table with a RangeIndex, without ``_row``: numbers as float64 (NaN unknown), texts and choices as objects
    (None unknown), flags as objects (True, False, None); and every fault found. A cell with a fault is unknown.
    """
    rows = spreadsheet_rows(table)
    headings: dict[str, str] = table.attrs.get("headings", {})
    out = table.drop(columns="_row", errors="ignore").reset_index(drop=True)
    out.attrs = {}
    faults = _columns(out, contract, file)
    for name in out.columns:
        column = contract.column(str(name))
        if column is None and name != "geometry":
            out[name] = _plain(out[name])
        elif column:
            out[name], found = _cells(out[name], column, rows, Fault("", file=file, column=headings.get(name, name)))
            faults += found
    faults += _keys(out, contract, rows, file)
    return out, faults


def spreadsheet_rows(table: pd.DataFrame) -> list[int]:
    """The row of each record as a spreadsheet shows it."""
    if "_row" in table:
        return [int(row) for row in table["_row"]]
    return list(range(2, len(table) + 2))


def is_missing(value: Any) -> bool:
    """Whether a cell says nothing."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and value.strip().casefold() in MISSING


def _columns(table: pd.DataFrame, contract: Contract, file: str) -> list[Fault]:
    """Required columns that are not there, alternatives of which none is, and names that look misspelt."""
    faults = [
        Fault("column_missing", file=file, column=column.name, params={"what": column.doc, "what_zh": column.doc_zh})
        for column in contract.columns
        if column.required and column.name not in table
    ]
    choices = contract.one_of
    if choices and not any(set(names) <= set(table.columns) for names in choices):
        listed = " / ".join("+".join(names) for names in choices)
        faults.append(Fault("column_choice", file=file, params={"choices": listed}))
    known = [name for name in contract.names() if name not in table]
    for name in map(str, table.columns):
        if contract.column(name) is None and name not in {"geometry", "_row"}:
            near = get_close_matches(name.casefold(), known, n=1, cutoff=_CLOSE)
            faults += [
                Fault("column_near", "warning", file=file, column=name, params={"near": found}) for found in near
            ]
    return faults


def _cells(
    values: pd.Series[Any], column: Column, rows: list[int], place: Fault
) -> tuple[pd.Series[Any], list[Fault]]:
    """One column read cell by cell; ``place`` is the fault to copy for each wrong one."""
    if column.kind in NUMERIC and _all_fit(quick := plain_numbers(values), column):
        return pd.Series(quick, index=values.index, name=values.name), []
    reader = _reader(column)
    read: list[Any] = []
    faults: list[Fault] = []
    for value, row in zip(values, rows, strict=True):
        found, code = _cell(value, reader)
        read.append(found)
        if code:
            faults.append(replace(place, code=code, row=row, value=shown(value), params=_limits(column)))
        elif found is None and column.required:
            faults.append(replace(place, code="value_missing", row=row))
    numeric = column.kind in NUMERIC
    data = [np.nan if value is None else value for value in read] if numeric else read
    return pd.Series(data, index=values.index, name=values.name, dtype=np.float64 if numeric else object), faults


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """A column the contract does not know, of one type: numbers, else texts; None where empty."""
    cells = [None if is_missing(value) else value for value in values]
    given = [value for value in cells if value is not None]
    if given and all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in given):
        return pd.Series(cells, index=values.index, name=values.name, dtype=np.float64)
    texts = [None if value is None else text(value) for value in cells]
    return pd.Series(texts, index=values.index, name=values.name, dtype=object)


def _cell(value: Any, reader: Callable[[Any], Any]) -> tuple[Any, str]:
    """What a cell holds, None where nothing, and the code of its fault."""
    try:
        return (None if is_missing(value) else reader(value)), ""
    except _WrongCellError as error:
        return None, str(error)


def plain_numbers(values: pd.Series[Any]) -> NDArray[np.float64] | None:
    """All cells as finite numbers in one step, or None where any is something else; large tables are mostly this."""
    if pd.api.types.infer_dtype(values, skipna=False) not in {"string", "floating", "integer"}:
        return None
    try:
        found = pd.to_numeric(values).to_numpy(dtype=np.float64)
    except (ValueError, TypeError):
        return None
    return found if np.isfinite(found).all() else None


def _all_fit(found: NDArray[np.float64] | None, column: Column) -> bool:
    if found is None or column.kind == "year":
        return False
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    whole = column.kind != "whole" or bool((found == np.floor(found)).all())
    return whole and bool(((found >= low) & (found <= high)).all())


def shown(value: Any) -> str:
    """A cell as a fault shows it, shortened."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _limits(column: Column) -> dict[str, str]:
    return {
        "allowed": ", ".join(column.allowed),
        "minimum": "" if column.minimum is None else f"{column.minimum:.15g}",
        "maximum": "" if column.maximum is None else f"{column.maximum:.15g}",
    }


def _reader(column: Column) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {
        "text": text,
        "choice": partial(_choice, column=column),
        "flag": _flag,
        "number": partial(_bounded, column=column),
        "whole": partial(_whole, column=column),
        "year": _year,
    }
    return readers[column.kind]


def text(value: Any) -> str:
    """A cell as text; 101.0 of a spreadsheet is ``101``."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def number(value: Any) -> float:
    """A cell as a finite number; ``1,234.5`` and full-width digits are read, ``12 m`` is not.

    Raises
    ------
    ValueError
        Whose text is the fault code.
    """
    if isinstance(value, (bool, np.bool_)):
        raise _WrongCellError("value_number")
    plain = str(value).strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        found = float(plain)
    except ValueError:
        raise _WrongCellError("value_number") from None
    if "_" in plain or not math.isfinite(found):
        raise _WrongCellError("value_number")
    return found


def _bounded(value: Any, column: Column) -> float:
    found = number(value)
    if column.minimum is not None and found < column.minimum:
        raise _WrongCellError("value_minimum")
    if column.maximum is not None and found > column.maximum:
        raise _WrongCellError("value_maximum")
    return found


def _whole(value: Any, column: Column) -> float:
    found = _bounded(value, column)
    if not found.is_integer():
        raise _WrongCellError("value_whole")
    return found


def _year(value: Any) -> float:
    if isinstance(value, date):
        return float(value.year)
    plain = text(value)
    match = _YEAR.fullmatch(plain)
    if not match or not YEARS[0] <= int(match.group(1)) <= YEARS[1]:
        raise _WrongCellError("value_year")
    return float(match.group(1))


def _flag(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    found = choice(text(value), "flag", ("yes", "no"))
    if found is None:
        raise _WrongCellError("value_flag")
    return found == "yes"


def _choice(value: Any, column: Column) -> str:
    found = choice(text(value), column.name, column.allowed)
    if found is None:
        raise _WrongCellError("value_allowed")
    return found


def _keys(table: pd.DataFrame, contract: Contract, rows: list[int], file: str) -> list[Fault]:
    """A fault for every row whose key has stood in an earlier row."""
    if not contract.key or not set(contract.key) <= set(table.columns):
        return []
    first: dict[tuple[Hashable, ...], int] = {}
    faults = []
    for row, key in zip(rows, table[list(contract.key)].itertuples(index=False, name=None), strict=True):
        if any(is_missing(part) for part in key):
            continue
        if key in first:
            shown_key = ", ".join(text(part) for part in key)
            faults.append(
                Fault(
                    "key_twice",
                    file=file,
                    row=row,
                    column=", ".join(contract.key),
                    value=shown_key,
                    params={"first": first[key]},
                )
            )
        first.setdefault(key, row)
    return faults
