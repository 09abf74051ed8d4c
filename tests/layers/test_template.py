"""The commented plan.toml that 'new' writes can be read back."""

from pathlib import Path

import pytest

from layers.planfile import read_plan
from layers.template import plan_template


@pytest.mark.parametrize("place", ["", 'Saint-"Quentin"'])
@pytest.mark.parametrize("folder", ["my-county", "青禾县", "My County 2"])
def test_a_new_plan_can_be_read(tmp_path: Path, folder: str, place: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(plan_template(folder, place), encoding="utf-8")
    for name in ("boundary.geojson", "population.tif", "streets.osm.pbf", "schools.csv"):
        (tmp_path / name).touch()
    plan = read_plan(file)
    assert plan.region.place == (place or None)
    assert plan.standards.profile == "neutral"
