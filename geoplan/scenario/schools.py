"""Steps on the schools table: open, close, resize, convert; each gives a new table or says why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geoplan.errors import PlanError
from geoplan.places import stage_places
from geoplan.standards import Standards, class_size, stage_def
from layers.bundle import STAGES
from layers.scenariofile import CloseStep, ConvertStep, OpenStep, ResizeStep
from layers.schools.stages import STAGES_OF, stages_of

LATER = "@"
"""Between a school's id and the year from which its row holds, where a step changes it in a later year."""


class RefusedError(PlanError):
    """One step cannot be done; carries the reason."""


def opened(
    schools: gpd.GeoDataFrame, step: OpenStep, place: BaseGeometry, standards: Standards, *, inside: bool
) -> gpd.GeoDataFrame:
    """The table with a new school; classes become places by the profile's class size."""
    if step.id in set(schools["id"]):
        raise RefusedError(f"there is a school {step.id} already")
    stages = stages_of(step.stage)
    given = {name: value for name, value in step.columns.items() if not _plain_size(name)}
    row: dict[str, Any] = {**given, **_sizes(step, stages, standards)}
    row |= {"id": step.id, "name": step.name or step.id, "stage": step.stage, "stages": stages}
    row |= {"opened": _year(step.year), "scope": given.get("scope") or ("inside" if inside else "outside")}
    row |= {
        "assumed": "",
        "ownership": given.get("ownership") or "public",
        "source": given.get("source") or "scenario",
    }
    return _with_row(schools, row, place)


def closed(schools: gpd.GeoDataFrame, step: CloseStep) -> gpd.GeoDataFrame:
    """The table without the school; with a year its row stays until then."""
    row = found(schools, step.school_id)
    if step.year is None:
        return schools[[institution(str(one)) != institution(step.school_id) for one in schools["id"]]]
    _open_until(schools, row, step.year)
    return _set(schools, row, {"closes": float(step.year)})


def resized(schools: gpd.GeoDataFrame, step: ResizeStep, standards: Standards) -> gpd.GeoDataFrame:
    """The table with other places of one stage of a school."""
    row = found(schools, step.school_id)
    stage = _stage_meant(schools, row, step)
    classes, seats = _classes(schools, row, stage), _seats(schools, row, stage, standards)
    if step.places is not None:
        change = {f"places_{stage}": step.places, f"classes_{stage}": np.nan}
        return _from(schools, row, step.year, change | _assumed(schools, row, {stage: False}))
    if step.classes is not None and np.isnan(seats + classes):
        after, places = float(step.classes), step.classes * _class_seats(schools, row, stage, standards)
    elif np.isnan(seats):
        raise RefusedError(f"the places of {step.school_id} are unknown: give places or classes, not plus_classes")
    else:
        more = float(step.plus_classes) if step.plus_classes is not None else float(step.classes or 0) - classes
        after, places = classes + more, seats + more * _class_seats(schools, row, stage, standards)
    if after < 0 or places < -1e-9:
        raise RefusedError(f"{step.school_id} has not so many classes of {stage}")
    change = {f"places_{stage}": max(places, 0.0), f"classes_{stage}": after}
    doubtful = not np.isnan(seats) and _doubtful(schools, row, stage, standards)
    return _from(schools, row, step.year, change | _assumed(schools, row, {stage: doubtful}))


