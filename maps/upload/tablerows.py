"""What the page of a table shows: where its places lie under each datum, and its values at fault."""

from __future__ import annotations

import math
from typing import Any

from layers.datum import SHIFTED
from maps.language import NONE, Say, metres, number, speaker
from maps.upload import checking, drawing, preview
from maps.upload.preview import READ_AS, Ground, Preview
from maps.upload.record import Item, Upload
from maps.upload.rows import content
from maps.upload.staging import folder_of

CELLS = 300
"""Values at fault that are listed; more come once these are mended."""
CHOICES = 400


def head(item: Item, language: str) -> dict[str, Any]:
    """What the table is."""
    return {
        "number": item.number,
        "name": item.name,
        "content": content(item, language),
        "datum": item.datum or "wgs84",
        "crs": item.crs or "",
        "confirmed": item.confirmed,
        "geometry": bool(item.table and item.table.geometry),
    }


def datum_names(language: str) -> list[tuple[str, str]]:
    """Datums a table may be in."""
    say = speaker(language)
    return [
        ("wgs84", say("WGS 84 (GPS, OpenStreetMap)")),
        ("cgcs2000", say("CGCS2000 (survey; the same within centimetres)")),
        ("gcj02", say("GCJ-02 (Amap, Tencent)")),
        ("bd09", say("BD-09 (Baidu)")),
    ]


def cells(upload: Upload, item: Item) -> list[dict[str, Any]]:
    """Values at fault of a table, by row, each once, with what the last check said of them."""
    report = checking.last_report(folder_of(upload.id))
    if report is None or item.table is None:
        return []
    file = item.source.rsplit("/", 1)[-1]
    named, now = set(item.table.columns), {(one["row"], one["column"]): one for one in item.corrections}
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for fault in report.faults:
        place = (fault["row"], fault["column"])
        if fault["file"].rsplit("/", 1)[-1] != file or place[0] is None or place[1] not in named or place in found:
            continue
        after = now[place]["after"] if place in now else None
        found[place] = {**fault, "value": str(fault["value"] or ""), "after": after}
    return sorted(found.values(), key=lambda one: (one["severity"] != "error", one["row"]))[:CELLS]


def places(upload: Upload, item: Item, language: str, at: int | None) -> dict[str, Any] | None:
    """Maps of the places, and what each reading means; None where the table has no places that can be read."""
    folder = folder_of(upload.id)
    ground = preview.ground_of(preview.plan_of(upload, folder))
    found = preview.preview(item, folder, ground)
    if found is None:
        return None
    say = speaker(language)
    read_as = item.datum if item.datum in SHIFTED else "wgs84"
    row = at if at in found.rows else None
    place = int((found.rows == row).argmax()) if row is not None else drawing.nearest_to_middle(found)
    names = dict(datum_names(language))
    return {
        "shifts": found.shifts,
        "count": len(found.rows),
        "overview": drawing.overview(
            found,
            ground,
            read_as,
            say("Places of the table, read as %(datum)s, and the region", datum=names[read_as]),
        ),
        "closeup": drawing.closeup(
            found, ground, place, say("Streets and mapped schools around one place, in every reading")
        ),
        "readings": [
            _reading(datum, found, names, read_as, language) for datum in (READ_AS if found.shifts else READ_AS[:1])
        ],
        "streets": bool(len(ground.streets)),
        "region": ground.boundary is not None,
        "choices": list(zip(found.rows.tolist(), found.labels, strict=True))[:CHOICES],
        "at": int(found.rows[place]),
        "guess": _guess(found, read_as, names, say),
        "best": found.best,
        "suspected": found.best is not None and found.best != read_as,
        "mapped": len(ground.mapped),
    }


def _reading(datum: str, found: Preview, names: dict[str, str], read_as: str, language: str) -> dict[str, Any]:
    def median(witness: str) -> str:
        value = found.medians.get(witness, {}).get(datum, math.nan)
        return metres(value, language) if math.isfinite(value) else NONE

    inside = found.inside.get(datum)
    return {
        "datum": datum,
        "name": names[datum],
        "current": datum == read_as,
        "inside": NONE if inside is None else f"{number(inside, language)} / {number(len(found.rows), language)}",
        "schools": median("schools"),
        "streets": median("streets"),
    }


def _guess(found: Preview, read_as: str, names: dict[str, str], say: Say) -> str:
    """What the comparison says, and what it rests on."""
    if not found.shifts:
        return say("Maps are shifted in mainland China only; here every reading is the same.")
    if found.best is None:
        return say("Nothing to compare with yet: check the data once with boundary and streets, then come back.")
    rests = {
        "schools": say("schools mapped in OpenStreetMap"),
        "streets": say("streets"),
        "": say("streets; no other reading fits clearly better"),
    }[found.witness]
    if found.best == read_as:
        return say(
            "The comparison fits %(datum)s, as it is read now. It rests on the distance to %(what)s.",
            datum=names[read_as],
            what=rests,
        )
    return say(
        "The coordinates look like %(best)s, not %(datum)s. It rests on the distance to %(what)s; "
        "compare one place you know.",
        best=names[found.best],
        datum=names[read_as],
        what=rests,
    )


__all__ = ["Ground", "cells", "datum_names", "head", "places"]
