"""The table housing_need and its sentences."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from geoplan.exports.document.nested import reason_texts
from geoplan.reasons import LANGUAGES
from geoplan.reasons.catalogue import catalogue
from geoplan.reasons.housing import housing_sentences
from geoplan.siting.housing import HousingNeed, Supply, housing_need, unknown_supply
from geoplan.siting.sizes import MU_M2
from geoplan.standards import load
from tests.geoplan.siting.housing.tables import frame, housing

STAGES = ("kindergarten", "primary")
YEARS = (2025, 2027)
ROWS = [
    {"id": "y", "name": "Y", "dwellings": 1000, "reserved_kindergarten_m2": 0.0},
    {"id": "z", "name": "Z", "dwellings": 900, "x": 400.0},
    {"id": "n", "name": "N", "status": "name_only"},
]
SUPPLY = Supply(
    years=YEARS,
    pupils=frame(
        "housing_id stage year pupils",
        ("y", "kindergarten", 2025, 0.0), ("y", "kindergarten", 2027, 165.0), ("y", "primary", 2027, 330.0),
        ("z", "primary", 2027, 100.0),
    ),
    spare=frame(
        "stage year school_id places",
        ("kindergarten", 2027, "K", 400.0), ("primary", 2027, "P", 50.0), ("primary", 2027, "Q", np.nan),
    ),
    walks=frame(
        "housing_id stage school_id dist_dm",
        ("y", "kindergarten", "K", 2000), ("y", "primary", "P", 3000), ("z", "primary", "P", 100),
        ("z", "primary", "Q", 100),
    ),
    limits=frame("housing_id stage limit_m", *((key, stage, 500.0) for key in "yzn" for stage in STAGES)),
)  # fmt: skip


def made(supply: Supply = SUPPLY) -> HousingNeed:
    return housing_need(housing(*ROWS), load("cn-yongzhou"), STAGES, supply)


def test_obligation_and_need_stand_side_by_side() -> None:
    table = made().table.set_index(["housing_id", "stage", "year"])
    assert len(table) == 3 * len(STAGES) * len(YEARS)
    kindergarten = table.loc[("y", "kindergarten", 2027)]
    assert (kindergarten["obligation"], kindergarten["owed_classes"], kindergarten["need"]) == ("yes", 6.0, 0.0)
    assert kindergarten["status"] == "unmet" and kindergarten["due"] == 2026.0
    codes = [reason["code"] for reason in json.loads(kindergarten["reason"])]
    assert codes[-2:] == ["housing_need_none", "housing_spare_keeps"]
    primary = table.loc[("y", "primary", 2027)]
    assert (primary["obligation"], primary["status"], primary["pool"]) == ("no", "joint", "primary:y")
    assert primary["need"] + table.loc[("z", "primary", 2027), "need"] == pytest.approx(380.0)
    assert np.isnan(table.loc[("y", "primary", 2025), "need"])  # no pupils were given for that year
    name_only = table.loc[("n", "primary", 2027)]
    assert name_only["status"] == "unknown" and np.isnan(name_only["need"])
    assert table.crs == housing(*ROWS).crs and table.geometry.notna().all()


def test_square_metres_and_mu() -> None:
    rows = [{"id": "a", "dwellings": 2000, "reserved_primary_m2": 8000.0}]
    row = housing_need(housing(*rows), load("cn-yongzhou"), ("primary",), unknown_supply((2025,))).table.iloc[0]
    assert (row["owed_site_m2"], row["reserved_m2"], row["status"]) == (7000.0, 8000.0, "met")
    assert row["owed_site_mu"] == pytest.approx(10.5) and row["reserved_mu"] == pytest.approx(12.0)
    assert pytest.approx(666.667, abs=1e-3) == MU_M2


def test_the_summary_has_a_row_a_project_and_stage_and_lists_who_is_unmet() -> None:
    found = made()
    assert [(row["id"], row["stage"]) for row in found.summary] == [(key, stage) for key in "nyz" for stage in STAGES]
    rows = {(row["id"], row["stage"]): row for row in found.summary}
    kindergarten = rows["y", "kindergarten"]
    assert (kindergarten["need"], kindergarten["need_by_year"]) == (0.0, {"2025": 0.0, "2027": 0.0})
    assert (kindergarten["status"], kindergarten["owed"]["classes"], kindergarten["pool"]) == ("unmet", 6, None)
    assert rows["y", "primary"]["pool"] == "primary:y" and rows["n", "primary"]["need"] is None
    assert [(one["id"], one["stage"], one["classes"]) for one in found.unmet] == [("y", "kindergarten", 6)]
    assert [pool["id"] for pool in found.pools] == ["kindergarten:z", "primary:y"]
    json.dumps(found.summary, allow_nan=False)


def test_without_projection_every_need_is_unknown_and_no_obligation_changes() -> None:
    bare = made(unknown_supply(YEARS)).table
    assert bare["need"].isna().all()
    assert bare["obligation"].tolist() == made().table["obligation"].tolist()


def test_spare_places_never_change_an_obligation() -> None:
    rich = SUPPLY.spare.assign(places=1e6)
    wealthy = Supply(YEARS, SUPPLY.pupils, rich, SUPPLY.walks, SUPPLY.limits)
    columns = ["obligation", "owed_classes", "owed_places", "status", "due", "pool"]
    pd.testing.assert_frame_equal(made(wealthy).table[columns], made().table[columns])


def test_shuffled_rows_give_the_same_table() -> None:
    mixed = Supply(
        YEARS,
        *(getattr(SUPPLY, name).sample(frac=1, random_state=5) for name in ("pupils", "spare", "walks", "limits")),
    )
    again = housing_need(housing(*ROWS[::-1]), load("cn-yongzhou"), STAGES, mixed)
    pd.testing.assert_frame_equal(pd.DataFrame(again.table), pd.DataFrame(made().table))
    assert again.summary == made().summary or repr(again.summary) == repr(made().summary)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_a_sentence(language: str) -> None:
    known = catalogue(language)["sentence"]
    found = made()
    for row in found.table.to_dict("records"):
        codes = [reason["code"] for reason in json.loads(row["reason"])]
        assert codes and set(codes) <= set(known)
        said = housing_sentences(row, language)
        assert len(said) == len(codes) and not any("{" in text or "None" in text for text in said)
    for pool in found.pools:
        assert housing_sentences(pool, language)


def test_the_clause_and_its_confidence_are_named() -> None:
    row = made().table.set_index(["housing_id", "stage", "year"]).loc[("y", "kindergarten", 2027)]
    chinese = housing_sentences(row, "zh")
    assert (
        "本项目共1,000套，达到应配建幼儿园的1,000套标准（永州中心城区住宅小区配套规定；该数为转引），应当配建。"
        in chinese
    )
    assert any(text.startswith("应于2026年首批住宅竣工交付时同步交付") for text in chinese)
    english = housing_sentences(row, "en")
    assert any("taken second-hand" in text and "1,000 dwellings" in text for text in english)


def test_a_reason_that_is_not_known_or_lacks_a_figure_is_left_out() -> None:
    broken = [{"code": "housing_from_the_future", "params": {}}, {"code": "housing_due", "params": {"year": 2026}}]
    assert housing_sentences({"reason": broken}, "en") == []
    assert housing_sentences({"reason": [*broken, {"code": "housing_name_only"}]}, "zh") == [
        "仅知项目名称，只作展示，不参与计算。"
    ]


def test_documents_say_the_same_sentences() -> None:
    for row in made().table.to_dict("records"):
        assert reason_texts(row["reason"], "zh") == housing_sentences(row, "zh")
