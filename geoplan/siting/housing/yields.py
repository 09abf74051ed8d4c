"""Residents and pupils of a housing project when every dwelling is lived in, and where each number comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand import single_years
from geoplan.siting.housing.phases import project_of
from geoplan.standards import Norm, Standards, age_structure, participation, speaking_of, stage_def
from layers.housing import NAME_ONLY

F64 = NDArray[np.float64]
GIVEN = "given"


def yields(housing: pd.DataFrame, standards: Standards, stages: Sequence[str]) -> pd.DataFrame:
    """One row a housing row and stage, at full design occupancy; unknown where only the name is known.

    Residents are dwellings times persons (the row's own, else the profile's). Pupils are the row's own
    ``pupils_<stage>``, else residents times the profile's places per 1000 residents, else residents times the
    profile's age structure and participation.

    Parameters
    ----------
    housing
        ``id, dwellings`` and, where known, ``status, developer, name, phase, persons_per_dwelling,
        pupils_<stage>``.

    Returns
    -------
    DataFrame
        ``housing_id, project, stage, dwellings, persons, persons_source, residents, pupils, pupils_source``; a
        source is ``given`` or the id of the norm used.
    """
    shared = residents(housing, standards)
    parts = [_of_stage(housing, shared, standards, stage) for stage in stages]
    return pd.concat(parts, ignore_index=True) if parts else shared.iloc[:0]


def residents(housing: pd.DataFrame, standards: Standards) -> pd.DataFrame:
    """``housing_id, project, dwellings, persons, persons_source, residents`` of every row of the housing table."""
    norm = persons_norm(standards)
    own = numbers(housing, "persons_per_dwelling")
    persons = np.where(np.isnan(own), figure(norm), own)
    dwellings = np.where(name_only(housing), np.nan, numbers(housing, "dwellings"))
    return pd.DataFrame(
        {
            "housing_id": housing["id"].astype(str).to_numpy(),
            "project": project_of(housing),
            "dwellings": dwellings,
            "persons": persons,
            "persons_source": np.where(np.isnan(own), norm.id, GIVEN),
            "residents": dwellings * persons,
        }
    )


def persons_norm(standards: Standards) -> Norm:
    """The nearest norm of persons per dwelling."""
    return speaking_of(standards, "persons_per_dwelling", "all")[0]


def per_resident(standards: Standards, stage: str) -> tuple[float, str]:
    """Pupils of a stage per resident of new housing, and the id of the norm that says so."""
    norms = speaking_of(standards, "places_per_1000_residents", stage)
    if norms:
        return figure(norms[0]) / 1000.0, norms[0].id
    first, last = stage_def(standards, stage).ages
    rows = np.array(age_structure(standards).value, dtype=np.float64)
    groups = [(int(low), int(high)) for low, high in rows[:, :2]]
    shares = np.nan_to_num(single_years(rows[None, :, 2], groups, last)[0])
    return float(shares[first : last + 1].sum()) * participation(standards, stage), age_structure(standards).id


def _of_stage(housing: pd.DataFrame, shared: pd.DataFrame, standards: Standards, stage: str) -> pd.DataFrame:
    own, (rate, norm) = numbers(housing, f"pupils_{stage}"), per_resident(standards, stage)
    unknown = np.isnan(own) | name_only(housing)
    found = shared.assign(
        stage=stage,
        pupils=np.where(unknown, shared["residents"] * rate, own),
        pupils_source=np.where(unknown, norm, GIVEN),
    )
    order = ["housing_id", "project", "stage", "dwellings", "persons", "persons_source", "residents"]
    return found[[*order, "pupils", "pupils_source"]]


def name_only(housing: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that are shown, not computed."""
    if "status" not in housing:
        return np.zeros(len(housing), bool)
    return (housing["status"] == NAME_ONLY).fillna(False).to_numpy(bool)


def numbers(table: pd.DataFrame, column: str) -> F64:
    """A column as numbers; NaN where it is not there."""
    if column not in table:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(dtype=np.float64, na_value=np.nan)


def figure(norm: Norm) -> float:
    """The one number of a norm."""
    value = norm.value
    assert isinstance(value, int | float), f"{norm.id} holds no single number"
    return float(value)
