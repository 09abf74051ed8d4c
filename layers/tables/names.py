"""Column headings become the contract's names; two headings for one name, or an ambiguous one, are faults."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from layers.aliases import canonical, cut_names
from layers.errors import Fault
from layers.schema import Contract
from layers.tables.raw import Raw


def rename(raw: Raw, contract: Contract, file: str) -> tuple[pd.DataFrame, list[Fault]]:
    """The table under canonical names, with ``_row``; columns the contract does not know keep their heading.

    A heading that is the canonical name itself wins over an alias of it, which then keeps its own heading.
    ``attrs["headings"]`` of the table maps canonical names to headings.
    """
    faults: list[Fault] = []
    named: dict[str, list[str]] = defaultdict(list)
    for heading in map(str, raw.table.columns):
        name, found = _name(heading, raw, contract, file)
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


def _name(heading: str, raw: Raw, contract: Contract, file: str) -> tuple[str, list[Fault]]:
    name = canonical(heading, contract)
    if name is not None:
        return name, []
    candidates = cut_names(heading, contract) if raw.cut_names else []
    if len(candidates) == 1 and "<" not in candidates[0]:
        note = Fault("column_cut", "note", file=file, column=heading, params={"name": candidates[0]})
        return candidates[0], [note]
    if candidates:
        listed = ", ".join(candidates)
        return heading, [Fault("column_ambiguous", file=file, column=heading, params={"candidates": listed})]
    return heading, []
