"""Projects of new housing: the phases of a developer together, with what they yield for one stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
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
        by_project: dict[str, list[dict[str, Any]]] = {}
        for row in mine.sort_values(["project", "housing_id"]).to_dict("records"):
            by_project.setdefault(str(row["project"]), []).append(row)
        found += [_project(stage, part) for part in by_project.values()]
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


def _project(stage: str, part: Sequence[Mapping[str, Any]]) -> Project:
    known = [row for row in part if not math.isnan(row["dwellings"])]
    ready = [int(row["ready"]) for row in known if not math.isnan(row["ready"])]
    x, y = _middle(known or part)
    return Project(
        id=str(part[0]["project"]),
        stage=stage,
        setting=str(part[0]["setting"]),
        phases=tuple(str(row["housing_id"]) for row in part),
        unknown=tuple(str(row["housing_id"]) for row in part if math.isnan(row["dwellings"])),
        dwellings=_sum(known, "dwellings"),
        residents=_sum(known, "residents"),
        pupils=_sum(known, "pupils"),
        sources=(_sources(known, "persons_source"), _sources(known, "pupils_source")),
        handover=min(ready, default=None),
        reserved_m2=_sum(part, "reserved_m2"),
        x=x,
        y=y,
    )


def _middle(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Where the dwellings lie on average; the middle of the rows where none is known."""
    weight = [0.0 if math.isnan(row["dwellings"]) else float(row["dwellings"]) for row in rows]
    total = math.fsum(weight)
    if total <= 0:
        weight, total = [1.0] * len(rows), float(len(rows))
    x, y = (math.fsum(w * row[axis] for w, row in zip(weight, rows, strict=True)) / total for axis in ("x", "y"))
    return x, y


def _sum(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    """NaN where no row knows it."""
    known = [float(row[column]) for row in rows if not math.isnan(row[column])]
    return math.fsum(known) if known else math.nan


def _sources(rows: Sequence[Mapping[str, Any]], column: str) -> tuple[str, ...]:
    return tuple(sorted({str(row[column]) for row in rows}))


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
