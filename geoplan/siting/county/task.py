"""The task of a plan: its options, limits and judgements, and how many new schools are worth their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd

from geoplan.siting.county.demand import StagePart
from geoplan.siting.county.offers import Terms, options
from geoplan.siting.design import Effort, Judgement, Limits, Task
from geoplan.siting.sizes import school_size
from geoplan.standards import number
from layers.bundle import Layers
from layers.planfile import SitingSection

WALK_NODES, WALK_WORK = 40, 6_000_000  # of the goal of walking, which comes last and is seldom worth a long search


def plan_task(
    layers: Layers,
    terms: Terms,
    sites: gpd.GeoDataFrame,
    setting: Sequence[str],
    parts: Mapping[str, StagePart],
    years: tuple[int, ...],
) -> Task:
    section = terms.section
    ids = (*layers.schools["id"].astype(str), *sites["site_id"].astype(str))
    failed = sites.loc[sites["verdict"] == "fail", "site_id"].astype(str)
    return Task(
        years=years,
        stages=tuple(part.demand for part in parts.values()),
        place_id=ids,
        existing=len(layers.schools),
        options=tuple(options(layers, terms, sites, setting, parts)),
        limits=Limits(
            max_new=_most_new(terms),
            budget=section.budget,
            phase_budgets={int(year): money for year, money in section.phase_budgets.items()},
            force=section.force,
            forbid=section.forbid,
            unusable={site: "fails" for site in failed if site not in section.force},
            worth=worth_of(terms),
        ),
        judgement=_judgement(terms),
        effort=Effort(time_limit_s=section.time_limit_s, walk_nodes=WALK_NODES, walk_work=WALK_WORK),
    )


def worth_of(terms: Terms) -> float | None:
    """Most money one more pupil may cost by a further school, where the plan says neither number nor budget.

    ``plan.siting.cost_ceiling`` times the usual cost of a place, the dearest stage counting.
    """
    if _stated(terms.section):
        return None
    return number(terms.standards, "plan.siting.cost_ceiling") * max(usual_place_cost(terms).values())


def usual_place_cost(terms: Terms) -> dict[str, float]:
    """What a place costs in a new school of the smallest usual size, without land, by stage."""
    school, new_class = terms.costs["new_school"].amount, terms.costs["new_class"].amount
    sizes = {stage: school_size(terms.standards, stage) for stage in terms.stages}
    return {stage: (school / size.classes_min + new_class) / size.class_places for stage, size in sizes.items()}


def _most_new(terms: Terms) -> int | None:
    """Most new schools looked at: the plan's own number; without number and budget, as far as the table goes."""
    if _stated(terms.section):
        return terms.section.max_new
    return round(number(terms.standards, "plan.siting.marginal_most"))


def _stated(section: SitingSection) -> bool:
    """Whether the plan itself says how much may be built."""
    return section.max_new is not None or section.budget is not None or bool(section.phase_budgets)


def _judgement(terms: Terms) -> Judgement:
    """Floors and ceilings beyond which a proposal is shown without being recommended."""
    standards = terms.standards
    sizes = {stage: school_size(standards, stage) for stage in terms.stages}
    return Judgement(
        load_floor=number(standards, "plan.siting.load_floor"),
        cost_ceiling=number(standards, "plan.siting.cost_ceiling"),
        usual_place_cost=usual_place_cost(terms),
        classes_floor={stage: size.classes_min for stage, size in sizes.items()},
    )
