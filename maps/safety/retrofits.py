"""What to mend first, as rows, and what any budget buys, as a small picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd

from geoplan.reasons import known, people, sentence
from geoplan.reasons.safety import word
from geoplan.run import Run
from maps.charts import ticks
from maps.kept import kept
from maps.language import number, speaker
from maps.safety.facts import listed

SHOWN = 10
WIDTH, HEIGHT = 352, 150  # px of the picture
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 26


@dataclass(frozen=True)
class PackageRow:
    """Works that are worth doing together: what, at how many places, for how much, and whom it helps."""

    rank: str
    measures: str
    places: str
    cost: str
    gained: str
    improved: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True)
class Curve:
    """Pupils who gain a safe route by budget: points of the line in pixels, ticks, and the same as rows."""

    line: str
    area: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    rows: tuple[tuple[str, str], ...]
    said: str
    gap: str


@kept
def package_rows(run: Run, language: str, count: int = SHOWN) -> tuple[PackageRow, ...]:
    """The packages of works, best first."""
    table = run.tables.get("retrofits")
    if table is None or table.empty:
        return ()
    return tuple(_package(row, language) for row in table.sort_values("rank").head(count).to_dict("records"))


def _package(row: Mapping[Any, Any], language: str) -> PackageRow:
    place = row.get("geometry")
    point = None if place is None or place.is_empty else place.centroid
    return PackageRow(
        rank=number(row["rank"], language),
        measures=measures_text(row.get("measures"), language),
        places=number(len(listed(row.get("elements"))), language),
        cost=number(row["cost"], language),
        gained=number(row["pupils_safe_gained"], language),
        improved=number(row["pupil_crossings_improved"], language),
        lat=None if point is None else round(point.y, 6),
        lon=None if point is None else round(point.x, 6),
    )


def measures_text(joined: object, language: str) -> str:
    """Measures in words, each once with its number where there are several of it."""
    counted = Counter(listed(joined))
    parts = [
        word("measure", name, language) + (f" × {number(times, language)}" if times > 1 else "")
        for name, times in counted.items()
    ]
    return speaker(language)(", ").join(parts)


@kept
def curve(run: Run, language: str) -> Curve | None:
    """The whole budget curve; None where there is nothing to mend."""
    points = [(0.0, 0.0), *_points(run)]
    most_cost, most_pupils = points[-1]
    if len(points) < 2 or most_cost <= 0 or most_pupils <= 0:
        return None
    corners = [(_x(cost, most_cost), _y(pupils, most_pupils)) for cost, pupils in _steps(points)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    floor = HEIGHT - BOTTOM
    gap = _last_gap(run)
    return Curve(
        line=line,
        area=f"{LEFT},{floor} {line} {corners[-1][0]:.1f},{floor}",
        across=tuple((_x(tick, most_cost), _short(tick, language)) for tick in ticks(most_cost, 3)),
        up=tuple((_y(tick, most_pupils), people(tick, language)) for tick in ticks(most_pupils, 3)),
        rows=tuple((number(cost, language), number(pupils, language)) for cost, pupils in points[1:]),
        said=sentence("safety_retrofits", language, cost=most_cost, pupils=most_pupils),
        gap=sentence("safety_retrofits_gap", language, gap=gap) if gap else "",
    )


def _points(run: Run) -> Iterable[tuple[float, float]]:
    """Cost and pupils of every budget; where no curve was kept, packages one after the other."""
    kept = run.tables.get("retrofit_curve")
    if kept is not None and len(kept):
        rows = kept.sort_values("budget")
        return list(zip(rows["cost"].astype(float), rows["pupils"].astype(float), strict=True))
    table = run.tables.get("retrofits")
    if table is None:
        return []
    ranked = table.sort_values("rank")
    return list(zip(ranked["cost"].cumsum(), ranked["pupils_safe_gained"].cumsum(), strict=True))


def _last_gap(run: Run) -> float | None:
    kept = run.tables.get("retrofit_curve")
    if kept is None or not len(kept) or "bound" not in kept:
        return None
    last = kept.sort_values("budget").iloc[-1]
    pupils, bound = known(last["pupils"]), known(last["bound"])
    return (bound - pupils) / pupils if pupils and bound and bound > pupils * (1 + 1e-9) else None


def _steps(points: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Money below the next plan's cost buys nothing more: the line goes up where a plan can be paid."""
    yield points[0]
    for (_, before), (cost, pupils) in pairwise(points):
        yield cost, before
        yield cost, pupils


def _short(amount: float, language: str) -> str:
    """A sum of money short enough for an axis: ``1.2 M``, ``120万``."""
    if language == "zh":
        return f"{amount / 1e4:,.4g}万" if amount >= 1e4 else people(amount, language)
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"{amount / size:,.4g}\u202f{unit}"
    return people(amount, language)


def _x(cost: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * cost / most


def _y(pupils: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * pupils / most


@kept
def places(run: Run, count: int) -> list[list[float]]:
    """Latitude, longitude and rank of the first packages, for the map."""
    table = run.tables.get("retrofits")
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        return []
    first = table.sort_values("rank").head(count)
    found = []
    for rank, shape in zip(first["rank"], first.geometry, strict=True):
        for point in getattr(shape, "geoms", [shape]) if shape is not None else []:
            middle = point.representative_point()
            found.append([round(middle.y, 6), round(middle.x, 6), int(rank)])
    return found
