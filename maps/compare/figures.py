"""The table of figures: every alternative beside the others, the best value marked, what is not known said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geoplan.compare.labels import in_whole_pupils, row_label, written
from geoplan.reasons import known
from maps.compare.actions import Actions, yuan
from maps.language import speaker

SHOWN = {
    "accounts": ("served", "in_reach_no_place", "out_of_reach", "off_network"),
    "figures": ("radius_share", "walk_share", "schools", "places"),
    "walk_m": ("mean", "p95"),
    "loads": ("over", "most"),
    "safety": ("safe", "undetermined", "unsafe"),
    "years": ("need",),
}
MORE_IS_BETTER = {("accounts", "served"), ("figures", "radius_share"), ("figures", "walk_share"), ("safety", "safe")}
LESS_IS_BETTER = {
    *(("accounts", key) for key in ("in_reach_no_place", "out_of_reach")),
    *(("walk_m", key) for key in ("mean", "p95")),
    *(("loads", key) for key in ("over", "most")),
    ("safety", "unsafe"),
    ("years", "need"),
}
AREA = "area_id"


@dataclass(frozen=True)
class Figure:
    """One value: as text, its change to the first, whether it is the best, or why there is none (``lacking``)."""

    text: str
    change: str = ""
    best: bool = False
    lacking: bool = False


@dataclass(frozen=True)
class FigureRow:
    """A row of the table."""

    name: str
    values: tuple[Figure, ...]


def figure_rows(
    found: Mapping[str, Any], stage: str, actions: Sequence[Actions], language: str
) -> tuple[FigureRow, ...]:
    """Figures of a stage, then cost and number of actions; alternatives in their order."""
    whatif = [head["whatif"] for head in found["runs"]]
    rows = [_row(row, whatif, language) for row in shown_rows(found, stage)]
    return (*rows, _costs(actions, language), _counts(actions, language))


def shown_rows(found: Mapping[str, Any], stage: str) -> list[dict[str, Any]]:
    """The rows of a comparison that the table shows, in its order; accounts in whole pupils that add up."""
    rows = [row for row in found["rows"] if row["stage"] == stage and not row.get(AREA)]
    whole = in_whole_pupils(rows)
    order = {section: number for number, section in enumerate(SHOWN)}
    kept = [row for row in whole if _key(row) in SHOWN.get(row["section"], ())]
    return sorted(kept, key=lambda row: order[row["section"]])


def _key(row: Mapping[str, Any]) -> str:
    return str(row["key"]).rpartition(":")[2] if row["section"] == "years" else str(row["key"])


def _row(row: Mapping[str, Any], whatif: Sequence[bool], language: str) -> FigureRow:
    name = row_label(row, language).split(" · ", 1)[1]
    best = best_of(row)
    texts = [written(value, row["unit"], language) for value in row["values"]]
    if len({text for text, value in zip(texts, row["values"], strict=True) if value is not None}) < 2:
        best = set()
    figures = []
    for at, (value, change) in enumerate(zip(row["values"], row["changes"], strict=True)):
        if known(value) is None:
            figures.append(_lacking(row, at, whatif, language))
        else:
            figures.append(Figure(texts[at], _change(change, row["unit"], language) if at else "", at in best))
    return FigureRow(name, tuple(figures))


def best_of(row: Mapping[str, Any]) -> set[int]:
    """Positions of the best value; none where no value is better than another."""
    kind = (str(row["section"]), _key(row))
    if kind not in MORE_IS_BETTER and kind not in LESS_IS_BETTER:
        return set()
    values = {at: value for at, value in enumerate(row["values"]) if known(value) is not None}
    if len(values) < 2:
        return set()
    best = (max if kind in MORE_IS_BETTER else min)(values.values())
    return {at for at, value in values.items() if abs(value - best) < 1e-9}


def _lacking(row: Mapping[str, Any], at: int, whatif: Sequence[bool], language: str) -> Figure:
    """Not known, or not counted by a what-if where a full run knows it."""
    say = speaker(language)
    elsewhere = any(known(value) is not None for value in row["values"])
    if (whatif[at] and elsewhere) or row["section"] == "safety":
        return Figure(say("not computed"), lacking=True)
    return Figure(say("not known"), lacking=True)


def _change(change: float | None, unit: str, language: str) -> str:
    if change is None or abs(change) < 1e-6:
        return ""
    if unit == "share":
        points = round(100 * change, 1)
        say = speaker(language)
        return say("%(points)s points", points=_signed(f"{abs(points):g}", points))
    return _signed(written(abs(change), unit, language), round(change, 3))


def _signed(text: str, amount: float) -> str:
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{text}"


def _costs(actions: Sequence[Actions], language: str) -> FigureRow:
    say = speaker(language)
    figures = []
    for one in actions:
        if one.cost is None:
            figures.append(Figure(say("not known"), lacking=True))
        else:
            text = yuan(one.cost, language, assumed=one.assumed)
            figures.append(Figure(say("%(cost)s (assumed)", cost=text) if one.assumed else text))
    return FigureRow(say("cost of building"), tuple(figures))


def _counts(actions: Sequence[Actions], language: str) -> FigureRow:
    say = speaker(language)
    return FigureRow(say("number of actions"), tuple(Figure(str(len(one.rows))) for one in actions))