def converted(schools: gpd.GeoDataFrame, step: ConvertStep, standards: Standards) -> gpd.GeoDataFrame:
    """The table with classes of a school given to another stage: as many classes, of that stage's size."""
    row = found(schools, step.school_id)
    taught = schools.loc[row, "stages"]
    if step.of not in taught:
        raise RefusedError(f"{step.school_id} does not teach {step.of}")
    classes, seats = _classes(schools, row, step.of), _seats(schools, row, step.of, standards)
    moved, leaving = _moved(step, classes, seats, _class_seats(schools, row, step.of, standards))
    rest = 0.0 if step.classes is None and step.places is None else seats - leaving
    if rest < -1e-9 or (not np.isnan(classes) and moved > classes):
        raise RefusedError(f"{step.school_id} has not so many classes of {step.of}")
    arriving = moved * _class_seats(schools, row, step.to, standards) if step.places is None else leaving
    stages = tuple(
        stage for stage in STAGES if stage == step.to or (stage in taught and not (stage == step.of and rest <= 0))
    )
    there = step.to in taught
    known = (_seats(schools, row, step.to, standards), _classes(schools, row, step.to)) if there else (0.0, 0.0)
    change = {
        f"places_{step.of}": rest if rest > 0 else np.nan,
        f"classes_{step.of}": classes - moved if rest > 0 else np.nan,
        f"classrooms_{step.of}": np.nan,
        f"places_{step.to}": known[0] + arriving,
        f"classes_{step.to}": known[1] + moved,
        f"classrooms_{step.to}": np.nan,
        "stages": stages,
        "stage": _kind(stages, str(schools.loc[row, "stage"])),
    }
    doubtful = {stage: stage in taught and _doubtful(schools, row, stage, standards) for stage in (step.of, step.to)}
    change |= _assumed(schools, row, {step.of: doubtful[step.of] and rest > 0, step.to: any(doubtful.values())})
    return _from(schools, row, step.year, change)


def found(schools: gpd.GeoDataFrame, school: str) -> Any:
    """Index label of the row of a school that holds last."""
    ids = schools["id"].astype(str)
    rows = schools.index[(ids == school) | ids.str.startswith(f"{school}{LATER}")]
    if not len(rows):
        raise RefusedError(f"there is no school {school}")
    return max(rows, key=lambda row: (len(str(schools.loc[row, "id"])) > len(school), str(schools.loc[row, "id"])))


def institution(school: str) -> str:
    """The id a school has in its own table, without the year from which a changed row holds."""
    return school.split(LATER)[0]


def _moved(step: ConvertStep, classes: float, seats: float, size: float) -> tuple[float, float]:
    """Classes that change stage, and the places they take from it."""
    own = seats / classes if classes > 0 and seats > 0 else size
    if step.places is not None:
        return float(round(step.places / own)), step.places
    if step.classes is not None:
        return float(step.classes), step.classes * own
    if np.isnan(seats + classes):
        raise RefusedError(f"the places and classes of {step.school_id} are not both known: say how many classes")
    return classes, seats


def _stage_meant(schools: gpd.GeoDataFrame, row: Any, step: ResizeStep) -> str:
    taught = schools.loc[row, "stages"]
    if step.stage is None and len(taught) != 1:
        raise RefusedError(f"{step.school_id} teaches {', '.join(taught) or 'no stage'}: say which stage")
    if step.stage is not None and step.stage not in taught:
        raise RefusedError(f"{step.school_id} does not teach {step.stage}")
    return step.stage or str(taught[0])


def _sizes(step: OpenStep, stages: tuple[str, ...], standards: Standards) -> dict[str, float]:
    """Places and classes by stage; a plain one belongs to the only stage."""
    given, sizes = step.columns, {}
    for stage in stages:
        size, shifts = _norm_size(standards, stage, step.stage == "teaching_point"), float(given.get("shifts") or 1)
        places, classes = (
            _number(given.get(f"{name}_{stage}", given.get(name) if len(stages) == 1 else None))
            for name in ("places", "classes")
        )
        sizes[f"places_{stage}"] = classes * size / shifts if np.isnan(places) else places
        sizes[f"classes_{stage}"] = classes
    return sizes


def _plain_size(name: str) -> bool:
    return name in ("places", "classes") or any(
        name == f"{size}_{s}" for size in ("places", "classes") for s in STAGES
    )


def _seats(schools: gpd.GeoDataFrame, row: Any, stage: str, standards: Standards) -> float:
    """Places of one shift as the run counts them; NaN unknown."""
    part = schools.loc[[row]]
    return float(stage_places(part, stage_def(standards, stage), standards)["seats"].iloc[0])


def _doubtful(schools: gpd.GeoDataFrame, row: Any, stage: str, standards: Standards) -> bool:
    part = schools.loc[[row]]
    return bool(stage_places(part, stage_def(standards, stage), standards)["places_assumed"].iloc[0])


def _assumed(schools: gpd.GeoDataFrame, row: Any, places: Mapping[str, bool]) -> dict[str, str]:
    """The column that names assumed figures, with the places of some stages put in or taken out."""
    named = {name.strip() for name in str(schools.loc[row, "assumed"] or "").split(";") if name.strip()}
    named -= {f"places_{stage}" for stage in places}
    return {"assumed": ";".join(sorted(named | {f"places_{stage}" for stage, on in places.items() if on}))}


