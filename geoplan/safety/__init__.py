"""Route safety: levels of segments and crossings, routes, exposure, and what to mend first."""

from geoplan.safety.audit import apply_audit
from geoplan.safety.crossings import Crossings, TurnTable, crossing_elements
from geoplan.safety.faulty import faulty_tags, tag_faults
from geoplan.safety.levels import completeness, segment_levels

__all__ = [
    "Crossings",
    "TurnTable",
    "apply_audit",
    "completeness",
    "crossing_elements",
    "faulty_tags",
    "segment_levels",
    "tag_faults",
]
