"""The invented land: boundary, settlements, townships, river and railway, in EPSG:4547 metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

CRS = "EPSG:4547"
CENTRE = (500_000.0, 3_650_000.0)
RADIUS_M = 19_000.0
SEED = 20_260_101
RESIDENTS = 500_000.0
SEAT_RESIDENTS = 190_000.0
VILLAGES = 210

# Invented names, none of them a real county's
TOWNS = (
    ("城东街道", "Chengdong Subdistrict", "town"),
    ("城西街道", "Chengxi Subdistrict", "town"),
    ("青禾镇", "Qinghe Town", "town"),
    ("望岭镇", "Wangling Town", "town"),
    ("石桥头镇", "Shiqiaotou Town", "town"),
    ("柳溪镇", "Liuxi Town", "town"),
    ("南浦镇", "Nanpu Town", "town"),
    ("白榆镇", "Baiyu Town", "town"),
    ("云台乡", "Yuntai Township", "rural"),
    ("松坪乡", "Songping Township", "rural"),
    ("竹溪乡", "Zhuxi Township", "rural"),
    ("麦田乡", "Maitian Township", "rural"),
    ("枫林乡", "Fenglin Township", "rural"),
    ("古井乡", "Gujing Township", "rural"),
    ("长堤乡", "Changdi Township", "rural"),
    ("雁湖乡", "Yanhu Township", "rural"),
)


@dataclass(frozen=True)
class Settlement:
    """A built place: a grid of streets of ``blocks`` by ``blocks``, ``block_m`` apart, turned by ``angle``."""

    key: str
    name_zh: str
    name_en: str
    kind: str  # seat | town | village
    x: float
    y: float
    residents: float
    blocks: int
    block_m: float
    angle: float

    @property
    def reach_m(self) -> float:
        """Half the side of its street grid."""
        return self.blocks * self.block_m / 2


@dataclass(frozen=True)
class Land:
    """Everything that does not move: boundary, settlements, township cells, river, railway."""

    boundary: Polygon
    settlements: tuple[Settlement, ...]
    townships: tuple[tuple[str, str, str, str, BaseGeometry], ...]  # id, name_zh, name_en, setting, polygon
    river: LineString
    railway: LineString


def make_land() -> Land:
    """The same land at every call."""
    rng = np.random.default_rng(SEED)
    boundary = _boundary(rng)
    centres = _town_centres()
    villages = _village_points(rng, boundary, centres)
    settlements = (*_towns(centres), *_villages(rng, villages))
    return Land(boundary, settlements, _townships(boundary, centres), _river(), _railway())


def _boundary(rng: np.random.Generator) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    wobble = sum(
        amplitude * np.cos(wave * angle + phase)
        for wave, amplitude, phase in zip(
            (2, 3, 5, 9), (0.12, 0.07, 0.04, 0.02), rng.uniform(0, 6.28, 4), strict=True
        )
    )
    radius = RADIUS_M * (1 + wobble)
    return Polygon(np.column_stack([CENTRE[0] + radius * np.cos(angle), CENTRE[1] + radius * np.sin(angle)]))


def _town_centres() -> NDArray[np.float64]:
    """Two halves of the seat, six towns on a ring, eight townships on an outer ring."""
    inner = [(-1_500.0, 0.0), (1_500.0, 0.0)]
    ring = [(8_200 * np.cos(a), 8_200 * np.sin(a)) for a in np.arange(6) * np.pi / 3 + 0.35]
    outer = [(13_600 * np.cos(a), 13_600 * np.sin(a)) for a in np.arange(8) * np.pi / 4 + 0.1]
    return np.array([*inner, *ring, *outer]) + np.array(CENTRE)


def _village_points(rng: np.random.Generator, boundary: Polygon, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dart throwing: at least 1.15 km apart, 2.6 km from the seat's centre line, inside the boundary."""
    inside = boundary.buffer(-700)
    river = _river()
    kept: list[tuple[float, float]] = []
    while len(kept) < VILLAGES:
        x, y = np.array(CENTRE) + rng.uniform(-1.25, 1.25, 2) * RADIUS_M
        point = Point(x, y)
        near_town = np.hypot(*(centres - (x, y)).T).min() < 1_900 or point.distance(MultiPoint(centres[:2])) < 3_700
        near_village = kept and np.hypot(*(np.array(kept) - (x, y)).T).min() < 1_150
        if not near_town and not near_village and inside.contains(point) and river.distance(point) > 350:
            kept.append((x, y))
    return np.array(kept)


def _towns(centres: NDArray[np.float64]) -> list[Settlement]:
    seat = Settlement("seat", "县城", "County seat", "seat", *CENTRE, SEAT_RESIDENTS, 44, 140.0, 0.0)
    found = [seat]
    for number, (name_zh, name_en, setting) in enumerate(TOWNS[2:], start=2):
        x, y = centres[number]
        residents = 24_000.0 - 1_400 * number if setting == "town" else 5_200.0 - 130 * number
        blocks = 13 if setting == "town" else 7
        found.append(
            Settlement(f"t{number:02d}", name_zh, name_en, "town", x, y, residents, blocks, 120.0, 0.13 * number)
        )
    return found


def _villages(rng: np.random.Generator, points: NDArray[np.float64]) -> list[Settlement]:
    placed = SEAT_RESIDENTS + sum(
        24_000.0 - 1_400 * n if TOWNS[n][2] == "town" else 5_200.0 - 130 * n for n in range(2, len(TOWNS))
    )
    weight = rng.lognormal(0, 0.45, len(points))
    residents = weight / weight.sum() * (RESIDENTS - placed)
    first, second = "上下东西南北前后大小", "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
    names = [f"{a}{b}村" for b in second for a in first]
    order = np.lexsort((points[:, 0], -points[:, 1]))
    return [
        Settlement(
            f"v{rank:03d}",
            names[rank % len(names)] if rank < len(names) else f"{names[rank % len(names)][:-1]}新村",
            f"Village {rank + 1}",
            "village",
            float(points[row, 0]),
            float(points[row, 1]),
            float(residents[row]),
            4 if residents[row] < 900 else 6,
            85.0,
            float(rank * 0.37 % 1.5),
        )
        for rank, row in enumerate(order)
    ]


def _townships(
    boundary: Polygon, centres: NDArray[np.float64]
) -> tuple[tuple[str, str, str, str, BaseGeometry], ...]:
    cells = shapely.voronoi_polygons(MultiPoint(centres), extend_to=boundary.buffer(5_000)).geoms
    owner = {next(n for n, c in enumerate(centres) if cell.contains(Point(c))): cell for cell in cells}
    return tuple(
        (f"A{number:02d}", *TOWNS[number], owner[number].intersection(boundary)) for number in range(len(TOWNS))
    )


def _river() -> LineString:
    x = np.arange(-32_000, 32_001, 250.0)
    y = 2_300 * np.sin(x / 7_000) + 0.18 * x - 3_900
    return LineString(np.column_stack([x + CENTRE[0], y + CENTRE[1]]))


def _railway() -> LineString:
    y = np.arange(-32_000, 32_001, 500.0)
    x = 1_200 * np.sin(y / 11_000) + 4_100 - 0.05 * y
    return LineString(np.column_stack([x + CENTRE[0], y + CENTRE[1]]))
