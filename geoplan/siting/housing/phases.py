"""Which rows of the housing table are phases of one project."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def project_of(housing: pd.DataFrame) -> NDArray[np.object_]:
    """The project each row belongs to, named by the smallest ``id`` of its rows.

    Rows of one developer are phases of one project where they carry the same name, or where they state a ``phase``
    and the developer has no phase stated twice under different names (else it has several projects, and only equal
    names are joined). Rows without a developer stand alone.

    Parameters
    ----------
    housing
        ``id`` and, where known, ``developer, name, phase``.
    """
    ids, developer, name, phase = (_texts(housing, column) for column in ("id", "developer", "name", "phase"))
    label = [(one or f"\0{own}", called or f"\0{own}") for own, one, called in zip(ids, developer, name, strict=True)]
    for whose in _in_sequence(developer, label, phase):
        phased = {own for own, one, stated in zip(label, developer, phase, strict=True) if one == whose and stated}
        label = [(whose, "\0phases") if own in phased else own for own in label]
    first = pd.Series(ids).groupby(pd.Series(label)).transform("min")
    return first.to_numpy(dtype=object)


def _in_sequence(developer: list[str], label: list[tuple[str, str]], phase: list[str]) -> list[str]:
    """Developers none of whose phases is stated under two names."""
    rows = pd.DataFrame({"developer": developer, "label": label, "phase": phase})
    rows = rows[(rows["developer"] != "") & (rows["phase"] != "")].drop_duplicates()
    twice = rows.loc[rows.duplicated(["developer", "phase"]), "developer"]
    return sorted(set(rows["developer"]) - set(twice))


def _texts(housing: pd.DataFrame, column: str) -> list[str]:
    if column not in housing:
        return [""] * len(housing)
    return ["" if pd.isna(value) else str(value).strip() for value in housing[column]]
