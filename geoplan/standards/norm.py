"""What a standard is made of: norms, stages with their grade bands, and the rule a grade band falls under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Setting = Literal["town", "rural"]
Value = float | int | bool | str | tuple["Value", ...]


@dataclass(frozen=True)
class Norm:
    """One figure of a law, code or plan, with what is known of it.

    Parameters
    ----------
    id, stage, topic
        Stable id (``cn.radius.primary``), stages it speaks of (comma-separated, ``all`` or ``compulsory``), subject.
    value, unit, relation
        The figure (number, bool, text or nested tuples), its unit, and how it binds (``le, ge, eq, range …``).
    metric, force, modes
        For reach norms: ``straight, network, time, unspecified``; ``should, must, context``; ``walk,bus``.
    setting, grades
        Where it holds (``town, rural, all``; None is everywhere) and for whom (``1-6, K, all, age<8, age 8-16``).
    since, until
        First day in force and first day no longer in force; None is unknown or open.
    source, clause, confidence, note
        Where it stands; ``verified, secondary, unverified, assumption`` or ``county``; what else must be known.
    choices
        Allowed values of a text norm; any when empty.
    """

    id: str
    stage: str
    topic: str
    value: Value
    unit: str
    relation: str
    source: str
    confidence: str
    metric: str | None = None
    force: str | None = None
    modes: str = ""
    setting: str | None = None
    grades: str = "all"
    since: date | None = None
    until: date | None = None
    clause: str = ""
    note: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Band:
    """Grades of one stage that share a walking speed and a rule; ages in completed years on the day of entry."""

    id: str
    stage: str
    ages: tuple[int, int]
    grades: tuple[int, int]
    speed: str  # id of the norm that holds the walking speed


@dataclass(frozen=True)
class StageDef:
    """A stage of schooling: its names, ISCED level and grade bands, youngest first."""

    id: str
    name_en: str
    name_zh: str
    isced: int
    compulsory: bool
    bands: tuple[Band, ...]

    @property
    def ages(self) -> tuple[int, int]:
        """Youngest and oldest age, inclusive."""
        return self.bands[0].ages[0], self.bands[-1].ages[1]

    @property
    def grades(self) -> tuple[int, int]:
        """First and last grade, inclusive; kindergarten years are 0 and below."""
        return self.bands[0].grades[0], self.bands[-1].grades[1]


@dataclass(frozen=True)
class Standards:
    """Every norm of a profile in force on a day.

    ``edition`` names profile, date and number of county values; ``checksum`` (SHA-256) changes with any of them.
    ``places`` says which norm holds the class size of a stage. ``ancestors`` lists the profiles read, own first.
    """

    profile: str
    name_en: str
    name_zh: str
    note_en: str
    note_zh: str
    on: date
    edition: str
    checksum: str
    norms: Mapping[str, Norm]
    stages: tuple[StageDef, ...]
    places: Mapping[str, str]
    ancestors: tuple[str, ...]

    @property
    def bands(self) -> tuple[Band, ...]:
        """All grade bands, stage by stage."""
        return tuple(band for stage in self.stages for band in stage.bands)


@dataclass(frozen=True)
class Rule:
    """What one grade band must find within which distance, in one setting.

    Parameters
    ----------
    id
        Id of the norm; ``no_limit.<stage>.<band>.<setting>`` where none applies.
    metric
        ``straight``, ``network``, ``time`` (walked along streets) or ``none``.
    value, unit
        The norm's own figure (``30 min``); None where there is no limit.
    limit_m
        Metres, straight or along streets. Times are turned into metres at ``speed_mps``; without a limit it is the
        search cap, which is no norm.
    flags
        ``no_limit`` (nothing is set, cap only), ``metric_unspecified`` (read both straight and along streets),
        ``any_mode`` (the norm lets other modes than walking count).
    also
        Ids of further norms that speak of the same band, in order of precedence.
    """

    id: str
    stage: str
    band: str
    setting: str
    metric: Literal["straight", "network", "time", "none"]
    value: float | None
    unit: str
    limit_m: float
    speed_mps: float
    force: str
    source: str
    clause: str
    confidence: str
    flags: tuple[str, ...] = field(default=())
    also: tuple[str, ...] = field(default=())