def _classes(schools: gpd.GeoDataFrame, row: Any, stage: str) -> float:
    return float(schools.loc[row, f"classes_{stage}"])


def _class_seats(schools: gpd.GeoDataFrame, row: Any, stage: str, standards: Standards) -> float:
    """What one class more adds to the places of a shift: the profile's class size, divided among the shifts."""
    shifts = float(schools.loc[row, "shifts"])
    size = _norm_size(standards, stage, schools.loc[row, "stage"] == "teaching_point")
    return size / (1.0 if np.isnan(shifts) else shifts)


def _norm_size(standards: Standards, stage: str, point: bool) -> float:
    return float(str(class_size(standards, stage, teaching_point=point and stage == "primary").value))


def _kind(stages: tuple[str, ...], before: str) -> str:
    """The kind of school that teaches these stages; the one before where there is no such kind."""
    return next((kind for kind, taught in STAGES_OF.items() if taught and taught == stages), before)


def _from(schools: gpd.GeoDataFrame, row: Any, year: int | None, change: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """The change at once, or as a row of its own that holds from a year on while the old one closes."""
    if year is None:
        return _set(schools, row, change)
    _open_until(schools, row, year)
    name = institution(str(schools.loc[row, "id"]))
    parent = schools.loc[row, "campus_of"]
    blank = {column: np.nan for column in schools.columns if str(column).startswith(("enrolment", "grade_"))}
    later = {**schools.loc[row].drop("geometry").to_dict(), **blank, **change}
    later |= {"id": f"{name}{LATER}{year}", "opened": float(year), "campus_of": name if pd.isna(parent) else parent}
    if later["id"] in set(schools["id"]):
        raise RefusedError(f"{name} is changed twice in {year}")
    ended = _set(schools, row, {"closes": float(year)})
    return _with_row(ended, later, schools.geometry.loc[row])


def _open_until(schools: gpd.GeoDataFrame, row: Any, year: int) -> None:
    """Refuse a change of a school that is not there in the year."""
    start, end = float(schools.loc[row, "opened"]), float(schools.loc[row, "closes"])
    if start > year or end <= year:
        raise RefusedError(f"{schools.loc[row, 'id']} is not open in {year}")


def _set(schools: gpd.GeoDataFrame, row: Any, change: Mapping[str, Any]) -> gpd.GeoDataFrame:
    at, columns = schools.index.get_loc(row), {}
    for column, value in change.items():
        cells = schools[column].to_numpy(dtype=None if schools[column].dtype.kind == "f" else object, copy=True)
        cells[at] = value
        columns[column] = pd.Series(cells, index=schools.index, dtype=schools[column].dtype)
    return schools.assign(**columns)


def _with_row(schools: gpd.GeoDataFrame, row: Mapping[str, Any], place: BaseGeometry) -> gpd.GeoDataFrame:
    """One row more, every column of the type it had; columns the table does not have are added."""
    columns = {name: _longer(schools[name], row.get(str(name))) for name in schools.columns if name != "geometry"}
    for name in row.keys() - set(columns):
        empty = pd.Series([None] * len(schools), dtype=np.float64 if _is_number(row[name]) else object)
        columns[name] = _longer(empty, row[name])
    table = pd.DataFrame(columns).set_axis([*schools.index, schools.index.max() + 1 if len(schools) else 0])
    return gpd.GeoDataFrame(table, geometry=[*schools.geometry, place], crs=schools.crs)


def _longer(values: pd.Series[Any], value: Any) -> pd.Series[Any]:
    """The column with one value more, of its type; whole numbers and flags, which know no empty, as objects."""
    numeric = values.dtype.kind == "f"
    cell = _number(value) if numeric else (None if _is_number(value) and np.isnan(value) else value)
    cells = np.empty(len(values) + 1, np.float64 if numeric else object)
    cells[:-1], cells[-1] = values.to_numpy(), cell
    return pd.Series(cells, dtype=object if values.dtype.kind in "biu" else values.dtype)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _year(year: int | None) -> float:
    return np.nan if year is None else float(year)
