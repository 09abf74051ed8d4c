"""The name of a run: a hash of everything that could change its figures, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from layers.bundle import Source

ID_LENGTH = 12


def run_identity(
    sources: Iterable[Source], standards_edition: Any, scenario: Any, version: str, settings: Mapping[str, Any]
) -> str:
    """Twelve hexadecimal digits: the same inputs, standards, scenario, settings and code give the same run id.

    Parameters
    ----------
    sources
        Input files; only what they serve for and their checksum count, not their names, dates or order.
    standards_edition
        Edition of the standards as plain data: a text, or a mapping with the profile, the date and the overrides.
    scenario
        The what-if as plain data or a dataclass; None for the plan as it is.
    version
        Version of the code.
    settings
        The rest of the plan as plain data: stages, limits, models, seeds, titles.
    """
    parts = {
        "sources": sorted(f"{source.role} {source.sha256}" for source in sources),
        "standards": standards_edition,
        "scenario": scenario,
        "version": version,
        "settings": settings,
    }
    text = json.dumps(plain(parts), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:ID_LENGTH]


def plain(value: Any) -> Any:
    """Any figure or nest of figures as JSON data: NaN becomes null, floats keep twelve significant digits.

    Twelve digits are far below what a planner can read and far above the noise of adding in another order.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.generic):
        return _scalar(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return _figure(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    return None if str(value) in {"<NA>", "NaT"} else str(value)


def _figure(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.12g}") + 0.0
