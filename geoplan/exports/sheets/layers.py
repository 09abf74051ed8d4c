"""What a sheet shows on the ground: which colour each cell has, and the legend in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.exports.document.words import phrase, title
from geoplan.reasons import places_known, term
from geoplan.run import Run
from geoplan.style import Classes, classes, style

DENSITIES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)  # pupils per hectare where one class ends and the next begins
M2_PER_HA = 10_000.0
LEAST = 0.05  # pupils per hectare: fewer are none


@dataclass(frozen=True)
class Layer:
    """The cells of a sheet.

    Parameters
    ----------
    title
        Title of the sheet.
    legend_title
        What the colours say.
    number
        Number of the class by row of ``cells``, -1 where nothing is shown.
    colours, labels
        One a class.
    """

    title: str
    legend_title: str
    number: NDArray[np.int64]
    colours: tuple[str, ...]
    labels: tuple[str, ...]


def sheet_names(run: Run) -> list[str]:
    """The sheets a run can be printed as: walk and need by stage, then the proposals."""
    stages = [stage for stage in _stages(run) if f"pupils_{stage}" in run.tables["cells"].columns]
    made = [f"{kind}:{stage}" for stage in stages for kind in ("walk", "need")]
    proposals = run.tables.get("proposals")
    return [*made, "proposals"] if proposals is not None and len(proposals) else made


def _stages(run: Run) -> list[str]:
    order = ("kindergarten", "primary", "junior", "senior")
    return [stage for stage in order if stage in run.summary.get("stages", {})]


def layer(run: Run, sheet: str, language: str) -> Layer:
    """The cells of a sheet by its name."""
    kind, _, stage = sheet.partition(":")
    if kind == "walk":
        return _walk(run, stage, language)
    if kind == "need":
        return _need(run, stage, language)
    year, stages = _proposal_need(run)
    amount = sum((lacking(run, stage, year) for stage in stages), np.zeros(len(run.tables["cells"])))
    return _density(run, amount, phrase("map_proposals", language), language)


def _walk(run: Run, stage: str, language: str) -> Layer:
    cells = run.tables["cells"]
    limits = sorted({float(rule["limit_m"]) for rule in _rules(run, stage)}) if _has_limit(run, stage) else []
    look = classes("walk", limits[:2])
    walk = cells[f"walk_m_{stage}"].to_numpy(float)
    number = np.searchsorted(np.asarray(look.breaks[1:]), walk, side="left")
    lived_in = cells[f"pupils_{stage}"].to_numpy(float) > 0
    lost = len(look.colours)
    number = np.where(np.isfinite(walk), number, lost)
    return Layer(
        phrase("map_walk", language, stage=term(f"stage.{stage}", language)),
        look.title(language),
        np.where(lived_in, number, -1),
        (*look.colours, style()["tokens"]["outreach"]),
        (*look.labels(language), phrase("legend_nobody_assigned", language)),
    )


def _rules(run: Run, stage: str) -> Sequence[Any]:
    return run.summary["stages"][stage].get("rules") or ()


def _has_limit(run: Run, stage: str) -> bool:
    rules = _rules(run, stage)
    return bool(rules) and all(rule.get("metric") != "none" and rule.get("limit_m") for rule in rules)


def _need(run: Run, stage: str, language: str) -> Layer:
    year = need_year(run, stage)
    named = term(f"stage.{stage}", language)
    key = "map_need_now" if year is None else "map_need"
    text = phrase(key, language, stage=named, **({} if year is None else {"year": str(year)}))
    return _density(run, lacking(run, stage, year), text, language)


def need_year(run: Run, stage: str) -> int | None:
    """The year of the plan in which most pupils lack a place, the first of several; None for the base year."""
    columns = [str(name) for name in run.tables["cells"].columns if str(name).startswith(f"unserved_{stage}_")]
    years = sorted(int(name.rpartition("_")[2]) for name in columns if name.rpartition("_")[2].isdigit())
    cells = run.tables["cells"]
    return max(years, key=lambda year: (cells[f"unserved_{stage}_{year}"].sum(), -year)) if years else None


def lacking(run: Run, stage: str, year: int | None) -> NDArray[np.float64]:
    """Pupils per cell without a place in reach; without a school in reach where places are not known."""
    cells = run.tables["cells"]
    if year is not None and f"unserved_{stage}_{year}" in cells:
        return cells[f"unserved_{stage}_{year}"].fillna(0.0).to_numpy(float)
    reached = cells[f"served_{stage}"].fillna(0.0)
    if not places_known(run.summary["stages"][stage]):
        reached = reached + cells[f"no_place_{stage}"].fillna(0.0)
    return np.clip((cells[f"pupils_{stage}"] - reached).to_numpy(float), 0.0, None)


def _proposal_need(run: Run) -> tuple[int | None, list[str]]:
    """The stages that proposals are for; the base year, or the year of most need of the first of them."""
    proposals = run.tables["proposals"]
    named = {stage for text in proposals["stage"].astype(str) for stage in text.split(";")}
    stages = [stage for stage in _stages(run) if stage in named]
    return (need_year(run, stages[0]) if stages else None), stages


def _density(run: Run, amount: NDArray[np.float64], text: str, language: str) -> Layer:
    per_ha = amount / _hectares(run)
    most = float(per_ha.max(initial=0.0))
    look: Classes = classes("pupils", [limit for limit in DENSITIES if limit < most] or DENSITIES[:1])
    number = np.searchsorted(np.asarray(look.breaks[1:]), per_ha, side="left")
    shown = np.where(per_ha >= LEAST, number, -1)
    return Layer(text, phrase("legend_lacking", language), shown, look.colours, look.labels(language))


def _hectares(run: Run) -> NDArray[np.float64]:
    """Ground each cell is drawn on; one pixel at least."""
    index = run.cell_index
    inside = index.cell[index.cell >= 0]
    pixels = np.bincount(inside, minlength=len(run.tables["cells"]))
    size = abs(index.transform.a * index.transform.e)
    if index.crs.is_geographic:
        side = run.tables["cells"]["side_m"].to_numpy(float)
        return np.where(side > 0, side**2, 1.0) / M2_PER_HA
    return np.maximum(pixels, 1) * size / M2_PER_HA


def schools(run: Run, stage: str) -> pd.DataFrame | None:
    """Schools of a stage, of every stage where it is empty."""
    table = run.tables.get("schools")
    if table is None or not stage:
        return table
    held = table["stages"].map(lambda value: value.split(";") if isinstance(value, str) else list(value))
    return table[held.map(lambda names: stage in names).astype(bool)]


def sheet_title(run: Run, sheet: str, language: str) -> str:
    """Title of a sheet."""
    return layer(run, sheet, language).title if sheet else title("document", language)
