"""From residents by single year of age to pupils: the day of entry, grade bands, participation, the norm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Band, Norm, StageDef, Standards, entered_share, participation, speaking_of

F64 = NDArray[np.float64]


def ages_of(band: Band | StageDef) -> slice:
    """Its ages as columns of an array of single years."""
    first, last = band.ages
    return slice(first, last + 1)


def last_age(stages: tuple[StageDef, ...] | list[StageDef]) -> int:
    """Oldest single year that must be known: one more than the oldest of a stage, for ages of the year's end."""
    return max((stage.ages[1] for stage in stages), default=0) + 1


def at_entry(residents: F64, standards: Standards) -> F64:
    """Ages on the day of entry, shape (rows, ages - 1): as they are, or birth years split by the entry date."""
    if standards.norms["plan.entry.ages_at"].value == "entry":
        return residents[:, :-1]
    share = entered_share(standards)
    return share * residents[:, :-1] + (1 - share) * residents[:, 1:]


def band_pupils(residents: F64, stage: StageDef, standards: Standards) -> dict[str, F64]:
    """Pupils per row and band, of residents by age of entry."""
    share = participation(standards, stage.id)
    return {band.id: residents[:, ages_of(band)].sum(axis=1) * share for band in stage.bands}


def units_table(stage: str, by_band: dict[str, F64]) -> pd.DataFrame:
    """``cell, stage, band, pupils``: band by band, rows in their own order."""
    count = len(next(iter(by_band.values())))
    return pd.DataFrame(
        {
            "cell": np.tile(np.arange(count, dtype=np.int32), len(by_band)),
            "stage": stage,
            "band": np.repeat(list(by_band), count),
            "pupils": np.concatenate(list(by_band.values())),
        }
    )


def places_norm(standards: Standards, stage: str) -> Norm | None:
    """The norm of places per 1000 residents; a nearer profile's goes first, None where no profile has any."""
    found = [
        norm
        for norm in speaking_of(standards, "places_per_1000_residents", stage)
        if not isinstance(norm.value, bool | str | tuple)
    ]
    return found[0] if found else None


def persons_norm(standards: Standards) -> Norm:
    """Persons a dwelling: the nearest profile's, else the planning assumption."""
    return speaking_of(standards, "persons_per_dwelling", "all")[0]


def norm_places(residents: F64 | float, norm: Norm) -> F64 | float:
    """Places that residents ask for by a norm per 1000: 1000 residents at 80 are 80 places."""
    return residents * float(str(norm.value)) / 1000.0


def band_shares(stage: StageDef) -> dict[str, float]:
    """Share of the stage's single years in each band: how a number of a whole stage is divided."""
    years = {band.id: band.ages[1] - band.ages[0] + 1 for band in stage.bands}
    return {band: count / sum(years.values()) for band, count in years.items()}
