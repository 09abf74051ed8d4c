"""Projects below the trigger together: those near one another share a pool, and the pool is held against the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from geoplan.siting.housing.obligation import Obligation, Owed, verdict, what_is_owed
from geoplan.siting.housing.projects import Project, Reason, cited, reason
from geoplan.siting.housing.triggers import held, trigger
from geoplan.standards import Standards, number

METRIC = "straight"


@dataclass(frozen=True)
class Pool:
    """Projects of one stage that may build one school together.

    Parameters
    ----------
    id
        ``<stage>:<smallest project id>``.
    together
        Their sums, as if they were one project; ``phases`` are the project ids.
    radius_m, norm
        Longest straight line between any two of them, and the norm that sets it.
    reached
        Whether their sum reaches the trigger.
    owed
        What one project of that size would owe; None where it would owe nothing.
    reasons
        Who is in it, by which distance, and the clause it was held against.
    """

    id: str
    together: Project
    radius_m: float
    norm: str
    reached: bool
    owed: Owed | None
    reasons: tuple[Reason, ...]


def pools(decided: Sequence[Obligation], standards: Standards) -> list[Pool]:
    """Pools of all projects whose status is ``joint``, stage by stage, by id.

    Complete linkage: any two projects of a pool are at most ``plan.housing.pool_radius.<stage>`` apart in a straight
    line. Projects are taken by id, so the order of rows changes nothing.
    """
    joint = [one.project for one in decided if one.status == "joint"]
    found = []
    for stage in sorted({project.stage for project in joint}):
        members = sorted((project for project in joint if project.stage == stage), key=lambda one: one.id)
        found += [_pool(part, standards) for part in _near(members, radius_m(standards, stage))]
    return found


def radius_m(standards: Standards, stage: str) -> float:
    """Longest straight line between two projects of a pool."""
    return number(standards, f"plan.housing.pool_radius.{stage}")


def _near(members: Sequence[Project], longest_m: float) -> list[list[Project]]:
    """Groups in the order of their first member."""
    label = _labels(np.array([(one.x, one.y) for one in members]), longest_m)
    groups: dict[int, list[Project]] = {}
    for project, number_ in zip(members, label, strict=True):
        groups.setdefault(int(number_), []).append(project)
    return list(groups.values())


def _labels(xy: NDArray[np.float64], longest_m: float) -> NDArray[np.int32]:
    if len(xy) < 2:
        return np.ones(len(xy), np.int32)
    return fcluster(linkage(xy, "complete"), longest_m, criterion="distance")


def _pool(members: Sequence[Project], standards: Standards) -> Pool:
    together = _together(members)
    stage, norm = together.stage, f"plan.housing.pool_radius.{together.stage}"
    rule = trigger(standards, stage)
    assert rule is not None  # only a rule makes a project joint
    found = held(rule, together.dwellings, together.residents)
    owed = what_is_owed(together, found, standards) if found.reached else None
    longest_m = radius_m(standards, stage)
    code = "housing_pool" if len(members) > 1 else "housing_pool_alone"
    shared = {"stage": stage, "radius_m": longest_m, "metric": METRIC, **cited(standards, norm)}
    who = reason(code, projects=list(together.phases), places=together.pupils, **shared)
    told = (who, *([verdict(found, stage, "housing_pool")] if len(members) > 1 else []))
    return Pool(f"{stage}:{together.id}", together, longest_m, norm, found.reached, owed, told)


def _together(members: Sequence[Project]) -> Project:
    """The members as one project, named after the first."""
    years = [one.handover for one in members if one.handover is not None]
    sums = np.array([(one.dwellings, one.residents, one.pupils) for one in members]).sum(axis=0)
    return replace(
        members[0],
        phases=tuple(one.id for one in members),
        dwellings=float(sums[0]),
        residents=float(sums[1]),
        pupils=float(sums[2]),
        handover=min(years) if years else None,
    )
