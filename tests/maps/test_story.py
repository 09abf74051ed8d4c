"""The story column says what the summary holds, marks what is uncertain, and never invents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from geoplan.errors import NotFoundError
from geoplan.run import Run
from maps import datapage, schools, story, style, tables


def changed(run: Run, **facts: Any) -> Run:
    """The run with other facts of the primary stage."""
    stages = {**run.summary["stages"], "primary": {**run.summary["stages"]["primary"], **facts}}
    return replace(run, summary={**run.summary, "stages": stages})


def test_an_account_of_nobody_has_no_share_whatever_was_rounded_away() -> None:
    facts = {"accounts": {"served": 899.8, "in_reach_no_place": 0.0, "out_of_reach": 0.0, "off_network": 0.2}}
    told = story.accounts({**facts, "places": 1000.0, "schools": 1}, "en")
    assert [(one.pupils, one.share) for one in told][-1] == ("0", "0\u202f%")
    assert told[0].share == "100\u202f%"


def test_accounts_have_shares_with_their_base(toytown: Run) -> None:
    told = story.tell(toytown, "primary", "en")
    assert told.base == "Where the 144 pupils stand"
    assert [account.pupils for account in told.accounts] == ["99", "8", "36", "1"]
    assert sum(account.width for account in told.accounts) == pytest.approx(100, abs=0.01)
    assert told.accounts[0].share == "69\u202f%" and "Out of reach 25" in told.bar_text


def test_the_year_is_that_of_the_data_and_never_a_target_year(toytown: Run) -> None:
    def kicker(language: str = "en", **years: Any) -> str:
        facts = {**toytown.summary, "years": [2035], "population_year": None, "school_year": None, **years}
        return story.tell(replace(toytown, summary=facts), "primary", language).kicker

    assert "20" not in kicker()
    assert kicker(population_year=2020, school_year=2020).endswith("· 2020")
    assert kicker(population_year=2020, school_year=2025).endswith("· residents 2020, schools 2025")
    assert kicker("zh", population_year=2020, school_year=2025).endswith("· 人口2020年，学校2025年")
    assert kicker(population_year=2020).endswith("residents 2020") and "2035" not in kicker(population_year=2020)
    assert kicker(school_year=2025).endswith("schools 2025")


def test_unknown_places_are_shown_as_unknown(toytown: Run) -> None:
    run = changed(toytown, places=None, schools_places_unknown=2, schools=2)
    told = story.tell(run, "primary", "en")
    assert [account.name for account in told.accounts] == [
        "In reach, places not known", "Out of reach", "Off the street network",
    ]  # fmt: skip
    assert told.accounts[0].pupils == "107" and told.accounts[0].colour == style.UNASSIGNED
    assert {row.served for row in tables.area_rows(run, "primary", "en")} == {"–"}
    assert all(home.status != "In reach, no place left" for home in tables.worst_homes(run, "primary", "en"))
    swatches = style.legends("en", (500,), known=[False])["status"].swatches
    assert [swatch.label for swatch in swatches] == [account.name for account in told.accounts]
    assert style.layer_colours("status", places_known=False)[1] == style.UNASSIGNED
    assert len(style.legends("en", (500,), known=[True, False])["status"].swatches) == 5


def test_a_map_opens_with_what_is_known(toytown: Run) -> None:
    assert story.first_layer(toytown, "primary") == "walk"
    unknown = changed(toytown, places=None, schools_places_unknown=2, schools=2)
    assert story.first_layer(unknown, "primary") == "nearest"
    assert story.first_layer(changed(toytown, schools=0, places=None), "primary") == "walk"
    assert story.first_layer(replace(toytown, summary={}), "") == "walk"


def test_a_cell_of_the_status_layer_says_it_has_the_colour_of_most() -> None:
    assert "most of its children" in style.legends("en", (500,))["status"].note
    assert "多数学生" in style.legends("zh", (500,))["status"].note


def test_both_measures_stand_side_by_side(toytown: Run) -> None:
    told = story.tell(toytown, "primary", "en", limit_m=500)
    current = [row for row in told.both_ways if row.current]
    assert [(row.label, row.straight, row.on_foot) for row in current] == [
        ("within 500\u202fm", "80\u202f%", "73\u202f%")
    ]
    assert story.tell(toytown, "primary", "en").both_ways[0].current


def test_a_straight_line_is_not_held_against_no_limit(toytown: Run) -> None:
    free = changed(toytown, rules=[{"metric": "none", "limit_m": 10_000, "setting": "town"}])
    told = story.tell(free, "primary", "en")
    assert (told.both_ways[0].label, told.both_ways[0].straight) == ("within the search distance", "–")
    assert "beyond the limit" not in " ".join([*told.both_notes, told.headline])


def test_the_headline_follows_the_limit(toytown: Run) -> None:
    own = story.tell(toytown, "primary", "en").headline
    near = story.tell(toytown, "primary", "en", limit_m=300).headline
    assert own != near and "300" in near and "primary school" in near
    assert "300米" in story.tell(toytown, "primary", "zh", limit_m=300).headline


def test_nobody_of_the_age_is_said_not_divided(toytown: Run) -> None:
    empty = {"served": 0.0, "in_reach_no_place": 0.0, "out_of_reach": 0.0, "off_network": 0.0}
    told = story.tell(changed(toytown, pupils=0.0, accounts=empty), "primary", "en", limit_m=500)
    assert told.headline and all(account.share == "–" and account.width == 0 for account in told.accounts)


def test_a_summary_with_little_in_it_still_tells(toytown: Run) -> None:
    bare = replace(toytown, summary={"plan": "bare", "stages": {"primary": {}}})
    told = story.tell(bare, "primary", "zh")
    assert told.title == "bare" and told.headline and told.both_ways[0].on_foot == "–"


def test_care_points_to_what_settles_it(toytown: Run) -> None:
    told = story.tell(changed(toytown, places=290.0, places_assumed=200.0), "primary", "en")
    assert {note.target for note in told.care} >= {"schools", "reconciliation"}
    warned = replace(toytown, summary={**toytown.summary, "warnings": [{"code": "x", "severity": "warning"}]})
    assert any(note.target == "warnings" for note in story.tell(warned, "primary", "en").care)


def test_an_unknown_stage_is_named(toytown: Run) -> None:
    with pytest.raises(NotFoundError, match="primary, junior"):
        story.tell(toytown, "senior", "en")


def test_cards_of_the_stage_only_and_places_say_how_they_are_known(toytown: Run) -> None:
    cards = schools.cards(toytown, "primary", "en")
    assert [card.school_id for card in cards] == ["S1", "S3"]
    assert dict(cards[0].rows)["places"].startswith("270 (")
    assert [card.school_id for card in schools.fullest(cards, 5)] == ["S3", "S1"]


def test_rings_grow_with_load_and_stop() -> None:
    radii = [schools.ring_radius(load) for load in (None, 0.0, 0.5, 1.0, 1.5, 9.0)]
    assert radii == sorted(radii) and radii[-1] == schools.MOST_RADIUS


def test_worst_homes_are_those_with_most_children_lacking_a_place(toytown: Run) -> None:
    homes = tables.worst_homes(toytown, "primary", "en")
    assert homes and homes[0].pupils == "2.4" and homes[0].status == "Out of reach"


def test_homes_can_be_told_apart_and_found(toytown: Run) -> None:
    for language in ("en", "zh"):
        homes = tables.worst_homes(toytown, "primary", language)
        assert len({home.place for home in homes}) == len(homes)
        assert all(("Street" in home.place) or ("Avenue" in home.place) for home in homes)
    assert "附近，" in homes[0].place and "(" not in homes[0].place
    bare = replace(toytown, tables={**toytown.tables, "base_streets": toytown.tables["base_streets"].iloc[:0]})
    assert all(f"({home.lat:.5f}, " in home.place for home in tables.worst_homes(bare, "primary", "en"))


def test_english_pages_show_english_names(toytown: Run) -> None:
    named = toytown.tables["schools"].assign(name="青禾小学", name_en="Qinghe School")
    areas = toytown.tables["areas"].assign(name="青禾镇", name_en=["Qinghe Town", None])
    run = replace(toytown, tables={**toytown.tables, "schools": named, "areas": areas})
    assert {card.name for card in schools.cards(run, "primary", "en")} == {"Qinghe School"}
    assert {card.name for card in schools.cards(run, "primary", "zh")} == {"青禾小学"}
    assert [row.name for row in tables.area_rows(run, "primary", "en")] == ["Qinghe Town", "青禾镇"]
    assert tables.school_name(run, named["id"].iloc[0], "en") == "Qinghe School"
    assert set(tables.area_names(run, "zh").values()) == {"青禾镇"}


def test_a_home_tells_its_school_by_name(toytown: Run) -> None:
    row = int(toytown.tables["cells"].index[toytown.tables["cells"]["school_primary"] == "S1"][0])
    card = tables.cell_card(toytown, row, "primary", "en")["card"]
    assert dict(card["rows"])["assigned school"] == "East Primary School"


def test_faults_are_said_in_the_language_and_keep_their_place(toytown: Run) -> None:
    stored = {"code": "plan_missing", "severity": "warning", "file": "plan.toml", "message": "old", "remedy": "old"}
    unknown = {"code": "of_another_version", "severity": "note", "file": "x.csv", "row": 3, "message": "kept"}
    run = replace(toytown, summary={**toytown.summary, "warnings": [stored, unknown]})
    first, second = datapage.fault_rows(run, "zh")
    assert first["place"] == "plan.toml" and first["message"] != "old"
    assert second["message"] == "kept" and second["place"] == "x.csv，第 3 行"


def test_faults_whose_parameters_were_not_kept_are_said_as_they_were_written(toytown: Run) -> None:
    stored = {"code": "reconciliation_ratio", "severity": "warning", "value": "0.50"}
    texts = {"message": "few pupils", "remedy": "ask", "message_zh": "在校生偏少", "remedy_zh": "请核实"}
    run = replace(toytown, summary={**toytown.summary, "warnings": [{**stored, **texts}]})
    (chinese,), (english,) = datapage.fault_rows(run, "zh"), datapage.fault_rows(run, "en")
    assert (chinese["message"], chinese["remedy"]) == ("在校生偏少", "请核实")
    assert (english["message"], english["remedy"]) == ("few pupils", "ask")


def test_every_rule_in_use_is_listed_once(toytown: Run) -> None:
    ids = [row["id"] for row in datapage.standard_rows(toytown)]
    assert len(ids) == 4 and "toytown.town.primary" in ids
    named = changed(toytown, rules=[{"id": "cn.radius.primary", "setting": "town", "value": 500}] * 2)
    first = datapage.standard_rows(named)[0]
    assert (first["unit"], first["metric"], first["clause"]) == ("m", "straight", "4.1.4")
