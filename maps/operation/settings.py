"""Settings of operation: how it logs, how many answer at a time, how long an end may take."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from geoplan.errors import PlanError
from maps.settings import Read, all_at_once, one_of, read, whole

DEFAULTS: Mapping[str, Any] = {  # each is the setting GEOPLAN_<name>
    "LOG": "text",  # or json: one object a line
    "LOG_LEVEL": "info",
    "THREADS": "8",  # answers given at a time by `serve`
    "GRACE_SECONDS": "15",  # for answers under way when the service is told to end
    "FREE_MB": "500",  # less room on the disk than this, and the service says it is not ready
}
READERS: dict[str, Read] = {
    "LOG": one_of("text", "json"),
    "LOG_LEVEL": one_of("debug", "info", "warning", "error"),
    "THREADS": whole(),
    "GRACE_SECONDS": whole(0),
    "FREE_MB": whole(0),
}


def setting(name: str) -> Any:
    """One setting, outside of an application; PlanError where it cannot be used."""
    return read(name, os.environ.get(f"GEOPLAN_{name}", DEFAULTS[name]), READERS[name])


def chosen(name: str) -> Any:
    """One setting, its default where it cannot be used: for what must go on until the fault is told."""
    try:
        return setting(name)
    except PlanError:
        return READERS[name](DEFAULTS[name])


def check() -> None:
    """PlanError names every setting of operation that cannot be used."""
    all_at_once(*(partial(setting, name) for name in READERS))
