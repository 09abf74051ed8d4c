"""What each further new school brings: the best choice for every number of them."""

from __future__ import annotations

from dataclasses import replace

from geoplan.siting.design.columns import places_with
from geoplan.siting.design.construct import Setting, constructed, trimmed
from geoplan.siting.design.flows import served
from geoplan.siting.design.groups import MILLION
from geoplan.siting.design.outcome import MarginalRow
from geoplan.siting.design.program import at_most_new
from geoplan.siting.design.search import (
    LESS,
    Choice,
    Proof,
    gap_of,
    least_cost,
    most_served,
    sites_of,
)


def best_served(setting: Setting, start: Choice | None = None) -> Proof:
    """Goal one for a number of new schools; never below the construction where the program does not finish."""
    rows = [at_most_new(setting.search.program, setting.max_new)]
    proof = most_served(setting.search, rows, start)
    watch = setting.search.program.clock
    if proof.proven or (proof.choice is None and not watch.stopped):
        return proof
    if proof.choice is not None and gap_of(proof.choice.value, proof.bound) <= watch.enough:
        return proof
    own = constructed(setting)
    if own is not None and (proof.choice is None or own.value > proof.choice.value):
        proof = replace(proof, choice=own, bound=max(proof.bound, own.value))
    return proof


def best_cost(setting: Setting, start: Choice) -> Proof:
    """Goal two, from the choice of goal one."""
    rows = [at_most_new(setting.search.program, setting.max_new)]
    return least_cost(setting.search, rows, trimmed(setting, start))


def marginal_choices(setting: Setting, last: Choice, last_bound: float) -> list[tuple[int, Choice, float]]:
    """Number of new schools, choice, bound on its pupils served; up to the number the last choice builds.

    Every choice starts from the one before, so that a further school never serves fewer.
    """
    found: list[tuple[int, Choice, float]] = []
    most = len(sites_of(setting.search.columns, last.classes))
    setting = _quicker(setting)
    before: Choice | None = None
    for k in range(len(setting.usable.forced), most):
        limited = replace(setting, max_new=k)
        proof = best_served(limited, before)
        if proof.choice is None:
            continue
        choice = best_cost(limited, proof.choice).choice or proof.choice
        before = choice
        found.append((k, choice, min(max(proof.bound, choice.value), max(last_bound, choice.value))))
    return [*found, (most, last, last_bound)]


def worthwhile_choices(setting: Setting, worth: float) -> tuple[list[tuple[int, Choice, float]], int]:
    """One new school after another until a further one costs more than ``worth`` for each pupil it adds.

    Returns
    -------
    Rows as in `marginal_choices`, that further school the last of them, and the position of the row to take. Where
    time ran out the further school is left out: nobody knows then what it would cost at least.
    """
    found: list[tuple[int, Choice, float]] = []
    most = len(setting.search.columns.build) if setting.max_new is None else setting.max_new
    for k in range(len(setting.usable.forced), most + 1):
        limited = replace(setting, max_new=k)
        before = found[-1][1] if found else None
        proof = best_served(limited, before)
        if proof.choice is None:
            continue
        choice = best_cost(limited, proof.choice).choice or proof.choice
        if before is not None and choice.value <= before.value + LESS:
            break
        found.append((k, choice, max(proof.bound, choice.value)))
        if before is not None and choice.cost - before.cost > worth * (choice.value - before.value):
            in_time = "time" not in setting.search.program.clock.stopped
            return (found, len(found) - 2) if in_time else (found[:-1], len(found) - 2)
    return found, len(found) - 1


def _quicker(setting: Setting) -> Setting:
    """With fewer nodes for each program."""
    prog = setting.search.program
    watch = replace(prog.clock, nodes=min(prog.clock.nodes, setting.task.effort.row_nodes))
    return replace(setting, search=replace(setting.search, program=replace(prog, clock=watch)))


def marginal_table(setting: Setting, choices: list[tuple[int, Choice, float]]) -> tuple[MarginalRow, ...]:
    """Rows of the table."""
    rows: list[MarginalRow] = []
    ids = setting.task.place_id
    for k, choice, bound in choices:
        extra = choice.value - rows[-1].served if rows else None
        dearer = choice.cost - rows[-1].cost if rows else 0.0
        rows.append(
            MarginalRow(
                k=k,
                served=choice.value,
                cost=choice.cost,
                extra=extra,
                cost_per_extra=dearer / extra if extra is not None and extra > LESS else None,
                gap=gap_of(choice.value, bound),
                new=tuple(ids[place] for place in sites_of(setting.search.columns, choice.classes)),
                served_by_year=served(setting.search.world, places_with(setting.search.columns, choice.classes))
                / MILLION,
            )
        )
    return tuple(rows)
