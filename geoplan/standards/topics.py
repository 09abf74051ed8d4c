"""Norms by what they speak of, the nearest profile first: sizes of schools, land, triggers of new housing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from geoplan.standards.norm import Norm, Standards
from geoplan.standards.profile import own_norms

GROUPS = {"secondary": ("junior", "senior"), "compulsory": ("primary", "junior")}
"""Stage words of norms that stand for several stages; ``compulsory`` is read from the profile where it says."""


def speaking_of(
    standards: Standards, topic: str | Collection[str], stage: str, *, setting: str | None = None
) -> tuple[Norm, ...]:
    """Norms of a topic that speak of a stage, the profile's own before those of its ancestors.

    Parameters
    ----------
    topic
        One topic, or several that are read together.
    stage
        A stage of the profile, or a kind of school norms name (``nine_year``).
    setting
        Leaves out norms for the other setting only; None takes all.

    Returns
    -------
    Of one profile, norms named for this stage alone go first, then those named for the setting, then by id.
    """
    topics = {topic} if isinstance(topic, str) else set(topic)
    found = [
        norm
        for norm in standards.norms.values()
        if norm.topic in topics and speaks(standards, norm, stage) and _holds(norm, setting)
    ]
    rank = _ranks(standards.ancestors)
    found.sort(key=lambda norm: (rank[norm.id], norm.stage != stage, norm.setting != setting, norm.id))
    return tuple(found)


def nearest_of(standards: Standards, norms: Sequence[Norm]) -> tuple[Norm, ...]:
    """Those of the norms that stand in the nearest profile any of them stands in."""
    rank = _ranks(standards.ancestors)
    first = min((rank[norm.id] for norm in norms), default=0)
    return tuple(norm for norm in norms if rank[norm.id] == first)


def speaks(standards: Standards, norm: Norm, stage: str) -> bool:
    """Whether a norm's stages (comma-separated, ``all``, ``compulsory``, ``secondary``) hold a stage."""
    named = {name.strip() for name in norm.stage.split(",")}
    compulsory = tuple(item.id for item in standards.stages if item.compulsory)
    groups = {**GROUPS, "compulsory": compulsory}
    return bool(named & {"all", stage}) or any(stage in groups[name] for name in named & set(groups))


def _holds(norm: Norm, setting: str | None) -> bool:
    return setting is None or norm.setting in (None, "all", setting)


@cache
def _ranks(ancestors: tuple[str, ...]) -> Mapping[str, int]:
    """Position of the profile each norm stands in, own first."""
    found: dict[str, int] = {}
    for position, profile in enumerate(ancestors):
        for norm in own_norms(profile):
            found.setdefault(norm.id, position)
    return found
