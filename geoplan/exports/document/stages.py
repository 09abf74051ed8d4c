"""The stages of a run in school order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.run import Run
from layers.bundle import STAGES


def stages(run: Run) -> dict[str, Mapping[str, Any]]:
    """Summaries of the run's stages in school order."""
    held = run.summary.get("stages") or {}
    return {stage: held[stage] for stage in STAGES if stage in held}
