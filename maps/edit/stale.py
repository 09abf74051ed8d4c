"""Whether the newest results of a plan were computed with other settings than plan.toml has now."""

from __future__ import annotations

import hashlib

from maps.edit.kept import FILE
from maps.workspace import PlanEntry, open_run


def run_of_other_settings(plan: PlanEntry) -> bool:
    """True where plan.toml has changed since the newest run; False where it has not, or there is no run."""
    if not plan.runs:
        return False
    sources = open_run(plan.runs[0].path).manifest.get("sources") or ()
    computed = {one.get("sha256") for one in sources if one.get("role") == "plan"}
    try:
        now = hashlib.sha256((plan.folder / FILE).read_bytes()).hexdigest()
    except OSError:
        return False
    return bool(computed) and now not in computed
