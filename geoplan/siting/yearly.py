"""The input of a stage's coverage in every year of the plan: the pupils of that year, the schools open then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from geoplan.coverage import StageInput
from geoplan.demand.outlook import pupils_in
from geoplan.places import stage_places
from geoplan.situation import Situation
from geoplan.standards import stage_def
from layers.bundle import Layers


def yearly_inputs(
    layers: Layers, situation: Situation, base: Mapping[str, StageInput]
) -> dict[str, dict[int, StageInput]]:
    """Per stage and year of the outlook, the base input with that year's pupils (births as expected) and schools.

    Cells, pairs and areas are shared by all years. Empty where nothing is projected because no year is known.
    """
    years = situation.outlook.years
    return {
        stage: {year: _of_year(layers, situation, given, year) for year in years}
        for stage, given in base.items()
        if years
    }


def _of_year(layers: Layers, situation: Situation, given: StageInput, year: int) -> StageInput:
    stage = stage_def(situation.standards, given.stage)
    places = stage_places(layers.schools, stage, situation.standards, year=year)
    units = pupils_in(situation.outlook, year, stage=given.stage)
    return replace(
        given,
        units=units[["cell", "band", "pupils"]],
        schools=given.schools.assign(**{name: places[name].to_numpy() for name in places}),
        nearest_dm=None,
    )
