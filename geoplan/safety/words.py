"""The words of tags, from the tables: which values say yes, which no, which nothing, and legal speeds by context."""

from __future__ import annotations

from geoplan.standards import table

TABLES: dict[str, frozenset[str]] = {
    f"{name}_{kind}": frozenset(values) for name, kind, values in table("tag_words").rows
}
"""``<tag>_<yes | no | silent | …>`` to the values that say so."""

IMPLICIT_SPEED: dict[str, tuple[float, float]] = {
    code: (float(low), float(high)) for code, low, high in table("implicit_speed").rows
}
"""Legal context to the least and greatest limit in km/h; a country's own entry goes before the general one."""
