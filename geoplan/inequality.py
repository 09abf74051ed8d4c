"""How unevenly something is spread over people: Gini, Theil with its parts, and the ratio of the ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Theil:
    """The index and its two parts: ``total == between + within``."""

    total: float
    between: float
    within: float


def gini(value: F64, people: F64) -> float:
    """Weighted Gini index, 0 (all alike) to 1; NaN where nobody or nothing is there.

    Parameters
    ----------
    value
        What each of the people in a row has, >= 0, such as places per pupil; rows with NaN are left out.
    people
        How many they are, >= 0.
    """
    x, w, _ = _counted(value, people)
    if not len(x) or (w * x).sum() <= 0:
        return float("nan")
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    share = np.cumsum(w * x) / (w * x).sum()
    before = np.concatenate([[0.0], share[:-1]])
    return float(max(1.0 - (w / w.sum() * (share + before)).sum(), 0.0))


def theil(value: F64, people: F64, group: NDArray[np.generic]) -> Theil:
    """Weighted Theil T index (Theil 1967), split between and within groups; rows with value 0 count as 0 x log 0 = 0.

    NaN where nobody or nothing is there. Rows with NaN are left out.
    """
    x, w, kept = _counted(value, people)
    code = np.unique(np.asarray(group)[kept], return_inverse=True)[1]
    if not len(x) or (w * x).sum() <= 0:
        return Theil(float("nan"), float("nan"), float("nan"))
    mean = (w * x).sum() / w.sum()
    held = np.bincount(code, w * x)
    many = np.bincount(code, w).astype(np.float64)
    group_mean = np.divide(held, many, out=np.zeros(len(held)), where=many > 0)
    between = _entropy(group_mean, many, mean)
    own = np.where(group_mean > 0, group_mean, 1.0)[code]
    within = float((w * x * _log(x / own)).sum() / (w * x).sum())
    return Theil(between + within, between, within)


def end_ratio(value: F64, people: F64, *, low: float = 0.1, high: float = 0.9) -> float:
    """p90:p10: what the person nine tenths up has over what the one a tenth up has; inf where the latter has 0."""
    bottom, top = quantile(value, people, low), quantile(value, people, high)
    if bottom > 0 or not np.isfinite(bottom):
        return top / bottom
    return float("inf") if top > 0 else float("nan")


def quantile(value: F64, people: F64, q: float) -> float:
    """Smallest value that a share q of the people does not exceed; NaN where nobody is counted."""
    x, w, _ = _counted(value, people)
    if not len(x):
        return float("nan")
    order = np.argsort(x, kind="stable")
    total = np.cumsum(w[order])
    at = np.searchsorted(total, q * total[-1] * (1 - 1e-12), side="left")
    return float(x[order][min(at, len(x) - 1)])


def _entropy(value: F64, people: F64, mean: float) -> float:
    return float((people * value * _log(value / mean)).sum() / (people.sum() * mean))


def _log(ratio: F64) -> F64:
    """log, with log 0 = 0 because it is always multiplied by 0."""
    return np.log(np.where(ratio > 0, ratio, 1.0))


def _counted(value: F64, people: F64) -> tuple[F64, F64, NDArray[np.bool_]]:
    x, w = np.asarray(value, np.float64), np.asarray(people, np.float64)
    kept = (w > 0) & ~np.isnan(x)
    return x[kept], w[kept], kept
