"""The field survey goes before the map, the newest visit before older ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.safety.audit import apply_audit, audited
from geoplan.safety.crossings import crossing_elements
from geoplan.safety.levels import segment_levels
from geoplan.standards import load
from layers.bundle import Streets
from tests.geoplan.safety.toy_map import toy_map

NEUTRAL = load("neutral")
COLUMNS = ["osm_type", "osm_id", "tag", "value", "date"]


def survey(*rows: tuple[str, int, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def streets() -> Streets:
    """A footway (way 1) over a secondary road (way 2) at node 1, and an edge of two ways."""
    places = {1: (0.0, 0.0), 2: (0.0, 100.0), 3: (-100.0, 0.0), 4: (100.0, 0.0), 5: (0.0, -100.0)}
    road = {"highway": "secondary", "sidewalk": "no", "sidewalk:left": "yes"}
    ways = [("1", [2, 1, 5], {"highway": "footway"}), ("2", [3, 1, 4], road), ("7;8", [3, 5], road)]
    return toy_map(places, ways, {1: {"highway": "crossing", "crossing": "zebra"}})


def told(audit: pd.DataFrame) -> list[tuple[str, int | None]]:
    return [(fault.code, fault.row) for fault in apply_audit(streets(), audit, "audit.csv")[1]]


def test_a_survey_overrides_ways_and_nodes() -> None:
    audit = survey(
        ("way", 2, "maxspeed", "50", "2024-05-01"), ("way", 2, "lanes", "4", "2024-05-01"),
        ("node", 1, "crossing", "traffic_signals", "2024-05-01"),
    )  # fmt: skip
    rural = np.zeros(5, bool)
    found = segment_levels(streets(), NEUTRAL, rural=rural, audit=audit)
    assert found["used"].astype(str).loc[[2, 3]].str.contains("maxspeed=50;lanes=4").all()
    table = crossing_elements(streets(), NEUTRAL, rural=rural, audit=audit).table
    assert table["rule"].tolist()[0] == "crossing_signals" and table["level_high"].tolist()[0] == 1
    assert told(audit) == []


def test_what_was_read_is_not_changed() -> None:
    before = streets()
    after, _ = apply_audit(
        before, survey(("way", 2, "lit", "yes", "2024-05-01"), ("node", 1, "crossing", "no", "2024"))
    )
    assert "lit" not in before.edges and before.nodes["crossing"].tolist()[0] == "zebra"
    assert after.nodes["crossing"].tolist()[0] == "no" and audited(before, None) is before


def test_the_newest_date_wins_in_any_order() -> None:
    rows = [("way", 2, "maxspeed", "30", "2023-01-01"), ("way", 2, "maxspeed", "60", "2024-01-01")]
    for order in (rows, rows[::-1]):
        after, faults = apply_audit(streets(), survey(*order))
        assert after.edges["maxspeed"].tolist()[2:4] == ["60", "60"] and not faults


def test_two_values_of_one_day_are_told_and_unknown() -> None:
    audit = survey(("way", 2, "sidewalk", "both", "2024-01-01"), ("way", 2, "sidewalk", "no", "2024-01-01"))
    after, faults = apply_audit(streets(), audit, "audit.csv")
    assert [(fault.code, fault.row, fault.params["other"]) for fault in faults] == [("audit_conflict", 3, 2)]
    assert after.edges["sidewalk"].isna()[2] and "row 2" in faults[0].message() and faults[0].message("zh")
    later = pd.concat([audit, survey(("way", 2, "sidewalk", "both", "2024-02-01"))])
    assert apply_audit(streets(), later)[0].edges["sidewalk"][2] == "both"


def test_unknown_ids_and_tags_are_told_by_row() -> None:
    audit = survey(
        ("way", 99, "maxspeed", "30", "2024-01-01"), ("node", 77, "crossing", "no", "2024-01-01"),
        ("way", 2, "colour", "red", "2024-01-01"), ("way", 2, "highway", "footway", "2024-01-01"),
    ).assign(_row=[12, 13, 14, 15])  # fmt: skip
    streets_with = toy_map({1: (0, 0), 2: (9, 0)}, [("2", [1, 2], {"highway": "primary", "maxspeed": "50"})])
    faults = apply_audit(streets_with, audit, "audit.csv")[1]
    assert [(fault.code, fault.row) for fault in faults] == [
        ("audit_id_unknown", 12), ("audit_id_unknown", 13), ("audit_tag_unknown", 14), ("audit_tag_fixed", 15),
    ]  # fmt: skip
    assert all(fault.message(language) and fault.remedy(language) for fault in faults for language in ("en", "zh"))


def test_edges_of_several_ways_and_relations_are_found() -> None:
    after, faults = apply_audit(streets(), survey(("way", 8, "sidewalk", "both", "2024-01-01")))
    assert after.edges["sidewalk"].tolist()[4] == "both" and not faults
    square = toy_map({1: (0, 0), 2: (9, 0)}, [("r5", [1, 2], {"highway": "pedestrian", "lit": "no"})])
    after, faults = apply_audit(square, survey(("relation", 5, "lit", "yes", "2024-01-01")))
    assert after.edges["lit"].tolist() == ["yes"] and not faults


def test_a_survey_may_tell_tags_the_map_has_nowhere() -> None:
    after, faults = apply_audit(streets(), survey(("way", 2, "lit", "yes", "2024-01-01")))
    assert after.edges["lit"].tolist()[2:4] == ["yes", "yes"] and not faults
    assert after.edges["lit"].isna().tolist()[0]
