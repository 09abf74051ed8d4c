"""The data doctor: what only shows once streets, homes and schools lie on one map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from geoplan.doctor.compounds import closed_compounds
from geoplan.doctor.edge import closed_edge, raster_gap
from geoplan.doctor.ground import Ground, survey
from geoplan.doctor.osm import against_osm
from geoplan.doctor.parts import isolated_parts
from geoplan.doctor.schools import school_faults
from geoplan.doctor.shift import shifted
from geoplan.doctor.ways import completeness, far_from_ways
from layers.bundle import Layers
from layers.errors import Fault

__all__ = ["completeness", "counts", "examine", "report_rows"]

SEVERITIES = ("error", "warning", "note")
CHECKS = (isolated_parts, school_faults, far_from_ways, closed_compounds, raster_gap, closed_edge)


def examine(layers: Layers) -> list[Fault]:
    """Every check that needs streets and homes; warnings first, then notes, in a fixed order.

    Looked for are: parts of the street network on their own, schools far from any street or on such a part, a shift
    by another datum, schools missing in the list or in OpenStreetMap, homes far from mapped ways, compounds without a
    gate, schools outside the region or on one spot, places and stages missing, a raster that ends inside the region
    and streets that end at its edge.
    """
    ground: Ground = survey(layers)
    found = [fault for check in CHECKS for fault in check(layers, ground)]
    moved = list(shifted(layers, ground))
    found += moved or list(
        against_osm(layers, ground)
    )  # shifted schools match no mapped one: one fault, not hundreds
    return sorted(found, key=lambda fault: SEVERITIES.index(fault.severity))


def counts(faults: Iterable[Fault]) -> dict[str, int]:
    """How many faults there are of each severity, none left out."""
    found: Counter[str] = Counter(fault.severity for fault in faults)
    return {severity: found[severity] for severity in SEVERITIES}


def report_rows(faults: Iterable[Fault], language: str = "en") -> list[dict[str, object]]:
    """Faults as rows of a table: severity, place, value, message and remedy in words; the worst first."""
    ordered = sorted(faults, key=lambda fault: SEVERITIES.index(fault.severity))
    return [{"place": fault.place(language), **fault.as_dict(language)} for fault in ordered]
