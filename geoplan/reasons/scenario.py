"""What a scenario does in sentences: what closing a school means for its pupils, and which steps come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.reasons.care import Note
from geoplan.reasons.catalogue import term
from geoplan.reasons.figures import known, listing, sentence

MOST = 4  # receiving schools that are named
SOME = 0.5  # pupils below this are nobody in print
HARDLY = 0.05  # minutes that are no longer walk


def scenario_notes(told: Mapping[str, Any], language: str) -> list[Note]:
    """Every sentence about a scenario, from ``summary["scenario"]``; ``code`` names it."""
    found = []
    for row in told.get("closures", ()):
        found += closure_notes(row, language)
    for stage, pupils in told.get("moved_elsewhere", {}).items():
        if pupils >= SOME:
            found.append(
                _note("moved_elsewhere", language, pupils=pupils, children=term(f"children.{stage}", language))
            )
    if told.get("uncounted"):
        found.append(_note("closure_uncounted", language, items=listing(list(told["uncounted"]), language)))
    if told.get("later"):
        steps = ", ".join(str(step) for step in told["later"])
        found.append(_note("scenario_later", language, year=told["year"], steps=steps))
        if told.get("closures"):
            found.append(_note("scenario_at_once", language, year=told["year"]))
    return found


def closure_notes(row: Mapping[str, Any], language: str) -> list[Note]:
    """What closing one school does to its pupils of one stage."""
    words = {kind: term(f"{kind}.{row['stage']}", language) for kind in ("children", "school")}
    said = {"name": row["name"], **words}
    if row["pupils"] < SOME:
        return [_note("closure_nobody", language, **said)]
    return [_note("closure_moves", language, pupils=row["pupils"], **said), *_after(row, said, language)]


def _after(row: Mapping[str, Any], said: Mapping[str, Any], language: str) -> Iterator[Note]:
    if row["to"]:
        yield _note("closure_to", language, items=_receiving(row["to"], language))
    mean, most = known(row["extra_min"]["mean"]), known(row["extra_min"]["p95"])
    if mean is not None and most is not None:
        yield _note(_longer(mean, most), language, mean=abs(mean), most=most)
    for code, pupils in (("closure_other_ways", row["other_ways"]), ("closure_no_place", row["no_place"])):
        if pupils >= SOME:
            yield _note(code, language, pupils=pupils, **said)
    beyond, nearest = sum(row["beyond"].values()), known(row["beyond_min"])
    if beyond >= SOME:
        code = "closure_cut_off" if nearest is None else "closure_beyond"
        yield _note(code, language, pupils=beyond, nearest=nearest, **said)
    if row["blocked"] or (row["override"] and row["young_beyond"] > 0):
        code = "closure_blocked" if row["blocked"] else "closure_override"
        more = {"pupils": row["young_beyond"], "limit": row["limit_min"], "reason": row["override"]}
        yield _note(code, language, **more, **said)


def _longer(mean: float, most: float) -> str:
    if mean >= 0:
        return "closure_longer"
    return "closure_shorter" if most > HARDLY else "closure_no_longer"


def _receiving(rows: list[Mapping[str, Any]], language: str) -> str:
    named = [row for row in rows if row["pupils"] >= SOME][:MOST] or rows[:1]
    parts = [sentence("closure_to_school", language, name=row["name"], pupils=row["pupils"]) for row in named]
    return listing(parts, language)


def _note(code: str, language: str, **params: Any) -> Note:
    return Note(code, sentence(code, language, **params))
