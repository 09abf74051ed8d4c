"""The common form as a mixed-integer program, solved by HiGHS through scipy.

Formulations with the strong inequalities x_ij <= y_j (Balinski 1965); covering problems without assignment variables
(Toregas et al. 1971, Church and ReVelle 1974).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, vstack

from geoplan.siting.location.core import Core
from geoplan.siting.location.instance import F64, I64, Mask

INFEASIBLE = 2  # status of scipy.optimize.milp
PROVEN = 0
LARGEST = 1_000.0
"""What the largest coefficient of the objective is scaled to: HiGHS works with absolute tolerances."""


@dataclass(frozen=True)
class Found:
    """What HiGHS found.

    Parameters
    ----------
    is_open
        Per site; None where no plan was found.
    share
        Share of its unit per pair; empty for covering problems.
    bound
        Proven lower bound, -inf where there is none, inf where there is no plan.
    proven
        Whether the plan was proven best.
    """

    is_open: Mask | None
    share: F64
    bound: float
    proven: bool


@dataclass(frozen=True)
class Program:
    """Columns are sites, then pairs (not in covering problems), then units that may be left out."""

    cost: F64
    matrix: csr_array
    low: F64
    high: F64
    lower: F64
    integer: Mask


def solve_mip(core: Core, time_limit_s: float) -> Found:
    """Solve by HiGHS: best plan, bound, and whether it is proven."""
    program = _program(core)
    if not len(program.cost):
        return (
            Found(None, np.empty(0), np.inf, True) if core.n_units else Found(core.existing, np.empty(0), 0.0, True)
        )
    scale = LARGEST / max(float(np.abs(program.cost).max(initial=0.0)), 1e-300)
    scale = 1.0 if core.integral and scale < LARGEST < scale * 1e5 else scale
    found = milp(
        program.cost * scale,
        integrality=program.integer.astype(int),
        bounds=Bounds(program.lower, np.ones(len(program.cost))),
        constraints=LinearConstraint(program.matrix, program.low, program.high),
        options={"time_limit": max(time_limit_s, 0.1), "mip_rel_gap": 0.0},
    )
    if found.status == INFEASIBLE:
        return Found(None, np.empty(0), np.inf, True)
    dual = found.fun if found.status == PROVEN else getattr(found, "mip_dual_bound", None)
    bound = -np.inf if dual is None or not np.isfinite(dual) else float(dual) / scale
    if found.x is None:
        return Found(None, np.empty(0), bound, False)
    is_open = found.x[: core.n_sites] > 0.5
    share = np.empty(0) if core.covering else found.x[core.n_sites : core.n_sites + len(core.site)]
    return Found(is_open | core.existing, share, bound, found.status == PROVEN)


def _program(core: Core) -> Program:
    sites, pairs = core.n_sites, 0 if core.covering else len(core.site)
    optional = np.flatnonzero(np.isfinite(core.outside))
    columns = sites + pairs + len(optional)
    serve = _serve(core, optional, columns)
    blocks = [(serve, np.ones(core.n_units), np.full(core.n_units, np.inf if core.covering else 1.0))]
    if pairs:
        blocks.append(_linked(core, columns))
    if core.capacity is not None:
        blocks.append(_filled(core, columns))
    if core.most is not None:
        blocks.append(_counted(core, columns))
    value = core.value if pairs else np.empty(0)
    integer = np.zeros(columns, bool)
    integer[:sites] = True
    integer[sites : sites + pairs] = core.whole
    lower = np.zeros(columns)
    lower[:sites] = core.existing
    return Program(
        np.concatenate([core.fixed, value, core.outside[optional]]),
        csr_array(vstack([block[0] for block in blocks])),
        np.concatenate([block[1] for block in blocks]),
        np.concatenate([block[2] for block in blocks]),
        lower,
        integer,
    )


def _serve(core: Core, optional: I64, columns: int) -> coo_array:
    """Every unit is served, or left out where it may be; in covering problems an open site in reach is enough."""
    column = core.site if core.covering else core.n_sites + np.arange(len(core.site))
    last = columns - len(optional) + np.arange(len(optional))
    return _block(np.concatenate([core.unit, optional]), np.concatenate([column, last]), (core.n_units, columns))


def _linked(core: Core, columns: int) -> tuple[coo_array, F64, F64]:
    """Only open sites take anybody."""
    pair = np.flatnonzero(~core.existing[core.site])
    row = np.arange(len(pair))
    rows, cols = np.concatenate([row, row]), np.concatenate([core.n_sites + pair, core.site[pair]])
    sign = np.concatenate([np.ones(len(pair)), -np.ones(len(pair))])
    block = _block(rows, cols, (len(pair), columns), sign)
    return block, np.full(len(pair), -np.inf), np.zeros(len(pair))


def _filled(core: Core, columns: int) -> tuple[coo_array, F64, F64]:
    """No site takes more than it holds; rows are scaled to capacity one."""
    assert core.capacity is not None
    holds = np.where(core.capacity > 0, core.capacity, 1.0)
    used = core.size[core.unit] / holds[core.site]
    site = np.arange(core.n_sites)
    rows = np.concatenate([core.site, site])
    cols = np.concatenate([core.n_sites + np.arange(len(core.site)), site])
    values = np.concatenate([used, -(core.capacity > 0).astype(np.float64)])
    block = _block(rows, cols, (core.n_sites, columns), values)
    return block, np.full(core.n_sites, -np.inf), np.zeros(core.n_sites)


def _counted(core: Core, columns: int) -> tuple[coo_array, F64, F64]:
    """No more new sites than allowed."""
    new = np.flatnonzero(~core.existing)
    block = _block(np.zeros(len(new), np.int64), new, (1, columns))
    return block, np.array([-np.inf]), np.array([float(core.may_open)])


def _block(rows: I64, columns: I64, shape: tuple[int, int], values: F64 | None = None) -> coo_array:
    filled = np.ones(len(rows)) if values is None else values
    return coo_array((filled, (rows, columns)), shape=shape)
