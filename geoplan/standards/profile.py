"""Profiles of standards: TOML files that extend one another, dated norms, and a county's own values."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.standards.norm import Band, Norm, StageDef, Standards, Value
from geoplan.standards.override import overridden

FOLDER = Path(__file__).parent
_NORM_KEYS = frozenset(item.name for item in fields(Norm))


def profiles() -> tuple[str, ...]:
    """Ids of the profiles a plan may name, sorted."""
    return tuple(name for name in _files() if _read(name)["profile"].get("public", True))


def load(profile: str, *, on: date | str | None = None, override: Mapping[str, Any] | None = None) -> Standards:
    """The norms of a profile in force on a day, with the county's own values in place.

    Parameters
    ----------
    profile
        One of :func:`profiles`.
    on
        Day in force (date or ISO text); the profile's own edition date when None, so that results do not change
        with the calendar.
    override
        Norm id to value, or to ``{value, unit, source, note}``; nested tables are joined by dots.

    Raises
    ------
    NotFoundError
        Unknown profile; the message lists those there are.
    PlanError
        Unknown ids, wrong types or units among the overrides (all listed), or a date that is none.
    """
    if profile not in profiles():
        raise NotFoundError(f"unknown standards profile {profile!r}; known: {', '.join(profiles())}")
    chain = _chain(profile)
    header = chain[-1]["profile"]
    day = _day(on, header["edition"])
    norms, county = overridden(_in_force(chain, day), override or {})
    edition = _edition(profile, header["edition"], day, county)
    stages = _stages(chain, norms)
    places = {stage: norm for file in chain for stage, norm in file.get("places", {}).items()}
    return Standards(
        profile=profile,
        name_en=header["name_en"],
        name_zh=header["name_zh"],
        note_en=_inherited(chain, "note_en"),
        note_zh=_inherited(chain, "note_zh"),
        on=day,
        edition=edition,
        checksum=_checksum(norms.values(), stages, places),
        norms=norms,
        stages=stages,
        places=places,
        ancestors=tuple(file["name"] for file in reversed(chain)),
    )


@cache
def _files() -> tuple[str, ...]:
    return tuple(path.stem for path in sorted(FOLDER.glob("*.toml")) if not path.stem.startswith("tables_"))


@cache
def _read(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return {**tomllib.loads(text), "name": name}


def _chain(profile: str) -> list[dict[str, Any]]:
    """The profile's files, furthest ancestor first."""
    chain = [_read(profile)]
    while parent := chain[0]["profile"].get("extends"):
        chain.insert(0, _read(parent))
    return chain


@cache
def own_norms(profile: str) -> tuple[Norm, ...]:
    """The norms a profile's own file holds, every dated version, in the order of the file."""
    return tuple(_norm(entry) for entry in _read(profile).get("norm", ()))


def _norm(entry: Mapping[str, Any]) -> Norm:
    unknown = set(entry) - _NORM_KEYS
    if unknown:
        raise KeyError(f"{entry['id']}: unknown keys {sorted(unknown)}")
    return Norm(**{key: frozen(value) for key, value in entry.items()})


def frozen(value: Any) -> Any:
    """Lists as tuples, at every depth."""
    return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _in_force(chain: Iterable[Mapping[str, Any]], day: date) -> dict[str, Norm]:
    """The latest version in force of every norm; a nearer profile replaces its ancestors' norm of the same id."""
    found: dict[str, Norm] = {}
    for file in chain:
        versions = [norm for norm in own_norms(file["name"]) if _valid(norm, day)]
        found.update({norm.id: norm for norm in sorted(versions, key=lambda norm: norm.since or date.min)})
    return found


def _valid(norm: Norm, day: date) -> bool:
    return (norm.since is None or norm.since <= day) and (norm.until is None or day < norm.until)


def _day(on: date | str | None, edition: date) -> date:
    if isinstance(on, str):
        try:
            return date.fromisoformat(on)
        except ValueError:
            raise PlanError(f"[standards] on = {on!r} is no date; write it as 2026-01-31") from None
    return on or edition


def _inherited(chain: Iterable[Mapping[str, Any]], key: str) -> str:
    found = [file["profile"][key] for file in chain if key in file["profile"]]
    return str(found[-1]) if found else ""


def _stages(chain: Iterable[Mapping[str, Any]], norms: Mapping[str, Norm]) -> tuple[StageDef, ...]:
    entries: list[dict[str, Any]] = []
    for file in chain:
        if "structure" in file["profile"]:
            entries = file["structure"][norms[file["profile"]["structure"]].value]
        entries = file.get("stage", entries)
    return tuple(_stage(entry) for entry in entries)


def _stage(entry: Mapping[str, Any]) -> StageDef:
    bands = tuple(Band(stage=entry["id"], **frozen_items(band)) for band in entry["bands"])
    return StageDef(**{**entry, "bands": bands})


def frozen_items(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A TOML table with its lists frozen."""
    return {key: frozen(value) for key, value in entry.items()}


def _edition(profile: str, edition: date, day: date, county: int) -> str:
    in_force = "" if day == edition else f", in force on {day.isoformat()}"
    own = f", {county} county value{'s' if county != 1 else ''}" if county else ""
    return f"{profile} {edition.isoformat()}{in_force}{own}"


def _checksum(norms: Iterable[Norm], stages: Iterable[StageDef], places: Mapping[str, Value]) -> str:
    content = {
        "norms": sorted((asdict(norm) for norm in norms), key=lambda norm: str(norm["id"])),
        "stages": [asdict(stage) for stage in stages],
        "places": dict(places),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
