"""Column headings become the contract's names; two headings for one name, or an ambiguous one, are faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from layers.aliases import PLACES, canonical, cut_names
from layers.errors import Fault
from layers.schema import Contract
from layers.tables.raw import Raw


def rename(
    raw: Raw, contract: Contract, file: str, said: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[Fault]]:
    """The table under canonical names, with ``_row``; columns the contract does not know keep their heading.

    A heading that is the canonical name itself wins over an alias of it, which then keeps its own heading. ``said``
    maps canonical names to headings and comes before both; an empty heading says that the table has no such column,
    and one heading may serve for several.
    ``attrs["headings"]`` of the table maps canonical names to headings.
    """
    said = said or {}
    faults = _said_faults(raw, contract, file, said)
    named: dict[str, list[str]] = defaultdict(list)
    for heading in map(str, raw.table.columns):
        names, found = _names(heading, raw, contract, file, said)
        for name in names:
            named[name].append(heading)
        faults += found
    columns = {"_row": pd.Series(raw.rows, index=raw.table.index, dtype="int64")}
    shown: dict[str, str] = {}
    for name, headings in named.items():
        kept = name if name in headings else headings[0]
        if len(headings) > 1 and name not in headings:
            listed = ", ".join(headings)
            faults.append(Fault("column_twice", file=file, column=name, params={"names": listed}))
        for heading in headings:
            columns[name if heading == kept else heading] = raw.table[heading]
        shown[name] = kept
    table = pd.DataFrame(columns, index=raw.table.index)
    table.attrs["headings"] = shown
    return table, faults


def _said_faults(raw: Raw, contract: Contract, file: str, said: Mapping[str, str]) -> list[Fault]:
    """Columns the plan names that the contract does not know, or whose heading is not in the file."""
    places = PLACES if contract.geometry else ()
    headings = set(map(str, raw.table.columns))
    unknown = [
        Fault("columns_unknown", file="plan.toml", column=f"tables.{contract.name}.columns", value=name)
        for name in said
        if contract.column(name) is None and name not in places
    ]
    return unknown + [
        Fault("columns_heading", file=file, column=name, value=heading)
        for name, heading in said.items()
        if heading and heading not in headings
    ]


def same_in_all_rows(
    table: pd.DataFrame, contract: Contract, file: str, values: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """The table with columns its file does not have, one value in every row each; a note tells of each of them.

    A column the contract does not know, a place, or one the file has is a fault.
    """
    faults, at = list[Fault](), f"tables.{contract.name}.values"
    for name, value in values.items():
        if contract.column(name) is None:
            faults.append(Fault("columns_unknown", file="plan.toml", column=at, value=name))
        elif name in table.attrs["headings"]:
            faults.append(Fault("values_twice", file="plan.toml", column=at, value=name, params={"name": file}))
        else:
            table[name] = pd.Series(value, index=table.index, dtype=object)
            faults.append(Fault("values_same", "note", file=file, column=name, value=value))
    return table, faults


def _names(
    heading: str, raw: Raw, contract: Contract, file: str, said: Mapping[str, str]
) -> tuple[list[str], list[Fault]]:
    """The names of a column. One named for something else, or an alias of one named so, keeps its own heading."""
    meant = [name for name, given in said.items() if given == heading]
    if meant:
        return meant, []
    name, faults = _found(heading, raw, contract, file, said)
    return [name], faults


def _found(heading: str, raw: Raw, contract: Contract, file: str, said: Mapping[str, str]) -> tuple[str, list[Fault]]:
    """The name of a column nothing was said of: an alias, or a name a shapefile cut off."""
    name = canonical(heading, contract)
    if name is not None:
        return (_aside(heading, said) if name in said else name), []
    candidates = cut_names(heading, contract) if raw.cut_names else []
    candidates = [one for one in candidates if one not in said]
    if len(candidates) == 1 and "<" not in candidates[0]:
        note = Fault("column_cut", "note", file=file, column=heading, params={"name": candidates[0]})
        return candidates[0], [note]
    if candidates:
        listed = ", ".join(candidates)
        return heading, [Fault("column_ambiguous", file=file, column=heading, params={"candidates": listed})]
    return heading, []


def _aside(heading: str, said: Mapping[str, str]) -> str:
    """A heading that may not be taken for the column it is called like."""
    return f"{heading} (file)" if heading in said else heading
