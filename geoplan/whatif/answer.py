"""The answer to a what-if: walks of new schools, then every stage that changes counted again from where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage import StageInput, recruiting
from geoplan.coverage.accounts import sum_by
from geoplan.coverage.demand import Units, takes_band
from geoplan.coverage.enrol import Enrolled, Offer
from geoplan.coverage.stage import F64, I64, Flags
from geoplan.enrolment import MILLION
from geoplan.errors import PlanError
from geoplan.places import stage_places
from geoplan.scenario import Scenario, applied
from geoplan.standards import stage_def
from geoplan.whatif.again import enrolled_again, lost_schools, newly_recruiting
from geoplan.whatif.figures import SHORT, CellFigures, cell_figures, changed_cells
from geoplan.whatif.housing import with_housing
from geoplan.whatif.reach import Nearest, SchoolsChanged, nearest_again, walks_to
from geoplan.whatif.start import StageBase, WhatIfBase, shares
from layers.scenariofile import HousingStep, RetrofitStep, Step

NOISE = 1e-4  # pupils and metres: less comes from rounding to millionths
TEXTS = ("status", "school")
NOBODY = {"status": "none", "school": None, **dict.fromkeys(SHORT, 0.0)}


@dataclass(frozen=True, eq=False)
class Basis:
    """What figures of a stage are summed up from: its input, units, places offered, enrolment, nearest schools."""

    given: StageInput
    units: Units
    offer: Offer
    enrolled: Enrolled
    near: Mapping[str, Nearest]


@dataclass(frozen=True)
class StageAnswer:
    """One stage before and after.

    Parameters
    ----------
    pupils_before, pupils
        Pupils of every cell.
    accounts_before, accounts
        Pupils by account.
    shares_before, shares
        ``radius_share, walk_share``, and the mean walk of those on foot, ``walk_m``.
    cells
        One row a cell, as in the tables of a run: ``status, school, served, no_place, out, off, walk_m, nearest_m,
        straight_m``; ``cells_before`` the same of the plan. New housing stands behind the plan's own cells.
    changed
        Whether any of a cell's first seven figures differs from the plan.
    schools
        One row a school: ``id, places, pupils, load``, and ``pupils_before`` (NaN for one the plan does not have).
    basis
        What further figures are summed up from, see `geoplan.whatif.sketch`.
    """

    accounts_before: Mapping[str, float]
    accounts: Mapping[str, float]
    shares_before: Mapping[str, float]
    shares: Mapping[str, float]
    pupils_before: F64
    pupils: F64
    cells_before: pd.DataFrame
    cells: pd.DataFrame
    changed: Flags
    schools: pd.DataFrame
    basis: Basis


@dataclass(frozen=True)
class WhatIf:
    """The schools after the steps, and every stage of the plan."""

    schools: SchoolsChanged
    stages: Mapping[str, StageAnswer]


def whatif(base: WhatIfBase, *steps: Step) -> WhatIf:
    """What steps on schools and new housing do to a plan; the same figures as a full run.

    Parameters
    ----------
    base
        From `geoplan.whatif.whatif_base` or `in_year`.
    steps
        Open, close, resize, convert; applied in their order. Housing changes the years it is lived in.

    Raises
    ------
    PlanError
        Steps that cannot be done, and works on streets: these need a run.
    """
    homes = tuple(step for step in steps if isinstance(step, HousingStep))
    schools = tuple(step for step in steps if not isinstance(step, HousingStep))
    ground = with_housing(base, homes) if homes else base
    found = count_again(ground, reach_again(ground, *schools))
    return against(base, found) if homes else found


def against(base: WhatIfBase, found: WhatIf) -> WhatIf:
    """The answer on a plan with new housing, held against the plan without."""
    return replace(found, stages={name: _against(base.stages[name], one) for name, one in found.stages.items()})


def _against(stage: StageBase, found: StageAnswer) -> StageAnswer:
    more = len(found.cells) - len(stage.given.cells)
    before = _cells(stage.figures, stage.near[""])
    empty = pd.DataFrame({name: [NOBODY.get(name, np.nan)] * more for name in before}).astype(
        {name: object for name in ("status", "school")}
    )
    cells = pd.concat([before, empty], ignore_index=True) if more else before
    pupils = np.concatenate([pupils_by_cell(stage), np.zeros(more)])
    past = pd.Series(
        sum_by(stage.enrolled.school, stage.enrolled.amount, len(stage.given.schools)) / MILLION,
        index=stage.given.schools["id"].astype(str),
    ).where(stage.offer.recruits)
    return replace(
        found,
        accounts_before=stage.figures.totals,
        shares_before=stage.shares,
        pupils_before=pupils,
        cells_before=cells,
        changed=_other(cells, found.cells) | (np.abs(found.pupils - pupils) > NOISE),
        schools=found.schools.assign(pupils_before=past.reindex(found.schools["id"]).to_numpy()),
    )


def _other(before: pd.DataFrame, after: pd.DataFrame) -> Flags:
    """Cells of which a figure is another; what rounding to millionths may move is none."""
    texts = [before[name].fillna("").to_numpy(str) != after[name].fillna("").to_numpy(str) for name in TEXTS]
    names = [*SHORT, "walk_m"]
    one, two = (np.nan_to_num(table[names].to_numpy(float), nan=-1.0) for table in (before, after))
    return np.asarray(np.logical_or.reduce([*texts, (np.abs(one - two) > NOISE).any(axis=1)]))


def reach_again(base: WhatIfBase, *steps: Step) -> SchoolsChanged:
    """The schools after the steps, and a search from each new one."""
    slow = sorted({step.action for step in steps if isinstance(step, HousingStep | RetrofitStep)})
    if slow:
        raise PlanError(f"{', '.join(slow)}: changes pupils or streets; run the plan with the scenario instead")
    layers = applied(base.layers, Scenario(name="what-if", steps=steps))
    old, new = (pd.Index(one.schools["id"].astype(str)) for one in (base.layers, layers))
    row_of_old = new.get_indexer(old).astype(np.int64)
    added = np.flatnonzero(old.get_indexer(new) < 0).astype(np.int64)
    return SchoolsChanged(layers, row_of_old, added, walks_to(base.situation, layers, added))


def count_again(base: WhatIfBase, changed: SchoolsChanged) -> WhatIf:
    """Every stage counted for the schools there are now."""
    return WhatIf(changed, {name: _stage(base, stage, changed) for name, stage in base.stages.items()})


def _stage(base: WhatIfBase, stage: StageBase, changed: SchoolsChanged) -> StageAnswer:
    given = _input(base, stage, changed)
    recruits = recruiting(given.schools, given.choices)
    offer = Offer(recruits, given.schools["places_net"].to_numpy(np.float64))
    lost = lost_schools(stage, given, recruits, changed.row_of_old)
    new = newly_recruiting(stage, recruits, lost, changed.row_of_old)
    enrolled = enrolled_again(base, stage, given, offer, (lost, new, changed))
    if enrolled is None:
        return _unchanged(stage, given, offer, changed.row_of_old)
    figures = cell_figures(given, stage.units, enrolled, (stage.enrolled, stage.figures, changed.row_of_old))
    near = _near(base, stage, given, changed)
    pupils = pupils_by_cell(stage)
    return StageAnswer(
        accounts_before=stage.figures.totals,
        accounts=figures.totals,
        shares_before=stage.shares,
        shares=shares(stage.units, enrolled, near),
        pupils_before=pupils,
        pupils=pupils,
        cells_before=_cells(stage.figures, stage.near[""]),
        cells=_cells(figures, near[""]),
        changed=changed_cells(stage.figures, figures),
        schools=_schools(stage, given, (offer, enrolled), changed.row_of_old),
        basis=Basis(given, stage.units, offer, enrolled, near),
    )


def _unchanged(stage: StageBase, given: StageInput, offer: Offer, row_of_old: I64) -> StageAnswer:
    """A stage none of whose schools is another: only rows of the table of schools may have moved."""
    enrolled = replace(stage.enrolled, school=row_of_old[stage.enrolled.school])
    pupils, cells = pupils_by_cell(stage), _cells(stage.figures, stage.near[""])
    return StageAnswer(
        accounts_before=stage.figures.totals,
        accounts=stage.figures.totals,
        shares_before=stage.shares,
        shares=stage.shares,
        pupils_before=pupils,
        pupils=pupils,
        cells_before=cells,
        cells=cells,
        changed=np.zeros(len(given.cells), bool),
        schools=_schools(stage, given, (offer, enrolled), row_of_old),
        basis=Basis(given, stage.units, offer, enrolled, stage.near),
    )


def pupils_by_cell(stage: StageBase) -> F64:
    """Pupils of every cell."""
    found: F64 = sum_by(stage.units.cell, stage.units.amount, len(stage.given.cells)) / MILLION
    return found


def _near(base: WhatIfBase, stage: StageBase, given: StageInput, changed: SchoolsChanged) -> dict[str, Nearest]:
    """The nearest school by band; bands that the same schools take share it."""
    recruits = recruiting(given.schools, given.choices)
    found: dict[tuple[int, bytes], Nearest] = {}
    near = {}
    for band, before in stage.near.items():
        taking = recruits & takes_band(given.schools, band) if band else recruits
        key = id(before), taking.tobytes()
        if key not in found:
            found[key] = nearest_again(base.situation, before, (stage.given, given), taking, changed)
        near[band] = found[key]
    return near


def _input(base: WhatIfBase, stage: StageBase, changed: SchoolsChanged) -> StageInput:
    """The stage's input with the schools of the what-if; pairs, cells and pupils are the plan's."""
    layers, standards = changed.layers, base.situation.standards
    found = stage_places(layers.schools, stage_def(standards, stage.stage), standards, year=base.opening)
    own = pd.DataFrame(layers.schools.drop(columns="geometry"))
    schools = pd.concat([own.drop(columns=own.columns.intersection(found.columns)), found], axis=1)
    row_of = pd.Series(np.arange(len(schools)), index=layers.schools["id"].to_numpy())
    points = layers.gates.geometry
    gates = pd.DataFrame(
        {"school": row_of.reindex(layers.gates["school_id"]).to_numpy(), "x": points.x, "y": points.y}
    )
    return replace(stage.given, schools=schools, gates=gates, nearest_dm=None)


def _cells(figures: CellFigures, near: Nearest) -> pd.DataFrame:
    texts = {"status": figures.status, "school": figures.school}
    found: dict[str, Any] = {name: pd.Series(values, dtype=object) for name, values in texts.items()}
    found |= {name: amount / MILLION for name, amount in zip(SHORT, figures.accounts, strict=True)}
    found["walk_m"] = figures.walk_m
    found["nearest_m"] = np.where(near.dist_dm >= 0, near.dist_dm / 10, np.nan)
    found["straight_m"] = np.where(np.isfinite(near.straight_m), near.straight_m, np.nan)
    return pd.DataFrame(found, copy=False)


def schools_before(stage: StageBase) -> pd.DataFrame:
    """The schools of the plan itself, as in `StageAnswer.schools`."""
    own = np.arange(len(stage.given.schools), dtype=np.int64)
    return _schools(stage, stage.given, (stage.offer, stage.enrolled), own)


def _schools(stage: StageBase, given: StageInput, found: tuple[Offer, Enrolled], row_of_old: I64) -> pd.DataFrame:
    offer, enrolled = found
    size, old_size = len(given.schools), len(row_of_old)
    pupils = np.where(offer.recruits, sum_by(enrolled.school, enrolled.amount, size) / MILLION, np.nan)
    past = np.where(
        stage.offer.recruits, sum_by(stage.enrolled.school, stage.enrolled.amount, old_size) / MILLION, np.nan
    )
    before = np.full(size, np.nan)
    before[row_of_old[row_of_old >= 0]] = past[row_of_old >= 0]
    places, incoming = (given.schools[name].to_numpy(float) for name in ("places", "incoming"))
    with np.errstate(invalid="ignore", divide="ignore"):
        load = np.where(places > 0, (pupils + incoming) / places, np.nan)
    columns = {"id": given.schools["id"].astype(str), "places": places, "pupils": pupils, "load": load}
    return pd.DataFrame(columns | {"pupils_before": before})
