"""New housing: what each project owes and what it needs, side by side, what is owed and not there first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoplan.reasons import area, known
from geoplan.run import Run
from maps.kept import kept
from maps.language import number, speaker
from maps.siting import facts
from maps.siting.told import housing_sentences

ORDER = ("unmet", "unknown", "joint", "none", "met")


@dataclass(frozen=True)
class HousingRow:
    """A project and a stage: obligation and need never set off against each other."""

    housing_id: str
    name: str
    status: str
    status_word: str
    obligation: str
    owed: str
    need: str
    year: str  # the year of the need, the greatest of all
    note: str
    sentences: tuple[str, ...]
    lat: float | None
    lon: float | None


@kept
def housing_rows(run: Run, stage: str, language: str) -> tuple[HousingRow, ...]:
    """The projects of a stage, unmet obligations first; the year with the greatest need stands for a project."""
    rows = [row for row in facts.records(run, "housing_need") if row.get("stage") == stage]
    worst: dict[str, dict[str, Any]] = {}
    for row in rows:  # phases of a project carry its figures: it owes once
        held = worst.setdefault(str(row.get("project") or row["housing_id"]), row)
        if (known(row.get("need")) or 0.0) > (known(held.get("need")) or 0.0):
            worst[str(row.get("project") or row["housing_id"])] = row
    made = [_row(row, language) for row in worst.values()]
    return tuple(sorted(made, key=lambda row: (_place(row.status), row.name, row.housing_id)))


def _place(status: str) -> int:
    return ORDER.index(status) if status in ORDER else len(ORDER)


def _row(row: dict[str, Any], language: str) -> HousingRow:
    status = str(row.get("status") or "unknown")
    point = row.get("geometry")
    place = None if point is None or point.is_empty else point.representative_point()
    return HousingRow(
        housing_id=str(row["housing_id"]),
        name=str(row.get("name") or row["housing_id"]),
        status=status,
        status_word=_statuses(language).get(status, status),
        obligation=_obligations(language).get(str(row.get("obligation")), str(row.get("obligation"))),
        owed=_owed(row, language),
        need=number(row.get("need"), language),
        year=_year(row),
        note=_note(row, language),
        sentences=housing_sentences(row, language),
        lat=None if place is None else round(place.y, 6),
        lon=None if place is None else round(place.x, 6),
    )


def _year(row: dict[str, Any]) -> str:
    """The year of a need there is."""
    year = known(row.get("year"))
    return f"{year:.0f}" if year is not None and (known(row.get("need")) or 0.0) >= 0.5 else ""


def _owed(row: dict[str, Any], language: str) -> str:
    if row.get("obligation") != "yes" or known(row.get("owed_places")) is None:
        return ""
    return speaker(language)("%(n)s places", n=number(row["owed_places"], language))


def _note(row: dict[str, Any], language: str) -> str:
    """Land owed against land reserved, and by when."""
    say = speaker(language)
    owed, reserved, due = (known(row.get(name)) for name in ("owed_site_m2", "reserved_m2", "due"))
    parts = []
    if owed:
        parts.append(say("land owed %(area)s", area=area(owed, language)))
        kept = say("not stated") if reserved is None else area(reserved, language)
        parts.append(say("reserved %(area)s", area=kept))
    if due is not None:
        parts.append(say("due %(year)s", year=f"{due:.0f}"))
    return say(", ").join(parts)


def _obligations(language: str) -> dict[str, str]:
    say = speaker(language)
    return {
        "yes": say("owed"),
        "no": say("not owed"),
        "not_stated": say("no rule stated"),
        "unknown": say("not known"),
    }


def _statuses(language: str) -> dict[str, str]:
    say = speaker(language)
    return {
        "unmet": say("not met"),
        "met": say("met"),
        "joint": say("jointly with others"),
        "none": say("no rule stated"),
        "unknown": say("not known"),
    }
