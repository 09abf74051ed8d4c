"""One plot as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass

from pyproj import CRS
from shapely import Point

from geoplan.siting.land import Land
from geoplan.standards import Standards


@dataclass(frozen=True)
class Gate:
    """Where a plot is entered: the point on its border, the street, how far that is, and the nearest junction.

    ``street_m`` is NaN where no public street is near; ``junction_m`` is from the point of the street opposite the
    gate, infinite where there is no junction within the distance looked at.
    """

    point: Point
    street: str
    street_m: float
    main: bool
    junction_m: float


@dataclass(frozen=True)
class Plot:
    """A plot to be judged.

    ``shares`` lists the other plots on the same ground with the square metres shared; ``stages`` those it is judged
    for, ``setting`` town or rural.
    """

    site_id: str
    kind: str
    land: Land
    gate: Gate
    setting: str
    stages: tuple[str, ...]
    shares: tuple[tuple[str, float], ...]
    standards: Standards
    crs: CRS
