"""The four accounts of a stage: exclusive, complete, and exact because they are kept in whole millionths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geoplan.coverage.demand import Units
from geoplan.coverage.enrol import Enrolled
from geoplan.coverage.stage import ACCOUNTS, I64
from geoplan.enrolment import MILLION


def account_units(units: Units, enrolled: Enrolled) -> Mapping[str, I64]:
    """Millionths per unit and account: who has no place is off network, in reach of a school, or out of reach."""
    left = units.amount - enrolled.served
    off = np.where(units.off, left, 0)
    no_place = np.where(~units.off & enrolled.in_reach, left, 0)
    return dict(zip(ACCOUNTS, (enrolled.served, no_place, left - off - no_place, off), strict=True))


def sum_by(code: I64, amount: I64, size: int) -> I64:
    """Whole sums per code; entries with a negative code are left out."""
    total = np.zeros(size, np.int64)
    kept = code >= 0
    np.add.at(total, code[kept], amount[kept])
    return total


def totals(accounts: Mapping[str, I64]) -> dict[str, float]:
    """Pupils by account."""
    return {name: float(amount.sum() / MILLION) for name, amount in accounts.items()}
