"""What each alternative does: its steps in words with what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoplan.reasons.figures import money
from geoplan.reasons.siting import currency
from geoplan.reasons.steps import step_sentence
from geoplan.scenario.prices import step_price
from geoplan.settings import run_standards
from layers.errors import InputError
from layers.planfile import read_plan
from layers.zones import read_costs
from maps.compare.alternatives import Alternative
from maps.language import name_in, speaker
from maps.workspace import PlanEntry


@dataclass(frozen=True)
class Action:
    """A step in words, what it costs, and whether the what-if leaves it out."""

    text: str
    cost: str
    uncounted: bool


@dataclass(frozen=True)
class Actions:
    """The steps of an alternative; the cost of all of them, None where that of one is not known."""

    rows: tuple[Action, ...]
    cost: float | None
    assumed: bool


def plan_costs(plan: PlanEntry) -> pd.DataFrame | None:
    """The county's unit costs; None where there are none, or they cannot be read."""
    try:
        table, faults = read_costs(read_plan(plan.folder))
    except InputError:
        return None
    return None if any(fault.severity == "error" for fault in faults) else table


def actions(found: Alternative, base: Alternative, costs: pd.DataFrame | None, language: str) -> Actions:
    """The steps of an alternative; ``base`` is the run that names and sizes of schools are taken from."""
    names = _names(base, language) | _names(found, language)
    standards = run_standards(base.run)
    say, rows, prices = speaker(language), [], []
    for step in found.scenario.steps:
        price = step_price(step, base.run, standards, costs)
        text = say("not known") if price.amount is None else yuan(price.amount, language, assumed=price.assumed)
        if price.amount and price.assumed:
            text = say("%(cost)s (assumed)", cost=text)
        rows.append(Action(step_sentence(step, names, language), text, step in found.uncounted))
        prices.append(price)
    amounts = [price.amount for price in prices]
    total = None if None in amounts else float(sum(amount or 0.0 for amount in amounts))
    return Actions(tuple(rows), total, any(price.assumed for price in prices))


def yuan(amount: float, language: str, *, assumed: bool) -> str:
    """Money with its unit: ours are in yuan, the county's own table has its own."""
    return money(amount, language) + (currency("CNY", language) if assumed and amount else "")


def _names(found: Alternative, language: str) -> dict[str, str]:
    table = found.run.tables["schools"]
    kept = table[[name for name in ("id", "name", "name_en") if name in table]].to_dict("records")
    return {str(row["id"]): name_in(row, "id", language) for row in kept}
