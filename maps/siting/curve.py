"""What one more school brings, as a small picture and as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoplan.reasons import known, money, people
from geoplan.reasons.siting import currency
from geoplan.run import Run
from maps.charts import ticks
from maps.kept import kept
from maps.language import NONE, number, percent, speaker
from maps.siting.facts import Row, siting

WIDTH, HEIGHT = 352, 150  # px of the picture
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 26


@dataclass(frozen=True)
class MarginalRow:
    """So many new schools: who has a place, how many more than with one less, at what cost, how far from best."""

    k: str
    served: str
    extra: str
    cost: str
    each: str
    gap: str


@dataclass(frozen=True)
class MarginalCurve:
    """Pupils with a place by number of new schools: points in pixels, ticks, and the same as rows."""

    line: str
    dots: tuple[tuple[float, float], ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    rows: tuple[MarginalRow, ...]


@kept
def curve(run: Run, language: str, unit: object = None) -> MarginalCurve | None:
    """The whole marginal table; None where there are fewer than two points to compare."""
    rows = [row for row in siting(run).get("marginal") or () if known(row.get("pupils_served")) is not None]
    rows = sorted((row for row in rows if known(row.get("k")) is not None), key=lambda row: float(row["k"]))
    if len(rows) < 2:
        return None
    most, bottom = float(rows[-1]["k"]), _floor(rows)
    top = max(float(row["pupils_served"]) for row in rows)
    dots = tuple((_x(float(row["k"]), most), _y(float(row["pupils_served"]), bottom, top)) for row in rows)
    return MarginalCurve(
        line=" ".join(f"{x:.1f},{y:.1f}" for x, y in dots),
        dots=dots,
        across=tuple((_x(k, most), people(k, language)) for k in ticks(most, 5)),
        up=tuple((_y(value, bottom, top), people(value, language)) for value in _levels(bottom, top)),
        rows=tuple(_row(row, language, unit) for row in rows),
    )


def _floor(rows: Sequence[Row]) -> float:
    """Where the upright axis begins: a round number below all points, so that small gains can be seen."""
    served = [float(row["pupils_served"]) for row in rows]
    step = ticks(max(max(served) - min(served), 1.0), 3)[1]
    return step * int(min(served) / step)


def _levels(bottom: float, top: float) -> list[float]:
    return [bottom + step for step in ticks(max(top - bottom, 1.0), 3)]


def _x(k: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * k / max(most, 1.0)


def _y(value: float, bottom: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / max(top - bottom, 1.0)


def _row(row: Row, language: str, unit: object) -> MarginalRow:
    def sum_of(value: object) -> str:
        return NONE if known(value) is None else money(value, language) + currency(unit, language)

    gap = known(row.get("gap"))
    proven = speaker(language)("proven")
    return MarginalRow(
        k=number(row["k"], language),
        served=number(row["pupils_served"], language),
        extra=number(row.get("extra_pupils"), language),
        cost=sum_of(row.get("cost")),
        each=sum_of(row.get("cost_per_extra_pupil")),
        gap=proven if gap is not None and gap < 1e-6 else percent(gap, language),
    )
