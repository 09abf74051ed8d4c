"""A generated county of about 500,000 people: invented, deterministic, bilingual, with every input table filled."""

from layers.demo.county.write import NAME, write_county

__all__ = ["NAME", "write_county"]
