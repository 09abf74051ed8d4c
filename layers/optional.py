"""The tables a plan may name besides region, people, streets and schools; and whether they fit each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

import pandas as pd
from pyproj import CRS

from layers.errors import Fault
from layers.housing import read_housing
from layers.people import read_ages, read_births, read_migration, read_registered, read_survival
from layers.planfile import PlanFile
from layers.sites import read_exclusions, read_sites, read_venues
from layers.tables import Bounds
from layers.zones import read_audit, read_blocks, read_costs, read_stops, read_zones

Reader = Callable[[PlanFile, CRS, Bounds | None], tuple[pd.DataFrame | None, list[Fault]]]

READERS: Mapping[str, Reader] = {
    "ages": read_ages,
    "births": read_births,
    "registered": read_registered,
    "survival": read_survival,
    "migration": read_migration,
    "housing": read_housing,
    "sites": read_sites,
    "exclusions": read_exclusions,
    "zones": read_zones,
    "blocks": read_blocks,
    "stops": read_stops,
    "venues": read_venues,
    "costs": read_costs,
    "audit": read_audit,
}


def read_optional(
    plan: PlanFile, crs: CRS, near: Bounds | None = None
) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Every optional table that the plan names, by name, and the faults of all of them.

    Parameters
    ----------
    plan, crs
        The plan and its metric CRS.
    near
        West, south, east, north of the region in degrees, to tell tables in the wrong place.
    """
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, reader in READERS.items():
        table, found = reader(plan, crs, near)
        faults += found
        if table is not None:
            tables[name] = table
    return tables, faults


def check_references(tables: Mapping[str, pd.DataFrame], school_ids: Set[str], area_ids: Set[str]) -> list[Fault]:
    """Warnings for rows that point to a school or sub-area nobody knows.

    Parameters
    ----------
    tables
        From :func:`read_optional`.
    school_ids, area_ids
        Those there are.
    """
    faults = []
    for name, column, known in (
        ("stops", "school_id", school_ids),
        ("births", "area_id", area_ids),
        ("registered", "area_id", area_ids),
        ("migration", "area_id", area_ids),
    ):
        if name in tables and column in tables[name]:
            given = {value for value in tables[name][column] if isinstance(value, str)}
            faults += [
                Fault("reference_unknown", "warning", file=name, column=column, value=value)
                for value in sorted(given - known)
            ]
    if "zones" in tables:
        zoned = {school for ids in tables["zones"]["school_ids"] for school in ids}
        faults += [
            Fault("reference_unknown", "warning", file="zones", column="school_ids", value=value)
            for value in sorted(zoned - school_ids)
        ]
    return faults
