"""Which norm holds for whom: one rule per grade band and setting, and the figures the method asks of a profile."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal

from geoplan.errors import NotFoundError, PlanError
from geoplan.standards.norm import Band, Norm, Rule, Setting, StageDef, Standards

REACH_TOPICS = frozenset({"service_radius", "walk_time", "travel_time", "walk_distance", "distance"})
SETTINGS: tuple[Setting, Setting] = ("town", "rural")
_FORCE = {"must": 0, "should": 1}
_AGES = re.compile(r"age\s*(?:<\s*(?P<below>\d+)|(?P<low>\d+)\s*-\s*(?P<high>\d+))")
_GRADES = re.compile(r"(\d+)(?:-(\d+))?")


def rules(standards: Standards, stage: str, setting: str) -> tuple[Rule, ...]:
    """One rule per grade band of a stage in a setting.

    Of the reach norms that speak of the band, ``must`` goes before ``should``, then the one named for this setting,
    then the one named for this stage alone, then walking before any mode, then the smaller limit. Where there is
    none, the metric is ``none`` and the limit the search cap.

    Raises
    ------
    PlanError
        Unknown stage or setting.
    """
    if setting not in SETTINGS:
        raise PlanError(f"unknown setting {setting!r}; known: {', '.join(SETTINGS)}")
    return tuple(_rule(standards, band, setting) for band in stage_def(standards, stage).bands)


def stage_def(standards: Standards, stage: str) -> StageDef:
    """A stage of the profile by id; NotFoundError lists those there are."""
    for item in standards.stages:
        if item.id == stage:
            return item
    known = ", ".join(item.id for item in standards.stages)
    raise NotFoundError(f"unknown stage {stage!r} in profile {standards.profile}; known: {known}")


def number(standards: Standards, norm_id: str) -> float:
    """The figure of a norm that is one number."""
    value = standards.norms[norm_id].value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{norm_id} holds no single number: {value!r}")
    return float(value)


def interval(standards: Standards, norm_id: str) -> tuple[float, float]:
    """The two figures of a norm that is a range."""
    value = standards.norms[norm_id].value
    low, high = _floats(value) if isinstance(value, tuple) else (float("nan"), float("nan"))
    return low, high


def snap_limit_m(standards: Standards, setting: str) -> float:
    """Longest straight leg from a home or gate to the street network."""
    return number(standards, f"plan.snap.{setting}")


def search_cap_m(standards: Standards, stage: str) -> float:
    """How far schools are looked for where no limit applies."""
    return number(standards, f"plan.search_cap.{stage}")


def participation(standards: Standards, stage: str) -> float:
    """Share of residents of the age who ask for a place."""
    return number(standards, f"plan.participation.{stage}")


def class_size(standards: Standards, stage: str, *, teaching_point: bool = False) -> Norm:
    """The norm that turns classes or classrooms into places; incomplete primary schools have their own."""
    return standards.norms[standards.places["teaching_point" if teaching_point else stage]]


def age_structure(standards: Standards) -> Norm:
    """Shares of residents by age group, ``(age_from, age_to, share)``, for plans without ages."""
    return standards.norms["plan.age_structure"]


def entered_share(standards: Standards) -> float:
    """Share of a calendar birth year that is of entry age on the day of entry: 2/3 for 1 September."""
    month, day = str(standards.norms["plan.entry.cut_off"].value).split("-")
    return (int(month) - 1 + (int(day) - 1) / 31) / 12


def _rule(standards: Standards, band: Band, setting: Setting) -> Rule:
    speed_mps = number(standards, band.speed)
    found = [norm for norm in standards.norms.values() if applies(standards, norm, band, setting)]
    found.sort(key=lambda norm: _precedence(norm, band, setting, speed_mps))
    if not found:
        return _no_limit(standards, band, setting, speed_mps)
    norm = found[0]
    return Rule(
        id=norm.id,
        stage=band.stage,
        band=band.id,
        setting=setting,
        metric=_metric(norm),
        value=_figure(norm),
        unit=norm.unit,
        limit_m=_limit_m(norm, speed_mps),
        speed_mps=speed_mps,
        force=norm.force or "should",
        source=norm.source,
        clause=norm.clause,
        confidence=norm.confidence,
        flags=_flags(norm),
        also=tuple(other.id for other in found[1:]),
    )


def _no_limit(standards: Standards, band: Band, setting: Setting, speed_mps: float) -> Rule:
    cap = standards.norms[f"plan.search_cap.{band.stage}"]
    return Rule(
        id=f"no_limit.{band.stage}.{band.id}.{setting}",
        stage=band.stage,
        band=band.id,
        setting=setting,
        metric="none",
        value=None,
        unit="m",
        limit_m=search_cap_m(standards, band.stage),
        speed_mps=speed_mps,
        force="none",
        source=cap.source,
        clause="",
        confidence=cap.confidence,
        flags=("no_limit",),
    )


def applies(standards: Standards, norm: Norm, band: Band, setting: Setting) -> bool:
    """Whether a norm is a limit of reach for this band in this setting."""
    return (
        norm.topic in REACH_TOPICS
        and norm.metric is not None
        and norm.force in _FORCE
        and norm.setting in (None, "all", setting)
        and _speaks_of(norm, stage_def(standards, band.stage))
        and covers(norm.grades, band)
    )


def _speaks_of(norm: Norm, stage: StageDef) -> bool:
    named = {name.strip() for name in norm.stage.split(",")}
    return bool(named & {"all", stage.id}) or ("compulsory" in named and stage.compulsory)


def covers(grades: str, band: Band) -> bool:
    """Whether ``1-6``, ``K``, ``all``, ``age<8`` or ``age 8-16`` touches the band."""
    if grades in ("all", "K"):
        return grades == "all" or band.stage == "kindergarten"
    if ages := _AGES.fullmatch(grades):
        low = 0 if ages["below"] else int(ages["low"])
        high = int(ages["below"]) - 1 if ages["below"] else int(ages["high"])
        return _overlap((low, high), band.ages)
    if span := _GRADES.fullmatch(grades):
        return _overlap((int(span[1]), int(span[2] or span[1])), band.grades)
    raise ValueError(f"grades {grades!r} cannot be read")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _precedence(
    norm: Norm, band: Band, setting: Setting, speed_mps: float
) -> tuple[int, bool, bool, bool, float, str]:
    return (
        _FORCE[norm.force or "should"],
        norm.setting != setting,
        norm.stage != band.stage,
        "walk" not in norm.modes,
        _limit_m(norm, speed_mps),
        norm.id,
    )


def _figure(norm: Norm) -> float:
    value = norm.value
    largest = max(_floats(value)) if isinstance(value, tuple) else value
    if isinstance(largest, bool | str):
        raise TypeError(f"{norm.id} holds no distance or time: {value!r}")
    return float(largest)


def _floats(values: Iterable[object]) -> list[float]:
    return [float(item) for item in values if isinstance(item, int | float)]


def _limit_m(norm: Norm, speed_mps: float) -> float:
    """Metres; a time becomes the metres walked in it, rounded to the millimetre."""
    if norm.metric == "time":
        return round(_figure(norm) * 60 * speed_mps, 3)
    return _figure(norm)


def _metric(norm: Norm) -> Literal["straight", "network", "time"]:
    if norm.metric == "time":
        return "time"
    return "straight" if norm.metric == "straight" else "network"


def _flags(norm: Norm) -> tuple[str, ...]:
    flags = {
        "metric_unspecified": norm.metric == "unspecified",
        "any_mode": norm.modes not in ("", "walk"),
    }
    return tuple(flag for flag, on in flags.items() if on)


def shortest_limit_m(found: Iterable[Rule]) -> float:
    """Shortest limit among rules, search caps left out; infinity when there is none."""
    return min((rule.limit_m for rule in found if rule.metric != "none"), default=math.inf)
