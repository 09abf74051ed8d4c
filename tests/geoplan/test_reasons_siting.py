"""What is said of new places: exact sentences, a base beside every share, unknown said as unknown, both languages."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from geoplan.reasons import LANGUAGES, area, codes, listing, money
from geoplan.reasons.siting import (
    alternative_sentences,
    balance_sentence,
    check_counts,
    loads,
    marginal_sentences,
    milestone_sentence,
    money_unit,
    nested,
    note_sentences,
    proposal_sentences,
    reason_sentences,
    siting_headline,
    siting_reserve,
    unmet_sentences,
    without_place,
)
from geoplan.reasons.siting_care import siting_care
from tests.geoplan.test_reasons import plain

YEARS = [
    {"stage": "primary", "year": year, "variant": variant, "pupils": pupils, "served": served, "share_unborn": unborn}
    for variant, pupils, served, year, unborn in (
        ("mid", 1000.0, 980.0, 2024, 0.0),
        ("mid", 1200.0, 980.0, 2027, 0.0),
        ("mid", 900.0, 860.0, 2035, 0.55),
        ("low", 700.0, 690.0, 2035, 0.42),
        ("high", 1100.0, 980.0, 2035, 0.63),
    )
]
SITING: dict[str, Any] = {
    "new": [{"stage": "primary", "classes": 12, "places": 540.0}, {"stage": "primary;junior", "places": 100.0}],
    "enlarge": [{"stage": "junior", "classes": 3}],
    "convert": [],
}
SUMMARY: dict[str, Any] = {"stages": {"primary": {"years": YEARS}}, "siting": SITING}
ROW: dict[str, Any] = {
    "rank": 1, "site_id": "P1", "name": "Mill Lane", "kind": "education_plot", "stage": "primary",
    "decision": "build",
    "classes": 12.0, "places": 540.0, "site_m2": 12_000.0, "cost": 41_230_000.0, "cost_unit": "CNY",
    "cost_assumed": True, "year": 2027.0, "pupils_before": 980.0, "pupils_served": 1180.0, "pupils_gained": 200.0,
    "walk_m_before": math.nan, "walk_m_mean": 310.0, "load_2024": math.nan, "load_2027": 0.9, "load_2035": 0.55,
    "recommended": True, "reasons": [], "checks": [], "alternatives": [],
}  # fmt: skip


def english(row: dict[str, Any], **changes: Any) -> list[str]:
    return [plain(note.text) for note in proposal_sentences({**row, **changes}, "en", low_load=0.6)]


def headline(summary: dict[str, Any], language: str = "en", **changes: Any) -> str:
    return siting_headline({**summary, **changes}, language, stage="primary")


def test_the_finding_is_the_worst_year_and_what_is_proposed_for_the_stage() -> None:
    assert headline(SUMMARY) == (
        "In 2027, 220 of 1,200 children have no place in reach; proposed: one new primary school with 540 places "
        "and one new nine-year school with 100 places"
    )
    assert headline(SUMMARY, "zh") == (
        "2027年，1,200名适龄儿童中有220人在可达范围内没有学位；建议新建小学1所、学位540个，新建九年一贯制学校1所、学位100个"
    )
    more = {**SITING, "enlarge": [{"stage": "primary", "classes": 1}], "convert": [{"stage": "primary"}]}
    assert headline(SUMMARY, siting=more).endswith(
        "100 places and one more class in an existing school and one school converted"
    )


def test_the_finding_says_how_many_the_proposals_leave_where_they_come_in_time() -> None:
    effect = {"stage": "primary", "year": 2027, "served_before": 980.0, "served_after": 1150.0}
    assert headline(SUMMARY, siting={**SITING, "effect": [effect]}) == (
        "In 2027, 220 of 1,200 children have no place in reach; one new primary school with 540 places "
        "and one new nine-year school with 100 places would leave 50"
    )
    assert headline(SUMMARY, "zh", siting={**SITING, "effect": [{**effect, "served_after": 1200.0}]}).endswith(
        "新建九年一贯制学校1所、学位100个后，全部可有学位"
    )
    bused = {**effect, "pupils": 1200.0, "served_before": 900.0, "served_after": 1070.0}  # 80 go another way today
    assert headline(SUMMARY, siting={**SITING, "effect": [bused]}).endswith(
        "would leave 50 to 130, by how many still go by bus or board"
    )
    assert headline(SUMMARY, siting={**SITING, "effect": [{**effect, "pupils": 1200.0}]}).endswith("would leave 50")
    never = {**effect, "served_after": 980.0}
    assert "proposed: one new" in headline(SUMMARY, siting={**SITING, "effect": [never]})


def test_the_base_year_is_the_worst_only_where_no_year_follows() -> None:
    early = [{**YEARS[0], "served": 100.0}, *YEARS[1:]]
    assert headline({**SUMMARY, "stages": {"primary": {"years": early}}}).startswith("In 2027, 220 of")
    assert (
        headline({"stages": {"primary": {"years": early[:1]}}})
        == "In 2024, 900 of 1,000 children have no place in reach"
    )


def test_what_is_not_recommended_is_said_beside_the_finding() -> None:
    new = [{**row, "recommended": k > 0} for k, row in enumerate(SITING["new"])]
    some = {**SUMMARY, "siting": {"new": new}}
    assert siting_reserve(some, "en", stage="primary").startswith(
        "Not recommended as they stand: 1 of the 2 proposals"
    )
    weak = [{**row, "recommended": 0} for row in new]
    assert siting_reserve({"siting": {"new": weak}}, "zh", stage="primary").startswith("本学段2项建议均存在不利因素")
    assert siting_reserve({"siting": {"new": weak[:1]}}, "en", stage="primary").startswith("The only proposal")
    assert (
        siting_reserve({"siting": {"new": weak[:1]}}, "en", stage="junior")
        == siting_reserve({}, "en", stage="x")
        == ""
    )


def test_the_finding_speaks_of_the_worst_year_the_proposals_change() -> None:
    late = {"stage": "primary", "year": 2035, "served_before": 860.0, "served_after": 890.0}
    none = {**late, "year": 2027, "served_before": 980.0, "served_after": 980.0}
    said = headline(SUMMARY, siting={**SITING, "years": [2027, 2035], "effect": [none, late]})
    assert said.startswith("In 2035, 40 of 900 children") and said.endswith("would leave 10")


def test_a_nine_year_school_counts_with_the_places_it_gives_the_stage() -> None:
    row = {"stage": "primary;junior", "places": 550.0, "places_by_stage": '{"junior": 100.0, "primary": 450.0}'}
    assert headline(SUMMARY, siting={"new": [row]}).endswith(
        "proposed: one new nine-year school with 450 primary places"
    )
    assert headline(SUMMARY, "zh", siting={"new": [row, row]}).endswith(
        "建议新建九年一贯制学校2所（其中小学学位900个）"
    )
    first = {**SUMMARY, "siting": {"years": [2024, 2035]}}
    assert headline(first).startswith("In 2035, 40 of 900 children"), "only years planned for are spoken of"


def test_a_stage_nobody_plans_for_is_not_said_to_have_no_way() -> None:
    siting = {"new": [], "stages": ["junior"]}
    assert headline(SUMMARY, siting=siting).endswith("children have no place in reach")


def test_the_finding_never_says_more_than_is_known() -> None:
    assert headline(SUMMARY, siting={"new": []}).endswith("no way to give them one was found")
    assert headline(SUMMARY, siting={"not_computed": "no table"}).endswith("children have no place in reach")
    assert headline(SUMMARY, siting={}).endswith("children have no place in reach")
    assert headline({"stages": {"primary": {}}}) == "How many places will be missing is not computed"
    unstated = {"schools": 2, "schools_places_unknown": 2, "years": YEARS}
    assert headline({"stages": {"primary": unstated}}).startswith("No school states its places")
    enough = [{**row, "served": row["pupils"]} for row in YEARS]
    assert headline({"stages": {"primary": {"years": enough}}}) == (
        "From 2024 to 2035 all children have a place in reach in every year counted"
    )


def test_those_without_a_place_are_the_three_other_accounts_or_what_is_left() -> None:
    assert without_place({"in_reach_no_place": 1.0, "out_of_reach": 2.0, "off_network": 3.0, "pupils": 99.0}) == 6.0
    assert without_place({"pupils": 10.0, "served": 4.0}) == 6.0
    assert without_place({"pupils": 10.0, "served": math.nan}) is None


def test_a_proposal_says_what_where_when_for_whom_and_for_how_much() -> None:
    assert english(ROW) == [
        "Build a primary school with 12 classes and 540 places on the reserved plot Mill Lane, to open in 2027.",
        "The site has 12,000 m².",
        "In 2027, 200 more children have a place they can walk to: 1,180 with every proposal, 980 with all but this "
        "one.",
        "Its pupils walk 310 m on average.",
        "It costs about 41.2 million yuan; the unit costs are planning assumptions.",
        "That is 206,000 yuan for each of the 200 who gain a place.",
        "Share of its 540 places used: 90 % in 2027 and 55 % in 2035.",
        "In 2035, fewer than 60 % of its 540 places are used.",
        "No siting check was made.",
    ]
    told = [note.text for note in proposal_sentences(ROW, "zh", low_load=0.6)]
    assert told[:2] == [
        "在预留教育用地“Mill Lane”新建小学，12个班、学位540个，2027年建成招生。",
        "用地12,000平方米（18亩）。",
    ]
    assert "造价约4,120万元（单价为规划假定）。" in told and "540个学位的使用率：2027年90%、2035年55%。" in told


def test_every_decision_and_kind_of_land_is_told_as_what_it_is() -> None:
    assert english(ROW, kind="search_area", name="Search area 4")[0].startswith(
        "Look for land near Search area 4 for a"
    )
    assert not any("site has" in line for line in english(ROW, kind="search_area"))
    assert english(ROW, kind="site")[0].startswith(
        "Build a primary school with 12 classes and 540 places on Mill Lane"
    )
    assert english(ROW, decision="enlarge", classes=1.0, places=45.0)[0] == (
        "Add one primary class with 45 places to Mill Lane, to open in 2027."
    )
    assert english(ROW, decision="convert")[0].startswith("Convert Mill Lane to a primary school")
    assert "nine-year school" in english(ROW, stage="primary;junior")[0]


def test_costs_of_the_county_are_said_to_be_its_own() -> None:
    assert "It costs 41.2 million by the county's own unit costs." in english(
        ROW, cost_assumed=False, cost_unit="plan"
    )
    assert "That is 206,000 for each of the 200 who gain a place." in english(
        ROW, cost_assumed=False, cost_unit="plan"
    )


def test_unknown_is_said_and_nothing_is_made_of_it() -> None:
    unknown = dict.fromkeys(("cost", "pupils_before", "walk_m_mean", "load_2027", "load_2035", "site_m2"), math.nan)
    assert english(ROW, **unknown)[1:] == [
        "How large the site is, is not known.",
        "How many more children it would give a place is not known.",
        "What it costs is not known.",
        "No siting check was made.",
    ]
    assert english(ROW, pupils_gained=0.0)[2].startswith("In 2027, no more children have a place they can walk to")
    assert "not known" in english(ROW, year=math.nan)[0]


def test_loads_fall_hold_or_overflow() -> None:
    assert english(ROW, load_2035=0.6)[-2].startswith("In every year counted up to 2035 at least 60 %")
    assert "In 2027, there are more pupils than places." in english(ROW, load_2027=1.2)
    assert not any("fewer than" in note.text for note in proposal_sentences(ROW, "en"))
    assert loads(ROW) == {2027: 0.9, 2035: 0.55}


def test_checks_are_counted_by_verdict_from_lists_and_from_json() -> None:
    checks = [{"rule": "rail", "verdict": "pass"}, {"rule": "road", "verdict": "conditional"}, {"verdict": "fail"}]
    for held in (checks, json.dumps(checks), tuple(checks)):
        assert check_counts({"checks": held}) == {
            "pass": 1, "conditional": 1, "fail": 1, "unknown": 0, "not_evaluated": 0
        }  # fmt: skip
        assert (
            english(ROW, checks=held)[-1]
            == "Siting checks (3): 1 passed, 1 met only with measures taken and 1 failed."
        )
    assert nested(None) == nested("") == nested(math.nan) == []


def test_reasons_for_and_against_are_told_apart_and_unknown_codes_left_out() -> None:
    row = {
        **ROW,
        "reasons": [
            {"code": "gains_pupils", "params": {"pupils": 200.0, "base": 220.0, "year": 2027}},
            {"code": "load_low", "params": {"year": 2035, "load": 0.55}},
            {"code": "of_tomorrow", "params": {}},
            {"code": "cost_high", "params": {}},
        ],
    }
    assert [plain(note.text) for note in reason_sentences(row, "en", against=False)] == [
        "In 2027, of 220 children without a place they can walk to, it gives 200 one."
    ]
    assert [note.code for note in reason_sentences(row, "en", against=True)] == ["load_low", "look_at"]
    ways = [{"code": "look_at_bus", "params": {}}, {"code": "look_at_enlarge", "params": {}}]
    (instead,) = reason_sentences({**ROW, "reasons": ways}, "en", against=True)
    assert instead.text == "Look first at a school bus and more classes in schools there are."


def test_a_deficit_is_of_the_stage_that_is_short_not_of_the_whole_school() -> None:
    params = {"area": "North", "year": 2027, "places": 90.0, "stage": "junior"}
    row = {**ROW, "stage": "primary;junior", "reasons": [{"code": "first_deficit", "params": params}]}
    assert [note.text for note in reason_sentences(row, "en")] == [
        "North is first short of junior secondary places in 2027: 90 are missing."
    ]
    assert reason_sentences(row, "zh")[0].text == "North在2027年首次出现初中学位缺口，当年缺90个。"


def test_every_reason_code_has_its_sentence_in_both_languages() -> None:
    params = {
        "pupils": 3, "base": 9, "year": 2027, "area": "North", "places": 4, "name": "River Gardens", "metres": 120,
        "load": 0.4, "classes": 4, "minimum": 12, "cost_per_pupil": 9e5, "ceiling": 5e5, "rule": "rail",
    }  # fmt: skip
    found = [code.removeprefix("siting_reason_") for code in codes() if code.startswith("siting_reason_")]
    row = {**ROW, "reasons": [{"code": code, "params": params} for code in found]}
    for language in LANGUAGES:
        assert [note.code for note in reason_sentences(row, language)] == [*found, "look_at"]


def test_alternatives_say_how_much_less_they_give() -> None:
    others = [
        {"name": "Old market", "pupils_gained": 180.0},
        {"site_id": "P9", "pupils_gained": 200.0},
        {"site_id": "P8", "pupils_gained": 0.0},
    ]
    assert alternative_sentences({**ROW, "alternatives": others}, "en") == [
        "Old market would give 180 children a place, 20 fewer.",
        "P9 would give as many children a place (200).",
    ]
    assert alternative_sentences(ROW, "zh") == ["没有可以替代的其他地点。"]


def test_the_curve_in_words() -> None:
    rows = [
        {"k": 2, "pupils_served": 1190.0, "extra_pupils": 10.0, "cost_per_extra_pupil": 3e6, "gap": 0.03},
        {"k": 0, "pupils_served": 980.0, "extra_pupils": 0.0, "cost_per_extra_pupil": None, "gap": 0.0},
        {"k": 1, "pupils_served": 1180.0, "extra_pupils": 200.0, "cost_per_extra_pupil": 206_150.0, "gap": 0.0},
    ]
    assert [plain(line) for line in marginal_sentences(rows, "en", unit="EUR")] == [
        "The first new school gives 200 more children a place they can walk to in an average year, at 206,000 euros "
        "for each of them.",
        "The last of 2 gives 10 more, at 3 million euros for each of them.",
        "All 2 together: 1,190 children have a place they can walk to in an average year, 210 more than without "
        "them.",
        "This is not proven to be the best choice: another may serve up to 3 % more than 1,190 children in an "
        "average year.",
    ]
    assert marginal_sentences(rows[1:2], "zh") == []
    assert marginal_sentences([{"k": 1, "extra_pupils": 0.0}], "en")[0].startswith(
        "One more school would give nobody"
    )
    assert marginal_sentences([{**rows[2]}], "en")[-1].startswith("No other choice of as many schools serves more")


def test_who_stays_without_and_why() -> None:
    rows = [
        {"area_id": "n", "stage": "primary", "year": 2027, "pupils": 20.0, "reason": "budget"},
        {"area_id": "s", "stage": "junior", "year": 2027, "pupils": 0.2, "reason": "budget"},
        {"area_id": "x", "stage": "junior", "year": 2035, "pupils": 4.0, "reason": "of_tomorrow"},
    ]
    assert unmet_sentences(rows, "en", areas={"n": "North"}) == [
        "North: in 2027, 20 children stay without a place they can walk to, because the budget does not suffice.",
        "x: in 2035, 4 pupils stay without a place they can walk to, because the reason is not known.",
    ]


def test_what_cannot_be_met_is_named() -> None:
    rows = [
        {"code": "forced_unusable", "params": {"site_id": "P3", "reason": "fails"}},
        {"code": "budget_below_cheapest", "params": {"budget": 2e6, "cost": 31.2e6}},
        {"code": "places_unknown", "params": {"stage": "junior", "schools": 3}},
        {"code": "requirements_conflict", "params": {"sites": ["P1", "P2"], "keys": ["budget", "max_new"]}},
        {"code": "of_tomorrow", "params": {}},
    ]
    assert [plain(line) for line in note_sentences(rows, "en")] == [
        "The plan insists on P3, where nothing can be built: it fails a siting check.",
        "The budget of 2 million does not suffice for anything: the cheapest costs 31.2 million.",
        "Places of 3 schools (Junior secondary) are not known and count as none: the need is at most as large as "
        "said.",
        "The sites the plan insists on (P1 and P2) cannot all be had under its budget and largest number of new "
        "schools.",
    ]
    assert "3所学校（初中）" in note_sentences(rows, "zh")[2]


def test_checks_that_are_not_judged_are_no_open_questions() -> None:
    checks = [{"rule": "fuel", "verdict": "unknown", "code": "site_fuel_not_evaluated"}, {"verdict": "pass"}]
    assert english(ROW, checks=checks)[-1] == "Siting checks (2): 1 passed and 1 not judged."


def test_sub_areas_and_milestones() -> None:
    row = {"stage": "primary", "year": 2027, "pupils": 300.0, "places": 280.0, "balance": -20.0, "warning": "short"}
    assert balance_sentence(row, "en", area="North") == "North: in 2027 20 places too few for 300 children."
    assert balance_sentence({**row, "balance": 5.0, "warning": "watch"}, "zh", area="北") == (
        "北：2027年适龄儿童300人，学位仅余5个。"
    )
    unknown = {**row, "balance": math.nan, "warning": "unknown"}
    assert "not known" in balance_sentence(unknown, "en", area="North")
    assert plain(milestone_sentence(YEARS[2], "en")) == (
        "2035: of 900 children, 860 have a place in reach (96 %). 55 % of these 900 were not born when residents "
        "were counted."
    )
    assert "尚不清楚" in milestone_sentence({**YEARS[2], "served": None}, "zh")


def test_a_search_cut_off_by_time_is_said() -> None:
    def told(*stopped: str) -> list[str]:
        siting = {**SITING, "stopped": list(stopped)}
        return [note.code for note in siting_care({"siting": siting}, "zh", stage="primary")]

    assert "siting_care_time" in told("time") and "siting_care_time" not in told("rounds")


def test_costs_of_two_kinds_of_money_are_said_not_to_add_up() -> None:
    own, ours = {**ROW, "cost_unit": "plan", "cost_assumed": False}, {**ROW, "cost_unit": "CNY", "cost_assumed": True}

    def told(*rows: dict[str, object]) -> bool:
        return "siting_care_money" in [note.code for note in siting_care({}, "zh", stage="primary", proposals=rows)]

    assert told(own, ours) and not told(own, own) and not told(ours, ours)
    assert (money_unit([own, ours]), money_unit([ours, ours]), money_unit([])) == (None, "CNY", None)


def test_care_names_the_unborn_the_assumed_the_unproven_and_what_is_no_site() -> None:
    years = [{**row, "norm_ratio": 1.7} for row in YEARS]
    goals = [{"name": "served", "objective": 1190.0, "gap": 0.03}]
    summary = {"stages": {"primary": {"years": years}}, "siting": {**SITING, "goals": goals}}
    row = {**ROW, "checks": [{"verdict": "unknown"}]}
    said = siting_care(
        summary, "en", stage="primary", proposals=[row, {**row, "cost_assumed": False}],
        candidates={"search_area": 9, "site": 1},
    )  # fmt: skip
    assert [plain(note.text) for note in said] == [
        "Of the 900 children expected in 2035, 55 % were not born when residents were counted; with few or many "
        "births there would be 700 to 1,100.",
        "By the norm of places per 1,000 residents 2035 would ask for 1.7 times the places its 900 children need: "
        "births fall, a fixed norm does not.",
        "Need is counted with the schools there are; what is proposed is not in it.",
        "Costs of 1 of 2 proposals rest on unit costs that are planning assumptions, until the county gives its own.",
        "For each of the 2 proposals at least one siting check cannot be answered from the data; ask before "
        "choosing.",
        "9 of 10 candidates are search areas: places along a street where no land is named. They are not sites.",
        "The choice is not proven best: another may serve up to 3 % more than 1,190 children in an average year.",
    ]
    assert siting_care({}, "zh", stage="primary") == []


@pytest.mark.parametrize(
    ("amount", "english_form", "chinese"),
    [(850, "850", "850"), (206_150, "206,000", "20.6万"), (41_230_000, "41.2 million", "4,120万"),
     (1_240_000_000, "1,240 million", "12.4亿"), (99_960, "100,000", "10万"), (None, "not known", "不详")],
)  # fmt: skip
def test_money(amount: float | None, english_form: str, chinese: str) -> None:
    assert (plain(money(amount, "en")), money(amount, "zh")) == (english_form, chinese)


def test_land_and_lists() -> None:
    assert (plain(area(2000, "en")), area(2000, "zh")) == ("2,000 m²", "2,000平方米（3亩）")
    assert listing(["a", "b", "c"], "en") == "a, b and c" and listing(["甲", "乙"], "zh") == "甲、乙"
    assert listing([], "en") == "" and listing(["a"], "zh") == "a"
