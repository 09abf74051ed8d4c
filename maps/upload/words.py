"""What roles, kinds of content, settings and severities are called."""

from __future__ import annotations

from geoplan.standards import profiles
from layers.incoming.roles import NONE
from maps.language import speaker


def role_names(language: str) -> dict[str, str]:
    """What a file may serve for."""
    say = speaker(language)
    return {
        NONE: say("not used"),
        "boundary": say("boundary of the region"),
        "areas": say("sub-areas (townships)"),
        "raster": say("residents, raster"),
        "grid": say("residents, table or cells"),
        "ages": say("ages of the residents"),
        "ages_rasters": say("age and sex raster"),
        "births": say("births"),
        "registered": say("registered residents"),
        "streets": say("streets"),
        "elevation": say("elevation"),
        "barriers": say("barriers"),
        "audit": say("street audit"),
        "schools": say("schools"),
        "gates": say("school gates"),
        "housing": say("new housing"),
        "sites": say("possible sites"),
        "exclusions": say("where no school may stand"),
        "zones": say("attendance zones"),
        "blocks": say("blocks not to be split"),
        "stops": say("school bus stops"),
        "venues": say("venues"),
        "costs": say("unit costs"),
        "survival": say("survival by age"),
        "migration": say("migration"),
    }


def profile_names(language: str) -> list[tuple[str, str]]:
    """Profiles of standards a plan may name."""
    say = speaker(language)
    known = {"cn": say("China"), "neutral": say("neutral: no country's rules")}
    return [(name, f"{known[name]} ({name})" if name in known else name) for name in profiles()]


def geometry_names(language: str) -> dict[str, str]:
    """What shapes are called."""
    say = speaker(language)
    return {"Point": say("points"), "LineString": say("lines"), "Polygon": say("areas")}


def size(count: int) -> str:
    """Bytes for people."""
    for unit, least in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= least:
            return f"{count / least:.3g} {unit}"
    return f"{count} B"
