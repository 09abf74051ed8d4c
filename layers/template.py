"""A commented plan.toml to start from."""

from __future__ import annotations

import re
from pathlib import Path


def plan_template(folder_name: str, place: str = "") -> str:
    """The text of a new plan.toml; ``place`` asks for streets and boundary to be downloaded by name."""
    text = Path(__file__).with_name("plan_template.toml").read_text(encoding="utf-8")
    name = re.sub(r"[^a-z0-9_-]+", "-", folder_name.lower()).strip("-_") or "plan"
    quoted = place.replace("\\", "\\\\").replace('"', '\\"')
    region = f'place = "{quoted}"' if place else 'boundary = "boundary.geojson"'
    streets = f'place = "{quoted}"' if place else 'osm = "streets.osm.pbf"      # .osm.pbf .osm .osm.gz .osm.bz2'
    filled = {"name": name[:64], "title": quoted or folder_name, "region": region, "streets": streets}
    for key, value in filled.items():
        text = text.replace(f"@{key}@", value)
    return text
