"""Rows that carry the same tags are one kind and are judged once: a county has far fewer kinds than streets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

I32 = NDArray[np.int32]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Kinds:
    """The kinds of the rows of a table.

    Parameters
    ----------
    code
        int32 per row, its kind.
    row
        int64 per kind, the first row of it; ascending.
    tags
        Per kind, its tags and flags; absent ones are left out.
    """

    code: I32
    row: NDArray[np.int64]
    tags: tuple[Mapping[str, Any], ...]

    def each(self, judge: Callable[[Mapping[str, Any]], Found]) -> list[Found]:
        """The judgement of every kind."""
        return [judge(tags) for tags in self.tags]


def kinds(frame: pd.DataFrame, columns: Sequence[str], **flags: NDArray[Any]) -> Kinds:
    """Group rows by the values of ``columns`` (those the frame has; None and NaN alike absent) and of ``flags``."""
    key: NDArray[np.int64] = np.zeros(len(frame), dtype=np.int64)
    size: int = 1
    given = [name for name in columns if name in frame.columns]
    for values in [*(frame[name].to_numpy() for name in given), *flags.values()]:
        codes, found = pd.factorize(values, use_na_sentinel=True)
        if len(found) == 0:
            continue
        key, size = key * (len(found) + 1) + codes + 1, int(size * (len(found) + 1))
        if size > 1 << 30:
            key, size = _dense(key)
    code, count = _dense(key)
    first = np.full(count, len(frame), dtype=np.int64)
    np.minimum.at(first, code, np.arange(len(frame)))
    return Kinds(code.astype(np.int32), first, tuple(_tags(frame, given, flags, first)))


def _dense(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Keys numbered in the order of their first rows, and how many there are."""
    code, seen = pd.factorize(key)
    return code.astype(np.int64), len(seen)


def _tags(
    frame: pd.DataFrame, columns: Sequence[str], flags: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{} for _ in rows]
    for name in columns:
        values = frame[name].to_numpy()[rows]
        for k in np.flatnonzero(pd.notna(values)):
            found[k][name] = str(values[k])
    for name, flag in flags.items():
        for one, value in zip(found, flag[rows].tolist(), strict=True):
            one[name] = value
    return found
