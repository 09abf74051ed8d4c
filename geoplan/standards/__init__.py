"""Norms as dated data: profiles, the rule of each grade band, and tables of law and practice."""

from geoplan.standards.asked import known_standards, section_faults
from geoplan.standards.choice import (
    SETTINGS,
    age_structure,
    class_size,
    covers,
    entered_share,
    interval,
    number,
    participation,
    rules,
    search_cap_m,
    shortest_limit_m,
    snap_limit_m,
    stage_def,
)
from geoplan.standards.listing import NORM_COLUMNS, RULE_COLUMNS, document, norm_rows, rule_entry, rule_rows
from geoplan.standards.norm import Band, Norm, Rule, StageDef, Standards
from geoplan.standards.override import own_values
from geoplan.standards.profile import load, profiles
from geoplan.standards.tables import Table, models, table, table_names
from geoplan.standards.topics import nearest_of, speaking_of, speaks

__all__ = [
    "NORM_COLUMNS",
    "RULE_COLUMNS",
    "SETTINGS",
    "Band",
    "Norm",
    "Rule",
    "StageDef",
    "Standards",
    "Table",
    "age_structure",
    "class_size",
    "covers",
    "document",
    "entered_share",
    "interval",
    "known_standards",
    "load",
    "models",
    "nearest_of",
    "norm_rows",
    "number",
    "own_values",
    "participation",
    "profiles",
    "rule_entry",
    "rule_rows",
    "rules",
    "search_cap_m",
    "section_faults",
    "shortest_limit_m",
    "snap_limit_m",
    "speaking_of",
    "speaks",
    "stage_def",
    "table",
    "table_names",
]
