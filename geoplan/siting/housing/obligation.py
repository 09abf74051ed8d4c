"""What new housing owes: reached or not, classes, places, land and floor, by when, and whether land is reserved.

Spare places nearby play no part here: they lessen the need (`geoplan.siting.housing.need`), never the obligation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geoplan.siting.housing.projects import Project, Reason, cited, count_reasons, reason, whole_places
from geoplan.siting.housing.triggers import Reached, Trigger, held, trigger
from geoplan.siting.housing.yields import figure
from geoplan.siting.sizes import floor_m2, land_m2, school_size
from geoplan.standards import Standards, speaking_of

IN_STEP = "school_in_step_with_housing"
HANDOVER = "handover_after_acceptance"


@dataclass(frozen=True)
class Owed:
    """Classes, places and areas owed; None where the profile has no norm for it."""

    classes: int
    places: int
    site_m2: float | None
    floor_m2: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Obligation:
    """One project and stage.

    Parameters
    ----------
    project
        What it was decided for.
    obligation
        ``yes, no, not_stated`` (no profile has a rule) or ``unknown`` (dwellings not known).
    status
        ``met`` or ``unmet`` (land reserved against land owed), ``joint`` (below the trigger: a joint pool), ``none``
        (no rule) or ``unknown``.
    owed
        None unless ``yes``.
    due
        Year by which the school must be handed over; None unless ``yes``.
    """

    project: Project
    obligation: str
    status: str
    owed: Owed | None
    due: int | None
    reasons: tuple[Reason, ...]


def obligations(projects: Sequence[Project], standards: Standards) -> list[Obligation]:
    """Decide every project and stage, in the order given.

    The rule is that of the nearest profile that speaks of the stage (the others are named), held inclusively against
    dwellings or residents at full design occupancy, all phases together.
    """
    rules = {stage: trigger(standards, stage) for stage in {project.stage for project in projects}}
    return [_obligation(project, rules[project.stage], standards) for project in projects]


def _obligation(project: Project, rule: Trigger | None, standards: Standards) -> Obligation:
    if math.isnan(project.dwellings):
        return Obligation(project, "unknown", "unknown", None, None, (reason("housing_name_only"),))
    counted = tuple(count_reasons(project, standards))
    if rule is None:
        silent = reason("housing_no_rule", stage=project.stage, profile=standards.profile)
        return Obligation(project, "not_stated", "none", None, None, (*counted, silent))
    found = held(rule, project.dwellings, project.residents)
    said = verdict(found, project.stage, "housing")
    if not found.reached and project.unknown:
        said = {**said, "code": "housing_below_known"}
    told = (*counted, said, *_also(rule))
    if found.reached:
        return _owing(project, found, standards, told)
    if project.unknown:
        return Obligation(project, "unknown", "unknown", None, None, told)
    return Obligation(project, "no", "joint", None, None, told)


def verdict(found: Reached, stage: str, whose: str) -> Reason:
    """Whether the rule is reached, with its clause and confidence; ``whose`` is ``housing`` or ``housing_pool``."""
    norm = found.norm
    return reason(
        f"{whose}_{'reaches' if found.reached else 'below'}",
        stage=stage,
        amount=found.amount,
        threshold=found.threshold,
        unit=found.unit,
        norm=norm.id,
        source=norm.source,
        clause=norm.clause,
        confidence=norm.confidence,
    )


def _also(rule: Trigger) -> list[Reason]:
    sources = list(dict.fromkeys(norm.source for norm in rule.also))
    return [reason("housing_also", source=source) for source in sources]


def _owing(project: Project, found: Reached, standards: Standards, told: tuple[Reason, ...]) -> Obligation:
    owed = what_is_owed(project, found, standards)
    status, land = _land(project, owed)
    return Obligation(
        project, "yes", status, owed, project.handover, (*told, *owed.reasons, *land, *_due(project, standards))
    )


def what_is_owed(project: Project, found: Reached, standards: Standards) -> Owed:
    """Whole classes: what the rule itself asks, at least the profile's smallest school, enough for the places."""
    stage, setting = project.stage, project.setting
    size = school_size(standards, stage, setting)
    places = whole_places(project.pupils)
    needed = math.ceil(places / size.class_places)
    classes = found.classes if found.exact else max(found.classes, size.classes_min, needed)
    told = reason("housing_classes", stage=stage, classes=classes, class_places=size.class_places, places=places)
    why = []
    if found.classes == classes:
        why = [reason("housing_classes_rule", classes=classes, **cited(standards, found.norm.id))]
    elif classes > needed:
        why = [reason("housing_classes_minimum", classes=classes, stage=stage, **cited(standards, size.norms[0]))]
    if classes > size.classes_max:
        several = {"schools": math.ceil(classes / size.classes_max), "classes_max": size.classes_max}
        why.append(reason("housing_classes_several", stage=stage, **several, **cited(standards, size.norms[1])))
    site = land_m2(standards, stage, classes, setting=setting)
    floor = floor_m2(standards, stage, classes, setting=setting)
    areas = [_area("site", site.m2, site.norm, standards), _area("floor", floor.m2, floor.norm, standards)]
    return Owed(classes, places, site.m2, floor.m2, (told, *why, *areas))


def _area(what: str, area_m2: float | None, norm: str, standards: Standards) -> Reason:
    if area_m2 is None:
        return reason(f"housing_{what}_unknown")
    return reason(f"housing_{what}", area_m2=area_m2, **cited(standards, norm))


def _land(project: Project, owed: Owed) -> tuple[str, list[Reason]]:
    """Reserved against owed; a plot of unknown size, or a size nobody asks for, is unknown and never met."""
    reserved_m2 = project.reserved_m2
    if math.isnan(reserved_m2):
        return "unknown", [reason("housing_reserved_unknown", stage=project.stage)]
    if reserved_m2 == 0:
        return "unmet", [reason("housing_reserved_none", stage=project.stage)]
    if owed.site_m2 is None:
        return "unknown", [reason("housing_reserved_unjudged", reserved_m2=reserved_m2)]
    params = {"reserved_m2": reserved_m2, "owed_m2": owed.site_m2}
    if reserved_m2 >= owed.site_m2:
        return "met", [reason("housing_reserved_enough", **params)]
    return "unmet", [reason("housing_reserved_short", missing_m2=owed.site_m2 - reserved_m2, **params)]


def _due(project: Project, standards: Standards) -> list[Reason]:
    """In step with the housing: handed over no later than the first dwellings, by the nearest norm that says so."""
    norms = [norm for norm in speaking_of(standards, IN_STEP, project.stage) if norm.value is True]
    if project.handover is None or not norms:
        return [reason("housing_due_unknown")]
    found = [reason("housing_due", year=project.handover, **cited(standards, norms[0].id))]
    for norm in speaking_of(standards, HANDOVER, project.stage)[:1]:
        found.append(reason("housing_due_handover", months=figure(norm), **cited(standards, norm.id)))
    return found
