"""Units of a stage, cell x grade band: pupils in whole millionths, the rule of each, and where they may walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.coverage.stage import F64, I64, Flags, StageInput
from geoplan.enrolment import Options, millionths
from geoplan.reach import Pairs
from geoplan.standards import Rule, rules


@dataclass(frozen=True)
class Units:
    """Units with pupils, in the order of cell id and band.

    Parameters
    ----------
    cell, band
        Row of the cell, position in ``bands``.
    amount
        Millionths of a pupil.
    rule
        Position in ``rules``.
    limit_dm, limit_m
        What the rule allows along streets, and its figure in metres.
    straight
        Whether the limit can be held against the straight line: it is in metres, however it is to be measured.
    off
        The cell has no street within the snap limit.
    """

    cell: I64
    band: I64
    amount: I64
    rule: I64
    limit_dm: I64
    limit_m: F64
    straight: Flags
    off: Flags
    bands: tuple[str, ...]
    rules: tuple[Rule, ...]


def read_units(given: StageInput) -> Units:
    """Pupils in millionths by largest remainder, and the rule of each unit by setting and band."""
    table = given.units.groupby(["cell", "band"], as_index=False, sort=False)["pupils"].sum()
    cell = table["cell"].to_numpy(np.int64)
    rank = np.argsort(np.argsort(given.cells["cell_id"].astype(str).to_numpy(), kind="stable"), kind="stable")
    names, band = np.unique(table["band"].to_numpy(str), return_inverse=True)
    order = np.lexsort((band, rank[cell]))
    cell, band = cell[order], band[order]
    amount = millionths(table["pupils"].to_numpy(np.float64)[order])
    setting = _settings(given.cells)
    found, rule = _rules(given, names, band, setting[cell])
    limit_m = np.array([item.limit_m for item in found])
    straight = np.array([_in_metres(rule) for rule in found])
    kept = amount > 0
    cell, band, amount, rule = cell[kept], band[kept], amount[kept], rule[kept]
    return Units(
        cell=cell,
        band=band,
        amount=amount,
        rule=rule,
        limit_dm=np.floor(limit_m * 10 + 1e-6).astype(np.int64)[rule],
        limit_m=limit_m[rule],
        straight=straight[rule],
        off=given.pairs.off_network[cell],
        bands=tuple(str(name) for name in names),
        rules=found,
    )


def _in_metres(rule: Rule) -> bool:
    return rule.metric in {"straight", "network"} or "metric_unspecified" in rule.flags


def takes_band(schools: pd.DataFrame, band: str) -> Flags:
    """Which schools take a grade band; all where ``bands`` is not given."""
    if "bands" not in schools:
        return np.ones(len(schools), bool)
    return np.array([taken is None or band in taken for taken in schools["bands"]], bool)


def walking_options(units: Units, pairs: Pairs, schools: pd.DataFrame) -> Options:
    """Every serving school within each unit's rule along streets, public or private, inside or outside."""
    serves = schools["serves"].to_numpy(bool)
    parts = []
    for number, band in enumerate(units.bands):
        mine = np.flatnonzero((units.band == number) & ~units.off)
        unit_of_cell = np.full(len(pairs.off_network), -1, np.int64)
        unit_of_cell[units.cell[mine]] = mine
        unit = unit_of_cell[pairs.cell]
        kept = np.flatnonzero((unit >= 0) & (serves & takes_band(schools, band))[pairs.school])
        kept = kept[pairs.dist_dm[kept] <= units.limit_dm[unit[kept]]]
        parts.append((unit[kept], pairs.school[kept], pairs.dist_dm[kept]))
    return _joined(parts)


def extra_options(units: Units, extra: pd.DataFrame, mode: str) -> Options:
    """Pairs of another mode, per unit; rows without a band hold for all bands of the cell."""
    rows = extra[extra["mode"] == mode]
    cell, count = rows["cell"].to_numpy(np.int64), len(units.bands)
    unit_of = np.full((int(max(units.cell.max(initial=-1), cell.max(initial=-1))) + 1, count), -1, np.int64)
    unit_of[units.cell, units.band] = np.arange(len(units.cell))
    names = rows["band"] if "band" in rows else pd.Series(None, index=rows.index, dtype=object)
    band = pd.Index(list(units.bands), dtype=object).get_indexer(names.astype(object))
    met = (band[:, None] == np.arange(count)) | names.isna().to_numpy()[:, None]
    row, column = np.nonzero(met & (unit_of[cell] >= 0))
    school, cost = rows["school"].to_numpy(np.int64), rows["cost_dm"].to_numpy(np.int64)
    return Options(unit_of[cell[row], column], school[row], cost[row])


def chosen(options: Options, kept: NDArray[np.bool_]) -> Options:
    """Some of the pairs."""
    return Options(options.unit[kept], options.school[kept], options.cost_dm[kept])


def _joined(parts: Sequence[tuple[NDArray[np.integer], ...]]) -> Options:
    if not parts:
        nothing = np.empty(0, np.int64)
        return Options(nothing, nothing, nothing)
    unit, school, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Options(unit, school, cost)


def _settings(cells: pd.DataFrame) -> NDArray[np.object_]:
    if "setting" not in cells:
        return np.full(len(cells), "town", object)
    return np.where(cells["setting"] == "rural", "rural", "town").astype(object)


def _rules(
    given: StageInput, names: NDArray[np.str_], band: NDArray[np.intp], setting: NDArray[np.object_]
) -> tuple[tuple[Rule, ...], I64]:
    """The rules in use, and which of them each unit falls under."""
    known = [rule for place in ("town", "rural") for rule in rules(given.standards, given.stage, place)]
    at = {(rule.setting, rule.band): number for number, rule in enumerate(known)}
    lookup = np.array([[at[place, str(name)] for name in names] for place in ("town", "rural")], np.int64)
    which = lookup.reshape(2, -1)[(setting == "rural").astype(np.int64), band]
    used, position = np.unique(which, return_inverse=True)
    return tuple(known[number] for number in used), position.astype(np.int64)
