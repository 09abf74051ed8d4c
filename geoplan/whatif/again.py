"""The enrolment of a stage again: options of lost schools out, those of new ones in, from the plan's prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from geoplan.coverage import StageInput
from geoplan.coverage.demand import takes_band
from geoplan.coverage.enrol import Enrolled, Offer
from geoplan.coverage.stage import F64, I64, Flags
from geoplan.enrolment import Options, edit
from geoplan.otherways import other_ways
from geoplan.whatif.reach import SchoolsChanged
from geoplan.whatif.start import StageBase, WhatIfBase, filled


def lost_schools(stage: StageBase, given: StageInput, recruits: Flags, row_of_old: I64) -> Flags:
    """Schools of the plan (by old row) whose options go: closed, no longer recruiting, or taking other bands."""
    still = row_of_old >= 0
    if len(recruits):
        row = np.maximum(row_of_old, 0)
        still &= recruits[row]
        for band in stage.units.bands:
            still &= takes_band(stage.given.schools, band) == takes_band(given.schools, band)[row]
    return np.asarray(stage.offer.recruits & ~still)


def newly_recruiting(stage: StageBase, recruits: Flags, lost: Flags, row_of_old: I64) -> I64:
    """New rows of schools that recruit now and have none of the plan's options."""
    kept = np.zeros(len(recruits), bool)
    kept[row_of_old[stage.offer.recruits & ~lost]] = True
    return np.flatnonzero(recruits & ~kept)


def enrolled_again(
    base: WhatIfBase,
    stage: StageBase,
    given: StageInput,
    offer: Offer,
    change: tuple[Flags, I64, SchoolsChanged],
) -> Enrolled | None:
    """The enrolment from the plan's prices; None where no school of the stage is another.

    ``change`` is what `lost_schools` and `newly_recruiting` say, and the schools changed.
    """
    lost, new, changed = change
    rows = changed.row_of_old
    if not lost.any() and not len(new) and _same_places(stage, offer, rows):
        return None
    ids = given.schools["id"].astype(str).to_numpy()
    came = _options(stage, given, new, changed)
    problem = edit(stage.problem, np.where(lost, -1, rows), came, ids)
    given = replace(given, extra=_other_ways(base, stage, given, change))
    return filled(given, stage.units, problem, offer, _prices(stage.enrolled.assignment.price_dm, rows, len(ids)))


def _same_places(stage: StageBase, offer: Offer, row_of_old: I64) -> bool:
    kept = stage.offer.recruits & (row_of_old >= 0)
    return np.array_equal(stage.offer.places[kept], offer.places[row_of_old[kept]], equal_nan=True)


def _prices(price_dm: I64, row_of_old: I64, schools: int) -> I64:
    """The plan's prices by new row; a new school starts at 0."""
    found = np.zeros(schools, np.int64)
    found[row_of_old[row_of_old >= 0]] = price_dm[row_of_old >= 0]
    return found


def _options(stage: StageBase, given: StageInput, new: I64, changed: SchoolsChanged) -> Options:
    """Units within their rule of each newly recruiting school, on foot."""
    parts = []
    for row in new.tolist():
        cell, dist = _pairs_of(stage, changed, row)
        for band, unit_of_cell in stage.unit_of_cell.items():
            if takes_band(given.schools.iloc[[row]], band)[0]:
                unit = unit_of_cell[cell]
                within = np.flatnonzero(unit >= 0)
                within = within[dist[within] <= stage.units.limit_dm[unit[within]]]
                parts.append((unit[within], np.full(len(within), row, np.int64), dist[within]))
    if not parts:
        return Options(*(np.empty(0, np.int64) for _ in range(3)))
    return Options(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _pairs_of(stage: StageBase, changed: SchoolsChanged, row: int) -> tuple[I64, I64]:
    """Cells that can walk to a school, and how far: from the search of a new one, else from the plan's pairs."""
    found = changed.walks(row)
    if found is not None:
        cell = np.flatnonzero(found >= 0)
        return cell, found[cell].astype(np.int64)
    pairs = stage.given.pairs
    mine = np.flatnonzero(pairs.school == changed.old_row(row))
    return pairs.cell[mine].astype(np.int64), pairs.dist_dm[mine].astype(np.int64)


def _other_ways(
    base: WhatIfBase, stage: StageBase, given: StageInput, change: tuple[Flags, I64, SchoolsChanged]
) -> pd.DataFrame | None:
    """Ways by bus and boarding: those of the plan in new rows, made again where schools with beds come or go."""
    lost, new, changed = change
    if _beds(given.schools)[new].any() or _beds(stage.given.schools)[lost].any():
        return other_ways(changed.layers, base.situation, stage.stage)
    extra = stage.given.extra
    if extra is None:
        return None
    row = changed.row_of_old[extra["school"].to_numpy(np.int64)]
    return extra.assign(school=row)[row >= 0].reset_index(drop=True)


def _beds(schools: pd.DataFrame) -> F64:
    if "beds" not in schools:
        return np.zeros(len(schools))
    return np.nan_to_num(schools["beds"].to_numpy(np.float64, na_value=np.nan))
