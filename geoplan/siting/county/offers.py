"""What may be built, added or converted: sizes by the norms and the land, costs, and the first year it can stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.settings import setting_of_schools
from geoplan.siting.county.demand import StagePart
from geoplan.siting.design import Option
from geoplan.siting.sizes import NINE_YEAR, Cost, classes_on, school_size
from geoplan.standards import Standards, number
from layers.bundle import Layers
from layers.planfile import SitingSection

NINE = ("primary", "junior")


@dataclass(frozen=True)
class Terms:
    """What every option is made by.

    ``decided``: year from which lead times count: the plan's own, else that of the school table; None where neither
    is known.
    """

    standards: Standards
    costs: Mapping[str, Cost]
    section: SitingSection
    stages: tuple[str, ...]
    decided: int | None


def options(
    layers: Layers, terms: Terms, candidates: gpd.GeoDataFrame, setting: Sequence[str], parts: Mapping[str, StagePart]
) -> list[Option]:
    """Every option of the plan: schools on candidates first, then enlargements, then conversions."""
    first = len(layers.schools)
    usable = np.flatnonzero(_usable(candidates, terms.section.force)).tolist()
    found = [option for row in usable for option in _builds(terms, candidates.iloc[row], setting[row], first + row)]
    if terms.section.enlarge:
        found += _enlargements(layers, terms, parts)
    if terms.section.convert:
        found += _conversions(layers, terms, parts)
    return found


def _usable(candidates: gpd.GeoDataFrame, force: Sequence[str]) -> NDArray[np.bool_]:
    """Candidates that fail no rule, and those the plan insists on."""
    return ((candidates["verdict"] != "fail") | candidates["site_id"].isin(force)).to_numpy(bool)


def _builds(terms: Terms, site: pd.Series, setting: str, place: int) -> Iterator[Option]:
    kinds: list[tuple[str, ...]] = [(stage,) for stage in terms.stages]
    if terms.section.nine_year and set(NINE) <= set(terms.stages):
        kinds.append(NINE)
    for stages in kinds:
        bounds = [_bounds(terms.standards, stage, site, setting) for stage in stages]
        most = min(_total(terms.standards, stages, setting), sum(high for _, high in bounds))
        yield Option(
            kind="build",
            place=place,
            stages=stages,
            classes_min=tuple(_least(terms.standards, stages, setting, at, bounds) for at in range(len(stages))),
            classes_max=tuple(high for _, high in bounds),
            class_cost=tuple(terms.costs["new_class"].amount for _ in stages),
            opening_cost=terms.costs["new_school"].amount + _known(site.get("cost")),
            classes_total=most,
            ready=_ready(terms, "build", site.get("ready")),
        )


def _bounds(standards: Standards, stage: str, site: pd.Series, setting: str) -> tuple[int, int]:
    """Fewest and most classes of a stage on a site: by the norm, and by what the land holds."""
    size = school_size(standards, stage, setting)
    land = site.get(f"max_classes_{stage}", np.nan)
    most = size.classes_max if pd.isna(land) else min(size.classes_max, int(land))
    return min(size.classes_min, max(most, 1)), most


def _least(
    standards: Standards, stages: tuple[str, ...], setting: str, at: int, bounds: Sequence[tuple[int, int]]
) -> int:
    """The norm's smallest school; a nine-year school divides its own smallest size by the grades of its stages."""
    if len(stages) == 1:
        return bounds[at][0]
    smallest = school_size(standards, NINE_YEAR, setting).classes_min
    grades = {stage.id: stage.grades[1] - stage.grades[0] + 1 for stage in standards.stages}
    share = smallest * grades[stages[at]] / sum(grades[stage] for stage in stages)
    return min(max(round(share), 1), max(bounds[at][1], 1))


def _total(standards: Standards, stages: tuple[str, ...], setting: str) -> int:
    return school_size(standards, stages[0] if len(stages) == 1 else NINE_YEAR, setting).classes_max


def _ready(terms: Terms, kind: str, stated: object = None) -> int | None:
    """First year it can stand: the plot's own, and not before the lead time of building."""
    lead = None
    if terms.decided is not None:
        lead = terms.decided + round(number(terms.standards, f"plan.siting.lead.{kind}"))
    own = None if stated is None or pd.isna(stated) else int(float(str(stated)))
    years = [year for year in (lead, own) if year is not None]
    return max(years) if years else None


def _known(value: object) -> float:
    return 0.0 if value is None or pd.isna(value) else float(str(value))


def _enlargements(layers: Layers, terms: Terms, parts: Mapping[str, StagePart]) -> Iterator[Option]:
    setting = setting_of_schools(layers)
    for stage, part in parts.items():
        for row in np.flatnonzero(_taking(part)):
            most = room_to_grow(layers, terms, stage, int(row), str(setting[row]), part)
            if most >= 1:
                yield Option(
                    kind="enlarge",
                    place=int(row),
                    stages=(stage,),
                    classes_min=(1,),
                    classes_max=(most,),
                    class_cost=(terms.costs["enlarge_class"].amount,),
                    ready=_ready(terms, "enlarge"),
                    closes=_closes(layers, int(row)),
                )


def room_to_grow(layers: Layers, terms: Terms, stage: str, row: int, setting: str, part: StagePart) -> int:
    """Whole classes a school may still be given: the norm's largest school, its land, and what one building adds."""
    size = school_size(terms.standards, stage, setting)
    classes = int(np.ceil(_school_places(part, row) / size.class_places - 1e-9))
    most = min(size.classes_max - classes, terms.section.enlarge_max_classes or 10**6)
    most = min(most, round(number(terms.standards, "plan.siting.enlarge_max_classes")))
    site_m2 = layers.schools["site_m2"].iloc[row] if "site_m2" in layers.schools else np.nan
    fits = classes_on(terms.standards, stage, float(site_m2), setting=setting) if pd.notna(site_m2) else None
    return max(most if fits is None else min(most, fits - classes), 0)


def _school_places(part: StagePart, row: int) -> float:
    """Places of a school for its size: those it states, before pupils from outside are deducted."""
    places = [float(given.schools["places"].iloc[row]) for given in part.inputs.values()]
    return float(np.nanmax([0.0, *places]))


def _taking(part: StagePart) -> NDArray[np.bool_]:
    """Schools with known, limited places in some year: only these can be said to be full."""
    places = part.demand.places
    return np.any(np.isfinite(places) & (places > 0), axis=0)


def _conversions(layers: Layers, terms: Terms, parts: Mapping[str, StagePart]) -> Iterator[Option]:
    taking = {stage: _taking(part) for stage, part in parts.items()}
    for source, given in parts.items():
        for target in parts:
            if source == target:
                continue
            for row in np.flatnonzero(taking[source] & taking[target]):
                classes = int(_school_places(given, int(row)) // given.demand.class_places)
                if classes >= 1:
                    yield Option(
                        kind="convert",
                        place=int(row),
                        stages=(target,),
                        takes=source,
                        classes_min=(1,),
                        classes_max=(classes,),
                        class_cost=(terms.costs["convert_class"].amount,),
                        ready=_ready(terms, "enlarge"),
                        closes=_closes(layers, int(row)),
                    )


def _closes(layers: Layers, row: int) -> int | None:
    if "closes" not in layers.schools:
        return None
    year = layers.schools["closes"].iloc[row]
    return None if pd.isna(year) else int(year)
