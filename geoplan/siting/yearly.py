"""The input of every stage's coverage in every year of the plan: the pupils of that year, the schools open then."""

from __future__ import annotations

from collections.abc import Mapping

from geoplan.coverage import StageInput
from geoplan.situation import Situation
from geoplan.stage_inputs import stage_in_year
from layers.bundle import Layers


def yearly_inputs(
    layers: Layers, situation: Situation, base: Mapping[str, StageInput]
) -> dict[str, dict[int, StageInput]]:
    """Per stage and year of the outlook, births as expected; empty where no year is known.

    Parameters
    ----------
    base
        By stage, the input of the base year.
    """
    ahead = situation.outlook
    return {
        stage: {
            year: given
            if year == ahead.base_year
            else stage_in_year(layers, situation, ahead, stage, year, like=given)
            for year in ahead.years
        }
        for stage, given in base.items()
        if ahead.years
    }
