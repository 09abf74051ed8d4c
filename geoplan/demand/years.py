"""Single years of age from age groups, by Sprague's multipliers; group totals are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Groups = Sequence[tuple[int, int]]  # first and last age of each group, inclusive

# Sprague's fifth-difference osculatory multipliers (Shryock and Siegel, The Methods and Materials of Demography,
# 1976, appendix C): rows are the five single years of a panel, columns the groups used. The first two panels use
# the four groups from the start, inner panels two groups on either side, the last two panels mirror the first two.
_FIRST = np.array(
    [
        [0.3616, -0.2768, 0.1488, -0.0336],
        [0.2640, -0.0960, 0.0400, -0.0080],
        [0.1840, 0.0400, -0.0320, 0.0080],
        [0.1200, 0.1360, -0.0720, 0.0160],
        [0.0704, 0.1968, -0.0848, 0.0176],
    ]
)
_SECOND = np.array(
    [
        [0.0336, 0.2272, -0.0752, 0.0144],
        [0.0080, 0.2320, -0.0480, 0.0080],
        [-0.0080, 0.2160, -0.0080, 0.0000],
        [-0.0160, 0.1840, 0.0400, -0.0080],
        [-0.0176, 0.1408, 0.0912, -0.0144],
    ]
)
_INNER = np.array(
    [
        [-0.0128, 0.0848, 0.1504, -0.0240, 0.0016],
        [-0.0016, 0.0144, 0.2224, -0.0416, 0.0064],
        [0.0064, -0.0336, 0.2544, -0.0336, 0.0064],
        [0.0064, -0.0416, 0.2224, 0.0144, -0.0016],
        [0.0016, -0.0240, 0.1504, 0.0848, -0.0128],
    ]
)
_WIDTH = 5
_FEWEST = 4  # panels the end formulas need


def sprague(panels: int) -> NDArray[np.float64]:
    """Matrix of shape (5 * panels, panels) that turns five-year groups into single years.

    Raises
    ------
    ValueError
        Fewer than four panels.
    """
    if panels < _FEWEST:
        raise ValueError(f"Sprague's multipliers need {_FEWEST} groups, not {panels}")
    matrix = np.zeros((_WIDTH * panels, panels))
    for panel in range(panels):
        rows = slice(_WIDTH * panel, _WIDTH * (panel + 1))
        block, first = _block(panel, panels)
        matrix[rows, first : first + block.shape[1]] = block
    return matrix


def _block(panel: int, panels: int) -> tuple[NDArray[np.float64], int]:
    """Multipliers of one panel and the first group they apply to."""
    ends = (_FIRST, _SECOND)
    if panel < len(ends):
        return ends[panel], 0
    if panels - 1 - panel < len(ends):
        return ends[panels - 1 - panel][::-1, ::-1], panels - _FEWEST
    return _INNER, panel - 2


def single_years(counts: NDArray[np.float64], groups: Groups, last_age: int) -> NDArray[np.float64]:
    """Residents per single year of age.

    Parameters
    ----------
    counts
        Shape (rows, groups): residents of each age group, not negative.
    groups
        Disjoint, ascending; single years are groups of width one.
    last_age
        Oldest age wanted.

    Returns
    -------
    Shape (rows, last_age + 1). Ages in no group are NaN. Inside a group the years follow Sprague where four or more
    whole five-year panels stand side by side, else they are even; negative years are set to 0 and the others scaled,
    so that every group keeps its total.
    """
    width = max(last_age, groups[-1][1]) + 1
    years = np.full((counts.shape[0], width), np.nan)
    smooth = _smooth(counts, groups, width)
    for column, (first, last) in enumerate(groups):
        years[:, first : last + 1] = _kept(smooth[:, first : last + 1], counts[:, column])
    return years[:, : last_age + 1]


def _smooth(counts: NDArray[np.float64], groups: Groups, width: int) -> NDArray[np.float64]:
    """Even spread inside the groups, replaced by Sprague along every run of whole panels."""
    years = np.zeros((counts.shape[0], width + _WIDTH))
    for column, (first, last) in enumerate(groups):
        years[:, first : last + 1] = (counts[:, column] / (last - first + 1))[:, None]
    for start, stop in _runs(whole_panels(groups)):
        ages = slice(_WIDTH * start, _WIDTH * stop)
        panels = years[:, ages].reshape(counts.shape[0], stop - start, _WIDTH).sum(axis=2)
        years[:, ages] = panels @ sprague(stop - start).T
    return years


def whole_panels(groups: Groups) -> list[int]:
    """Five-year panels (0 is ages 0-4) that the groups fill without crossing their borders."""
    filled: dict[int, int] = {}
    for first, last in groups:
        panel = first // _WIDTH
        if last // _WIDTH == panel:
            filled[panel] = filled.get(panel, 0) + last - first + 1
    return sorted(panel for panel, years in filled.items() if years == _WIDTH)


def smoothed(groups: Groups, last_age: int) -> bool:
    """Whether Sprague's multipliers reach every age up to ``last_age`` that comes from a group wider than a year."""
    reached = {age for start, stop in _runs(whole_panels(groups)) for age in range(_WIDTH * start, _WIDTH * stop)}
    wide = {age for first, last in groups if last > first for age in range(first, min(last, last_age) + 1)}
    return wide <= reached


def _runs(panels: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of adjacent panels long enough for Sprague, as (start, stop)."""
    runs: list[tuple[int, int]] = []
    for panel in panels:
        if runs and runs[-1][1] == panel:
            runs[-1] = (runs[-1][0], panel + 1)
        else:
            runs.append((panel, panel + 1))
    return [(start, stop) for start, stop in runs if stop - start >= _FEWEST]


def _kept(years: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years of one group without negatives, scaled to the group's total; even where nothing is positive."""
    positive = np.clip(years, 0.0, None)
    sums = positive.sum(axis=1)
    even = np.full_like(positive, 1.0 / positive.shape[1])
    shares = np.divide(positive, sums[:, None], out=even, where=sums[:, None] > 0)
    return shares * total[:, None]
