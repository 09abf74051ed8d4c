"""Standards: dated, overridable, one rule per grade band; every figure with its source and confidence."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from geoplan import standards as st
from geoplan.errors import NotFoundError, PlanError
from geoplan.standards.profile import own_norms

ROOT = Path(__file__).parents[2]
ALL = ["cn", "cn-guangzhou", "cn-harbin", "cn-hunan", "cn-shandong", "cn-yongzhou", "cn-zhuzhou"]
ALL += ["gb-eng", "in", "jp", "neutral"]


def rule(profile: str, stage: str, band: str, setting: str = "town", **options: object) -> st.Rule:
    """One rule of a freshly loaded profile."""
    found = st.rules(st.load(profile, **options), stage, setting)  # type: ignore[arg-type]
    return next(item for item in found if item.band == band)


def test_the_profiles_are_these_and_all_load() -> None:
    assert sorted(st.profiles()) == sorted(ALL)
    for profile in ALL:
        standards = st.load(profile)
        assert [stage.id for stage in standards.stages] == ["kindergarten", "primary", "junior", "senior"]
        assert len(st.rule_rows(standards)) == 2 * len(standards.bands)
        assert set(standards.places) >= {stage.id for stage in standards.stages}


@pytest.mark.parametrize("profile", ALL)
def test_every_norm_says_where_it_stands_and_how_sure_it_is(profile: str) -> None:
    standards = st.load(profile)
    for norm in standards.norms.values():
        assert norm.source and norm.unit and norm.topic and norm.relation, norm.id
        assert norm.confidence in {"verified", "secondary", "unverified", "assumption"}, norm.id
        assert norm.setting in {None, "town", "rural", "all"}, norm.id
        assert norm.metric in {None, "straight", "network", "time", "unspecified"}, norm.id
    for place in standards.places.values():
        assert standards.norms[place].unit == "pupil"
    for band in standards.bands:
        assert st.number(standards, band.speed) > 0


@pytest.mark.parametrize("profile", ALL)
def test_bands_of_a_stage_follow_one_another_without_gap(profile: str) -> None:
    bands = st.load(profile).bands
    for before, after in pairwise(bands):
        assert after.ages[0] == before.ages[1] + 1
        assert after.grades[0] == before.grades[1] + 1
        assert before.ages[1] - before.ages[0] == before.grades[1] - before.grades[0]


def test_unsure_figures_do_not_ship() -> None:
    norms = st.load("cn").norms
    assert not {"cn.site.fuel_station", "cn.rural.land.primary", "cn.rural.land.junior"} & set(norms)
    assert norms["cn.circle15.walk"].confidence == "unverified"


def test_china_in_town_is_a_straight_radius_and_in_the_country_half_an_hour() -> None:
    town = rule("cn", "primary", "g1_3")
    assert (town.id, town.metric, town.value, town.limit_m, town.force) == (
        "cn.radius.primary",
        "straight",
        500.0,
        500.0,
        "should",
    )
    assert rule("cn", "junior", "g7_9").limit_m == 1000.0
    rural = rule("cn", "primary", "g1_3", "rural")
    assert (rural.metric, rural.value, rural.unit, rural.speed_mps) == ("time", 30.0, "min", 0.9)
    assert rural.limit_m == 1620.0  # 30 min x 60 s x 0.9 m/s
    assert rural.flags == ("any_mode",)


def test_where_the_nation_sets_nothing_only_a_search_cap_stands() -> None:
    free = rule("cn", "primary", "g4_6", "rural")
    assert (free.metric, free.value, free.force, free.flags) == ("none", None, "none", ("no_limit",))
    assert free.id == "no_limit.primary.g4_6.rural"
    assert free.limit_m == st.search_cap_m(st.load("cn"), "primary") == 5000.0
    assert st.shortest_limit_m([free]) == float("inf")
    assert st.shortest_limit_m([free, rule("cn", "primary", "g1_3")]) == 500.0


def test_a_local_duty_goes_before_a_national_recommendation() -> None:
    guangzhou = rule("cn-guangzhou", "primary", "g1_3")
    assert (guangzhou.id, guangzhou.force, guangzhou.limit_m) == ("cn.walk_time.primary.guangzhou", "must", 540.0)
    assert guangzhou.also == ("cn.radius.primary",)
    assert rule("cn-guangzhou", "primary", "g4_6").limit_m == 600.0
    assert rule("cn-guangzhou", "junior", "g7_9").limit_m == 990.0


def test_a_norm_holds_from_the_day_it_came_into_force() -> None:
    before = rule("cn-guangzhou", "primary", "g1_3", on="2022-01-03")
    assert before.id == "cn.radius.primary"
    assert rule("cn-guangzhou", "primary", "g1_3", on=date(2022, 1, 4)).id == "cn.walk_time.primary.guangzhou"
    assert rule("cn", "primary", "g1_3", on="2011-12-31").metric == "none"
    with pytest.raises(PlanError, match="no date"):
        st.load("cn", on="last year")


def test_england_changes_at_eight() -> None:
    assert rule("gb-eng", "primary", "under8").limit_m == 3218.7
    assert rule("gb-eng", "primary", "from8").limit_m == 4828.0
    assert rule("gb-eng", "junior", "y7_11").id == "uk.walk.8plus"
    assert rule("gb-eng", "senior", "y12_13").metric == "none"


def test_india_does_not_say_how_it_measures_so_both_are_read() -> None:
    india = rule("in", "primary", "g1_3")
    assert (india.metric, india.limit_m, india.flags) == ("network", 1000.0, ("metric_unspecified",))
    assert rule("in", "senior", "g9_10").limit_m == 5000.0
    assert rule("in", "senior", "g11_12").metric == "none"


def test_japan_prefers_the_distance_of_the_stage_to_the_hour_for_all() -> None:
    japan = rule("jp", "junior", "g7_9")
    assert (japan.id, japan.limit_m, japan.also) == ("jp.junior", 6000.0, ("jp.time",))


def test_neutral_figures_are_assumptions_on_foot() -> None:
    for stage, band, limit_m in [("kindergarten", "k", 300), ("primary", "g4_6", 500), ("junior", "g7_9", 1000)]:
        found = rule("neutral", stage, band)
        assert (found.metric, found.limit_m, found.confidence) == ("network", limit_m, "assumption")
        assert found.source == "geoplan planning assumption"


def test_the_county_replaces_a_value_and_is_named_as_its_source() -> None:
    standards = st.load("cn", override={"cn.radius.primary": 600, "plan.snap.rural": {"value": 400, "unit": "m"}})
    norm = standards.norms["cn.radius.primary"]
    assert (norm.value, norm.source, norm.confidence) == (600, "county", "county")
    assert "500 m" in norm.note
    assert st.rules(standards, "primary", "town")[0].limit_m == 600.0
    assert st.snap_limit_m(standards, "rural") == 400.0
    assert standards.edition == "cn 2026-11-22, 2 county values"
    assert standards.checksum != st.load("cn").checksum


def test_override_keys_without_quotes_arrive_nested_and_mean_the_same() -> None:
    nested = st.load("cn", override={"cn": {"radius": {"primary": 600}}})
    assert nested.norms == st.load("cn", override={"cn.radius.primary": 600}).norms


def test_all_faults_of_an_override_are_listed_together() -> None:
    wrong = {
        "cn.radius.primry": 600,
        "cn.radius.junior": "far",
        "cn.radius.primary": {"value": 1, "unit": "km"},
        "cn.radius.kindergarten": 0,
        "cn.structure": "7-2",
        "plan.entry.cut_off": "13-01",
        "plan.reconciliation": [1.1, 0.9],
        "plan.participation.senior": 91.8,
        "plan.snap.town": True,
        "plan.snap.rural": {"value": 300, "colour": "red"},
    }
    with pytest.raises(PlanError) as caught:
        st.load("cn", override=wrong)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(wrong)
    for key in wrong:
        assert sum(key in line for line in lines) >= 1
    assert "did you mean cn.radius.primary" in str(caught.value)
    assert "unit 'km' given, 'm' needed" in str(caught.value)


def test_unknown_profile_stage_and_setting_name_what_there_is() -> None:
    with pytest.raises(NotFoundError, match="neutral"):
        st.load("atlantis")
    with pytest.raises(NotFoundError):
        st.load("assumptions")  # not a profile of its own
    with pytest.raises(NotFoundError, match="kindergarten, primary, junior, senior"):
        st.rules(st.load("cn"), "college", "town")
    with pytest.raises(PlanError, match="town, rural"):
        st.rules(st.load("cn"), "primary", "suburb")


def test_five_four_structure_moves_grade_six_to_the_junior_school() -> None:
    standards = st.load("cn", override={"cn.structure": "5-4"})
    junior = st.stage_def(standards, "junior")
    assert (junior.ages, junior.grades) == ((11, 14), (6, 9))
    assert st.rules(standards, "junior", "town")[0].limit_m == 1000.0


def test_class_sizes_for_places() -> None:
    china = st.load("cn")
    assert st.class_size(china, "primary").value == 45
    assert st.class_size(china, "primary", teaching_point=True).value == 30
    assert st.class_size(china, "junior").value == 50
    assert st.class_size(st.load("neutral"), "primary").confidence == "assumption"


def test_entry_on_the_first_of_september_splits_a_birth_year_two_thirds() -> None:
    assert st.entered_share(st.load("cn")) == pytest.approx(2 / 3, abs=1e-12)
    assert st.entered_share(st.load("cn", override={"plan.entry.cut_off": "01-01"})) == 0.0


def test_the_checksum_depends_on_content_only() -> None:
    assert st.load("cn").checksum == st.load("cn").checksum
    assert len({st.load(profile).checksum for profile in ALL}) == len(ALL)


def test_tables_are_rectangular_and_say_how_sure_they_are() -> None:
    assert {"cn_legal_speed", "cmf", "lts_mixed", "balance_indicators"} <= set(st.table_names())
    for name in st.table_names():
        table = st.table(name)
        assert table.records() and (table.confidence or "confidence" in table.columns), name
    speeds = {row["context"]: row["km_h"] for row in st.table("cn_legal_speed").records()}
    assert speeds["urban_one_lane_per_direction"] == 50
    with pytest.raises(NotFoundError, match="cmf"):
        st.table("nothing")


def test_the_severity_model_gives_the_published_checks() -> None:
    model = st.models()["fatality_rosen_sander_2009"]

    def risk(speed_km_h: float) -> float:
        return float(1 / (1 + 2.718281828459045 ** (model["a"] - model["b"] * speed_km_h)))

    assert risk(50) > 2 * risk(40) and risk(50) > 5 * risk(30)
    assert risk(30) == pytest.approx(0.015, abs=0.001)


def test_balance_indicators_name_norms_that_exist() -> None:
    norms = st.load("cn").norms
    rows = st.table("balance_indicators").records()
    assert len(rows) == 7
    for row in rows:
        assert {row["norm_primary"], row["norm_junior"]} <= set(norms)


def test_ids_are_unique_in_a_file_unless_dated() -> None:
    for profile in [*ALL, "assumptions"]:
        keys = [(norm.id, norm.since) for norm in own_norms(profile)]
        assert len(keys) == len(set(keys)), profile


def test_the_page_is_current() -> None:
    page = ROOT / "docs" / "standards.md"
    assert page.read_text(encoding="utf-8") == st.document(), "write it again: see docs/standards.md, first lines"


def test_norm_rows_are_plain_data() -> None:
    rows = st.norm_rows(st.load("cn-harbin"))
    assert all(set(row) == set(st.NORM_COLUMNS) for row in rows)
    by_id = {row["id"]: row for row in rows}
    assert by_id["cn.harbin.land.kindergarten"]["value"] == "6: 2700; 9: 4000; 12: 5400"
    assert by_id["cn.radius.primary"]["since"] == "2012-01-01"


def test_a_rule_enters_the_summary_with_its_grades() -> None:
    standards = st.load("cn")
    entry = st.rule_entry(standards, st.rules(standards, "primary", "rural")[0])
    assert entry["grades"] == "1-3" and entry["flags"] == ["any_mode"] and entry["limit_m"] == 1620.0
    assert st.rule_entry(standards, st.rules(standards, "kindergarten", "town")[0])["grades"] == "K"
