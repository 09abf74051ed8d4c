"""Places of every school for one stage, each with its source; enrolment is never taken for places."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import StageDef, Standards, class_size
from layers.bundle import STAGES

F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

SOURCES = ("given", "classrooms", "classes", "unknown")


def stage_places(
    schools: pd.DataFrame, stage: StageDef, standards: Standards, *, year: int | None = None
) -> pd.DataFrame:
    """Places per school for a stage: given; else classrooms x class size; else classes x class size; else unknown.

    Parameters
    ----------
    schools
        ``stage, stages`` and, where known, ``places_<stage>, classrooms_<stage>, classes_<stage>, shifts,
        pupils_from_outside (or pupils_from_outside_<stage>), assumed, opened, closes``.
    stage
        The stage; a teaching point takes its youngest band only.
    standards
        Hold the class sizes.
    year
        Schools not yet open or closed by then do not serve; all serve when None.

    Returns
    -------
    DataFrame with the index of ``schools``; schools that do not serve the stage have unknown places.
        ``serves`` (bool); ``bands`` (tuple of band ids taken); ``seats`` (places of one shift); ``places`` (all
        shifts); ``places_source`` (one of ``SOURCES``); ``places_assumed`` (bool); ``incoming`` (pupils from outside
        the region, 0 where not stated); ``incoming_assumed`` (bool: divided among stages by their places);
        ``places_net`` (places less incoming, >= 0); ``places_low`` and ``places_high`` (net; assumed and unknown
        places none, and unknown places unlimited).
    """
    found = pd.DataFrame(index=schools.index)
    found["serves"] = serves = serving(schools, stage.id, year)
    found["bands"] = _bands(schools, stage)
    places, source = _places(schools, stage.id, standards)
    found["seats"] = np.where(serves, places / _shifts(schools), np.nan)
    found["places"] = np.where(serves, places, np.nan)
    found["places_source"] = np.where(serves, source, "unknown").astype(object)
    found["places_assumed"] = serves & _assumed(schools, stage.id, source)
    incoming, divided = _incoming(schools, stage.id, standards)
    found["incoming"] = np.where(serves, incoming, 0.0)
    found["incoming_assumed"] = serves & divided
    found["places_net"] = np.maximum(found["places"] - found["incoming"], 0.0)
    known = found["places_net"].to_numpy()
    found["places_low"] = np.where(found["places_assumed"] | np.isnan(known), 0.0, known)
    found["places_high"] = np.where(serves & np.isnan(known), np.inf, np.nan_to_num(known))
    return found


def serving(schools: pd.DataFrame, stage: str, year: int | None = None) -> Flags:
    """Which schools teach the stage, and are open in the year (``opened <= year < closes``)."""
    teaches = np.array([stage in stages for stages in schools["stages"]], bool)
    if year is None:
        return teaches
    opened, closes = _column(schools, "opened"), _column(schools, "closes")
    return teaches & ~(opened > year) & ~(closes <= year)


def assumed_share(places: pd.DataFrame, chosen: Flags) -> float:
    """Share of places that are assumed or unknown, among the chosen schools that serve.

    A school with unknown places counts with the mean of the known ones; 1 where none is known, NaN without schools.
    """
    part = places[chosen & places["serves"].to_numpy()]
    if part.empty:
        return float("nan")
    known = part["places"].notna()
    if not known.any():
        return 1.0
    unknown = (~known).sum() * part.loc[known, "places"].mean()
    total = part.loc[known, "places"].sum() + unknown
    doubtful = part.loc[known & part["places_assumed"], "places"].sum() + unknown
    return float(doubtful / total) if total > 0 else float((~known | part["places_assumed"]).mean())


def _places(schools: pd.DataFrame, stage: str, standards: Standards) -> tuple[F64, NDArray[np.object_]]:
    """Places of all shifts and the column they come from; classes already count every shift."""
    size, shifts = _class_sizes(schools, stage, standards), _shifts(schools)
    candidates = [
        _column(schools, f"places_{stage}") * shifts,
        _column(schools, f"classrooms_{stage}") * size * shifts,
        _column(schools, f"classes_{stage}") * size,
    ]
    known = [~np.isnan(candidate) for candidate in candidates]
    places = np.select(known, candidates, default=np.nan)
    return places, np.select(known, list(SOURCES[:3]), default=SOURCES[3]).astype(object)


def _class_sizes(schools: pd.DataFrame, stage: str, standards: Standards) -> F64:
    usual = float(str(class_size(standards, stage).value))
    if stage != "primary":
        return np.full(len(schools), usual)
    small = float(str(class_size(standards, stage, teaching_point=True).value))
    return np.where(_teaching_point(schools), small, usual)


def _bands(schools: pd.DataFrame, stage: StageDef) -> pd.Series:
    every = tuple(band.id for band in stage.bands)
    taken = [every[:1] if point else every for point in _teaching_point(schools)]
    return pd.Series(taken, index=schools.index, dtype=object)


def _assumed(schools: pd.DataFrame, stage: str, source: NDArray[np.object_]) -> Flags:
    """Classes x class size is assumed; the rest where the table says so of the column used."""
    used = np.where(source == "given", "places", source).astype(object)
    stated = schools["assumed"] if "assumed" in schools else pd.Series("", index=schools.index)
    names = [{name.strip() for name in str(text).split(";")} for text in stated.fillna("")]
    said = [bool({column, f"{column}_{stage}"} & flags) for column, flags in zip(used, names, strict=True)]
    return (source == "classes") | np.array(said, bool)


def _incoming(schools: pd.DataFrame, stage: str, standards: Standards) -> tuple[F64, Flags]:
    """Pupils from outside per school for the stage, and where one total was divided by the places of the stages."""
    own = _column(schools, f"pupils_from_outside_{stage}")
    total = _column(schools, "pupils_from_outside")
    several = np.array([len(stages) > 1 for stages in schools["stages"]], bool)
    divided = np.isnan(own) & several & (total > 0)
    share = _share_of_places(schools, stage, standards) if divided.any() else np.ones(len(schools))
    amount = np.where(np.isnan(own), np.where(several, total * share, total), own)
    return np.nan_to_num(amount), divided


def _share_of_places(schools: pd.DataFrame, stage: str, standards: Standards) -> F64:
    """The stage's share of the school's places; equal shares where any of them is unknown."""
    teaches = {other: serving(schools, other) for other in STAGES}
    places = {other: _places(schools, other, standards)[0] for other in STAGES if teaches[other].any()}
    total = sum((np.where(teaches[other], part, 0.0) for other, part in places.items()), np.zeros(len(schools)))
    count = sum((teaches[other].astype(float) for other in places), np.zeros(len(schools)))
    equal = 1.0 / np.maximum(count, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = places.get(stage, np.zeros(len(schools))) / total
    return np.where(np.isfinite(share), share, equal)


def _teaching_point(schools: pd.DataFrame) -> Flags:
    return (schools["stage"] == "teaching_point").to_numpy(bool)


def _shifts(schools: pd.DataFrame) -> F64:
    shifts = _column(schools, "shifts")
    return np.where(np.isnan(shifts), 1.0, shifts)


def _column(schools: pd.DataFrame, name: str) -> F64:
    if name not in schools:
        return np.full(len(schools), np.nan)
    return schools[name].to_numpy(np.float64, na_value=np.nan)
