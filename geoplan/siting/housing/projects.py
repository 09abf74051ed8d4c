"""Projects of new housing: the phases of a developer together, with what they yield for one stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.siting.housing.yields import figure, numbers, persons_norm, yields
from geoplan.standards import Standards

Reason = dict[str, Any]
HAIR = 1e-9


@dataclass(frozen=True)
class Project:
    """One project and stage at full design occupancy.

    Parameters
    ----------
    id, stage, setting
        Smallest id of its phases; ``town`` or ``rural`` as that phase.
    phases, unknown
        Ids of all its rows, and of those whose dwellings are not known (they count nothing).
    dwellings, residents, pupils
        Sums over the known phases; NaN where none is known.
    sources
        What residents and pupils rest on: ``given`` or norm ids, residents first.
    handover
        First year of completion; None where no phase states one.
    reserved_m2
        Land reserved for the stage in all phases; NaN where no phase says.
    x, y
        Metres: where its dwellings lie on average.
    """

    id: str
    stage: str
    setting: str
    phases: tuple[str, ...]
    unknown: tuple[str, ...]
    dwellings: float
    residents: float
    pupils: float
    sources: tuple[tuple[str, ...], tuple[str, ...]]
    handover: int | None
    reserved_m2: float
    x: float
    y: float


def reason(code: str, **params: Any) -> Reason:
    """A reason as tables hold it."""
    return {"code": code, "params": params}


def projects(housing: gpd.GeoDataFrame, standards: Standards, stages: Sequence[str]) -> list[Project]:
    """Every project and stage, stage by stage, projects by id.

    Parameters
    ----------
    housing
        The housing table in a metric CRS, with ``setting`` where it is known (town where not).
    """
    table = yields(housing, standards, stages)
    rows = _rows(housing)
    found = []
    for stage in stages:
        mine = table[table["stage"] == stage].reset_index(drop=True)
        mine = pd.concat([mine, rows], axis=1).assign(reserved_m2=numbers(housing, f"reserved_{stage}_m2"))
        parts = [part.sort_values("housing_id") for _, part in mine.groupby("project", sort=True)]
        found += [_project(stage, part) for part in parts]
    return found


def _rows(housing: gpd.GeoDataFrame) -> pd.DataFrame:
    """Place, setting and year of completion of every row, in the order of the table."""
    points = shapely.centroid(housing.geometry.to_numpy())
    setting = housing["setting"].fillna("town") if "setting" in housing else pd.Series("town", index=housing.index)
    return pd.DataFrame(
        {
            "x": shapely.get_x(points),
            "y": shapely.get_y(points),
            "setting": setting.to_numpy(),
            "ready": numbers(housing, "ready"),
        }
    )


def _project(stage: str, part: pd.DataFrame) -> Project:
    known = part[part["dwellings"].notna()]
    counted = known if len(known) else part
    weight = counted["dwellings"].fillna(0.0).to_numpy() + 1e-9
    ready = known["ready"].dropna()
    return Project(
        id=str(part["project"].iloc[0]),
        stage=stage,
        setting=str(part["setting"].iloc[0]),
        phases=tuple(part["housing_id"]),
        unknown=tuple(part.loc[part["dwellings"].isna(), "housing_id"]),
        dwellings=_sum(known["dwellings"]),
        residents=_sum(known["residents"]),
        pupils=_sum(known["pupils"]),
        sources=(_sources(known["persons_source"]), _sources(known["pupils_source"])),
        handover=int(ready.min()) if len(ready) else None,
        reserved_m2=_sum(part["reserved_m2"]),
        x=float(np.average(counted["x"], weights=weight)),
        y=float(np.average(counted["y"], weights=weight)),
    )


def _sum(column: pd.Series[float]) -> float:
    return float(column.sum(min_count=1))


def _sources(column: pd.Series[str]) -> tuple[str, ...]:
    return tuple(sorted(set(column)))


def count_reasons(project: Project, standards: Standards) -> list[Reason]:
    """How residents and pupils were counted, with the norm behind each and its confidence."""
    found = []
    if len(project.phases) > 1:
        found.append(reason("housing_phases", phases=list(project.phases)))
    if project.unknown:
        found.append(reason("housing_phase_unknown", phases=list(project.unknown)))
    residents, pupils = project.sources
    given = {"dwellings": project.dwellings, "residents": project.residents}
    for source in residents:
        norm = standards.norms.get(source)
        if norm is None:
            found.append(reason("housing_residents_given", **given))
        else:
            more = {"persons": figure(persons_norm(standards)), **cited(standards, source)}
            found.append(reason("housing_residents_norm", **given, **more))
    for source in pupils:
        found.append(_pupils_reason(project, standards, source))
    return found


def whole_places(pupils: float) -> int:
    """Places for so many pupils: whole ones, a hair above a whole number being that number."""
    return math.ceil(pupils - HAIR)


def _pupils_reason(project: Project, standards: Standards, source: str) -> Reason:
    base = {"stage": project.stage, "pupils": whole_places(project.pupils)}
    norm = standards.norms.get(source)
    if norm is None:
        return reason("housing_pupils_given", **base)
    if norm.topic == "places_per_1000_residents":
        return reason("housing_pupils_norm", **base, per_1000=figure(norm), **cited(standards, source))
    return reason("housing_pupils_ages", **base, **cited(standards, source))


def cited(standards: Standards, norm_id: str) -> dict[str, str]:
    """``norm, source, clause, confidence`` of a norm."""
    norm = standards.norms[norm_id]
    return {"norm": norm.id, "source": norm.source, "clause": norm.clause, "confidence": norm.confidence}
