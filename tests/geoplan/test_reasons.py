"""Sentences: the same codes in both languages, figures with their base, and nothing said that is not known."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan import reasons
from geoplan import standards as st
from geoplan.errors import NotFoundError
from geoplan.reasons.catalogue import catalogue, placeholders
from geoplan.reasons.figures import WRITERS, clause, document

NARROW = "\u202f"
TOWN = {"id": "neutral.walk.primary", "setting": "town", "grades": "1-3", "metric": "network", "value": 500}
SUMMARY: dict[str, Any] = {
    "residents": 38367,
    "pupils": 2214,
    "schools": 9,
    "places": 2000,
    "places_assumed": 0,
    "walk_share": 0.79,
    "radius_share": 0.88,
    "rules": [TOWN],
    "accounts": {"served": 1571.6, "in_reach_no_place": 177.2, "out_of_reach": 443.0, "off_network": 22.2},
    "walk_m": {"mean": 318.2, "median": 300.0, "p95": 490.0},
}


def plain(text: str) -> str:
    """Narrow spaces as plain ones."""
    return text.replace(NARROW, " ")


def english(summary: dict[str, Any], **changes: Any) -> str:
    """Headline for primary schools in English."""
    return plain(reasons.headline({**summary, **changes}, "en", stage="primary"))


def chinese(summary: dict[str, Any], **changes: Any) -> str:
    """Headline for primary schools in Chinese."""
    return reasons.headline({**summary, **changes}, "zh", stage="primary")


def test_both_languages_hold_the_same_codes_and_places() -> None:
    one, two = catalogue("en"), catalogue("zh")
    assert set(one) == set(two)
    for group in ("sentence", "fraction", "form"):
        assert list(one[group]) == list(two[group]), group
        for code in one[group]:
            names = [{name for name, _ in placeholders(book[group][code])} for book in (one, two)]
            spare = names[0] ^ names[1]
            assert not spare - {"base", "share", "children", "force", "grades"} or group == "form", (code, spare)
            if group == "sentence":
                assert not spare, (code, spare)
    assert {group: list(words) for group, words in one["term"].items()} == {
        group: list(words) for group, words in two["term"].items()
    }


@pytest.mark.parametrize("language", reasons.LANGUAGES)
def test_every_place_has_a_kind_that_can_be_written(language: str) -> None:
    book = catalogue(language)
    for code, template in {**book["sentence"], **book["fraction"]}.items():
        for _, kind in placeholders(template):
            assert not kind or kind in WRITERS or kind.removeprefix("term.") in book["term"], (code, kind)


@pytest.mark.parametrize("language", reasons.LANGUAGES)
def test_every_sentence_can_be_said(language: str) -> None:
    sample = {"setting": "town", "force": "should", "confidence": "secondary"}
    sample |= dict.fromkeys(("stage", "before", "after"), "primary")
    for code in reasons.codes():
        names = {name for name, _ in placeholders(catalogue(language)["sentence"][code])}
        said = reasons.sentence(code, language, **{name: sample.get(name, 0.25) for name in names})
        assert said and "{" not in said


def test_chinese_sentences_hold_no_english_prose() -> None:
    for code, template in catalogue("zh")["sentence"].items():
        words = re.sub(r"\{[^}]*\}", "", template)
        assert not re.search(r"[A-Za-z]{3,}", words), code
        assert not re.search(r"[,;:!?]", words), f"{code}: use Chinese punctuation"


def test_headline_says_a_fraction_where_one_is_near_and_else_a_percentage_with_its_base() -> None:
    assert english(SUMMARY) == "Four in five children live within 500 m on foot of a primary school"
    assert chinese(SUMMARY) == "小学步行500米范围覆盖五分之四的适龄儿童"
    assert english(SUMMARY, walk_share=0.63).startswith("63 % of the 2,214 children live")
    assert chinese(SUMMARY, walk_share=0.63) == "小学步行500米范围覆盖2,214名适龄儿童中的63%"
    assert english(SUMMARY, walk_share=0.5).startswith("Half of the children live")
    assert english(SUMMARY, walk_share=0.999).startswith("Nearly all children")
    assert english(SUMMARY, walk_share=1.0).startswith("All children")
    assert english(SUMMARY, walk_share=0.004).startswith("Hardly any children")
    assert (
        english(SUMMARY, walk_share=0.0) == "None of the 2,214 children live within walking reach of a primary school"
    )


def test_headline_follows_the_rules_in_use() -> None:
    half_hour = {**TOWN, "setting": "rural", "metric": "time", "value": 30}
    free = {**TOWN, "metric": "none", "value": None, "limit_m": 5000}
    assert "each by the limit that applies to them" in english(SUMMARY, rules=[TOWN, half_hour])
    assert "within a 30-minute walk of a primary school" in english(SUMMARY, rules=[half_hour])
    assert "小学步行30分钟范围" in chinese(SUMMARY, rules=[half_hour])
    assert "is not computed" in english(SUMMARY, rules=[free], served_by={})
    assert "each by the limit" in english(SUMMARY, rules=[TOWN, free])


FREE = {**TOWN, "metric": "none", "value": None, "limit_m": 10_000}


def test_without_a_limit_nobody_is_said_to_live_beyond_one() -> None:
    far = {**SUMMARY, "rules": [FREE], "served_by": {"walk": 1500.2, "bus": 71.4}}
    assert english(far).endswith("of the 1,500 children who have a place and walk, half walk 300 m or less")
    near = {**far, "nearest_m": {"median": 900.0}}
    assert english(near).endswith("half of the 2,214 children live within 900 m on foot of the nearest")
    assert chinese(near) == "小学未规定距离标准；2,214名适龄儿童中，半数距最近的小学步行不超过900米"
    said = plain(" ".join(reasons.account_sentences(near, "en", stage="primary")))
    assert "For 443 of 2,214 children no primary school was found within the search distance of 10 km on foot" in said
    assert "limit" not in said
    both = [plain(line) for line in reasons.both_ways(near, "en", stage="primary")]
    assert both == ["No limit is set; 79 % of the 2,214 children have a primary school within the search distance of "
                    "10 km on foot."]  # fmt: skip
    assert "直线" not in reasons.both_ways(near, "zh", stage="primary")[0]


def test_a_straight_rule_is_said_as_it_is_counted_on_foot() -> None:
    straight = {**SUMMARY, "rules": [{**TOWN, "metric": "straight"}]}
    rule = plain(reasons.rule_sentences(straight["rules"], "en")[0])
    assert rule.startswith("500 m on foot (the rule’s 500 m is a straight line)")
    said = [plain(line) for line in reasons.account_sentences(straight, "en", stage="primary")]
    assert said[2] == "443 of 2,214 children live farther than 500 m on foot from any primary school (20 %)."
    chinese_said = "".join(reasons.account_sentences(straight, "zh", stage="primary"))
    assert "443人到各小学的步行距离均超过500米" in chinese_said and "标准" not in chinese_said
    half_hour = {**TOWN, "metric": "time", "value": 30}
    differ = reasons.account_sentences({**SUMMARY, "rules": [TOWN, half_hour]}, "zh", stage="primary")[2]
    assert "均超过其适用距离" in differ
    timed = reasons.account_sentences({**SUMMARY, "rules": [half_hour]}, "en", stage="primary")[2]
    assert "more than a 30-minute walk from any primary school" in timed


def test_headline_without_figures_says_so_and_never_guesses() -> None:
    assert reasons.headline({}, "en") == "No children of school age live here"
    assert english(SUMMARY, schools=0).startswith("No primary school is known here")
    assert "not computed" in english({"pupils": 10.0, "rules": [TOWN]})
    assert english({"pupils": 10.0, "rules": [TOWN], "reach": {"500": 8.0}}).startswith("Four in five")
    assert "not computed" in english(SUMMARY, walk_share=math.nan)


def test_private_schools_are_named_where_no_other_is_there() -> None:
    private = {"schools": 3, "places": 810.0, "served": 0.0, "recruiting": False}
    found = {**SUMMARY, "schools": 0, "ownership": {"private": private}}
    assert english(found).startswith(
        "No public or purchased primary school is known here, only 3 private with 810 pl"
    )
    assert chinese(found).startswith("区域内无公办或政府购买学位的小学，仅有民办3所、学位810个")
    unknown = {**found, "ownership": {"private": {**private, "places": None}}}
    assert "3 private whose places are not known" in english(unknown)
    assert english({**found, "ownership": {"private": {"schools": 0}}}).startswith("No primary school is known")
    assert "care_private" in care(ownership={"private": private})
    assert "care_private" not in care(ownership={"private": {**private, "recruiting": True}})


def test_accounts_add_up_to_the_children_in_whole_numbers() -> None:
    said = [plain(line) for line in reasons.account_sentences(SUMMARY, "en", stage="primary")]
    assert said[0] == "1,572 of 2,214 children have a place in reach (71 %)."
    counts = [int(re.match(r"[\d,]+", line)[0].replace(",", "")) for line in said[:4]]  # type: ignore[index]
    assert sum(counts) == 2214
    assert (
        said[4] == "Those with a place walk 318 m on average; half walk 300 m or less, one in twenty more than 490 m."
    )
    assert reasons.account_sentences({"pupils": 5}, "en") == []


def test_accounts_with_nobody_in_them_are_not_said_but_served_is() -> None:
    accounts = {"served": 0.0, "in_reach_no_place": 0.0, "out_of_reach": 10.0, "off_network": 0.0}
    said = reasons.account_sentences({"accounts": accounts}, "zh", stage="primary")
    assert said == [
        "10名适龄儿童中，0人在可达范围内有学位，占0%。",
        "10名适龄儿童中，10人到各小学的步行距离均超过其适用距离，占100%。",
    ]


def test_assumed_places_make_a_range() -> None:
    said = reasons.account_sentences({**SUMMARY, "served_range": [1460, 1640]}, "en", stage="primary")
    assert "between 1,460 and 1,640, 66 % to 74 % of 2,214." in plain(said[4])


def test_unknown_places_are_neither_good_nor_bad() -> None:
    accounts = {"served": 0.0, "in_reach_no_place": 645.0, "out_of_reach": 155.0, "off_network": 0.0}
    unknown = {"pupils": 800.0, "schools": 3, "schools_places_unknown": 3, "places": None, "accounts": accounts}
    for enrolment in ("capacity", "nearest"):
        found = {**unknown, "enrolment": enrolment, "served_range": [0, 645], "rules": [TOWN]}
        said = [plain(line) for line in reasons.account_sentences(found, "en", stage="primary")]
        assert (
            said[0]
            == "645 of 800 children have a school in reach; whether it has a place for them is not known (81 %)."
        )
        assert len(said) == 2 and "farther than 500 m" in said[1]
        chinese_said = "".join(reasons.account_sentences(found, "zh", stage="primary"))
        assert "学位数不详" in chinese_said and "已满" not in chinese_said
    assert reasons.places_known(SUMMARY) and reasons.places_known({"schools": 0, "places": None})
    nearest = reasons.account_sentences({**SUMMARY, "enrolment": "nearest"}, "en", stage="primary")[1]
    assert "the nearest one has no place left" in nearest


def test_a_shortfall_on_foot_is_no_breach_of_a_straight_line_code() -> None:
    straight = {**TOWN, "metric": "straight"}
    said = [plain(line) for line in reasons.both_ways({**SUMMARY, "rules": [straight]}, "en", stage="primary")]
    assert said[0].startswith("88 % of the 2,214 children live within 500 m of a primary school in a straight line, ")
    assert said[0].endswith(", 79 % within 500 m on foot.")
    assert "no breach" in said[1]
    assert len(reasons.both_ways(SUMMARY, "en")) == 1
    unsaid = {**TOWN, "flags": ["metric_unspecified"]}
    assert "both readings" in reasons.both_ways({**SUMMARY, "rules": [unsaid]}, "en")[1]
    assert reasons.both_ways({"pupils": 10}, "en") == []


def care(**changes: Any) -> dict[str, str]:
    """Notes by code, in English."""
    quiet = {**SUMMARY, "accounts": {**SUMMARY["accounts"], "off_network": 0.0}}
    return {note.code: plain(note.text) for note in reasons.care_notes({**quiet, **changes}, "en", stage="primary")}


def test_nothing_to_take_care_of_is_silent() -> None:
    assert care() == {}
    assert reasons.care_notes({}, "zh") == []


def test_every_caution_has_its_reason() -> None:
    assert set(care(places_assumed=300)) == {"care_places_assumed"}
    assert set(care(places_assumed=500)) == {"care_places_range"}
    assert set(care(schools_places_unknown=2)) == {"care_places_unknown"}
    assert set(care(places=None)) == set(care(places=0, schools_places_unknown=9)) == {"care_places_all_unknown"}
    assert set(care(invented=True)) == {"care_invented"}
    assert set(care(edge={"pupils_near_edge": 60, "closed": 50, "open": 110})) == {"care_edge_both"}
    assert set(care(edge={"pupils_near_edge": 60})) == {"care_edge"}
    assert set(care(resolution={"side_m": 200, "limit_m": 500})) == {"care_resolution"}
    assert set(care(completeness={"share_300m": 0.8, "threshold": 0.9})) == {"care_completeness"}
    assert care(completeness={"share_300m": 0.95, "threshold": 0.9}) == {}
    assert set(care(accounts=SUMMARY["accounts"])) == {"care_off_network"}


def test_unknown_owners_are_said_with_their_number() -> None:
    assert care(schools_ownership_unknown=4)["care_ownership_unknown"].startswith(
        "Whether a school is public or private"
    )
    assert "4 of 9 schools" in care(schools_ownership_unknown=4)["care_ownership_unknown"]
    assert care(schools_ownership_unknown=0) == {}


def test_a_figure_is_the_same_among_the_accounts_and_in_the_notes() -> None:
    accounts = {"served": 100.4, "in_reach_no_place": 0.4, "out_of_reach": 30.3, "off_network": 132.5}
    found = {"pupils": 263.6, "schools": 1, "accounts": accounts}
    note = next(note for note in reasons.care_notes(found, "en") if note.code == "care_off_network")
    count = reasons.rounded(accounts)["off_network"]
    assert count == 133 and note.text.startswith("133 of 264")
    tied = {**accounts, "out_of_reach": 30.6, "served": 100.8, "in_reach_no_place": 0.7}
    note = next(note for note in reasons.care_notes({**found, "accounts": tied}, "en") if "off" in note.code)
    assert note.text.startswith(f"{reasons.rounded(tied)['off_network']} of ")
    edge = {"pupils_near_edge": 60, "closed": 100.4, "open": 120.0, "closed_accounts": accounts}
    said = care(edge={**edge, "open_accounts": tied})["care_edge_both"]
    first, second = (reasons.rounded(part)["served"] for part in (accounts, tied))
    assert f"{first} have a place" in said and f"{second} counting" in said


def test_enrolment_far_from_the_residents_must_be_explained() -> None:
    text = care(reconciliation={"modelled": 2214, "enrolled": 1500, "ratio": 1500 / 2214})["care_reconciliation"]
    assert "1,500 pupils where 2,214 residents" in text and "68 %" in text
    assert care(reconciliation={"ratio": 1.1}) == {}
    assert set(care(reconciliation={"ratio": 1.11})) == {"care_reconciliation_ratio"}
    county = st.load("neutral", override={"plan.reconciliation": [0.5, 1.5]})
    wide = {**SUMMARY, "accounts": {}, "reconciliation": {"ratio": 1.11}}
    assert reasons.care_notes(wide, "en", standards=county) == []


def test_limits_that_are_no_law_are_marked() -> None:
    assert set(care(rules=[{**TOWN, "confidence": "assumption"}])) == {"care_limit_assumption"}
    text = care(rules=[{**TOWN, "confidence": "unverified", "source": "GB 1"}])["care_limit_confidence"]
    assert text == "The limit in use (GB 1) is not verified; check it before citing."
    assert set(care(rules=[{**TOWN, "metric": "none", "limit_m": 5000}])) == {"care_no_limit"}


def test_assumptions_of_the_demand_have_sentences_in_both_languages() -> None:
    found = {"ages_assumed": {"source": "geoplan planning assumption"}, "residents_modelled": {}}
    assert set(care(assumptions=found)) == {"ages_assumed", "residents_modelled"}
    assert set(care(assumptions=["residents_modelled", "not_a_code"])) == {"residents_modelled"}
    said = reasons.care_notes({"assumptions": found}, "zh")[0].text
    assert said == "未提供年龄数据，年龄构成采用假定值（geoplan规划假定）。"


def test_fullest_schools_come_first_and_unknown_ones_are_left_out() -> None:
    rows = [
        {"name": "Parc", "load": 0.97, "places": 100},
        {"name": "Stella", "load": 1.18, "places": 270},
        {"name": "Unknown", "load": math.nan, "places": math.nan},
    ]
    assert [plain(line) for line in reasons.fullest(rows, "en")] == [
        "Stella: 118 % of 270 places",
        "Parc: 97 % of 100 places",
    ]
    assert reasons.fullest(rows, "zh", count=1) == ["Stella：学位270个，使用率118%"]


def test_rules_are_said_once_with_their_measure() -> None:
    rules = [{**TOWN, "force": "should"}] * 2 + [
        {**TOWN, "metric": "time", "value": 30, "setting": "rural", "force": "must"}
    ]
    assert [plain(line) for line in reasons.rule_sentences(rules, "en")] == [
        "500 m on foot, town, grades 1-3 (should)",
        "30 minutes on foot, rural, grades 1-3 (must)",
    ]
    assert reasons.rule_sentences(rules, "zh")[0] == "城镇，1-3年级：步行距离500米（宜）"


@pytest.mark.parametrize("profile", st.profiles())
@pytest.mark.parametrize("language", reasons.LANGUAGES)
def test_rules_of_every_profile_can_be_said(profile: str, language: str) -> None:
    standards = st.load(profile)
    for stage in standards.stages:
        found = [rule for setting in st.SETTINGS for rule in st.rules(standards, stage.id, setting)]
        entries = [st.rule_entry(standards, rule) for rule in found]
        assert all("{" not in line for line in reasons.rule_sentences(entries, language))
        summary = {"pupils": 100.0, "walk_share": 0.63, "rules": entries, "walk_m": {"median": 300.0}}
        assert "{" not in reasons.headline(summary, language, stage=stage.id)


def test_figures() -> None:
    assert reasons.people(2213.5, "en") == "2,214"
    assert plain(reasons.metres(500.4, "en")) == "500 m"
    assert plain(reasons.metres(12340, "en")) == "12.3 km"
    assert reasons.metres(12340, "zh") == "12.3公里"
    assert reasons.minutes(1, "en") == "1 minute"
    assert reasons.minutes(27.8, "zh") == "27.8分钟"
    assert plain(reasons.share(0.71, 2214, "en")) == "71 % of 2,214"
    assert reasons.share(0.71, 2214, "zh") == "71%（基数2,214）"
    for write in (reasons.people, reasons.metres, reasons.minutes, reasons.percent, reasons.decimal):
        assert write(None, "en") == write(math.nan, "en") == "not known"
        assert write(None, "zh") == "不详"


def test_a_percentage_is_never_rounded_to_none_or_all() -> None:
    assert plain(reasons.percent(0.001, "en")) == "under 1 %"
    assert plain(reasons.percent(0.999, "en")) == "over 99 %"
    assert reasons.percent(0.999, "zh") == "超过99%"
    assert plain(reasons.percent(1.18, "en")) == "118 %"
    assert plain(reasons.percent(0, "en")) == "0 %"


@settings(max_examples=80, deadline=None)
@given(some.lists(some.floats(0, 1e6), max_size=6))
def test_whole_numbers_keep_their_rounded_sum(amounts: list[float]) -> None:
    counts = reasons.whole(amounts)
    assert sum(counts) == math.floor(sum(amounts) + 0.5)
    assert all(abs(count - amount) < 1 for count, amount in zip(counts, amounts, strict=True))


def test_places_in_documents_are_said_in_the_language_of_the_page() -> None:
    assert document("义务教育法", "Art. 15", "zh") == "义务教育法 第15条"
    assert document("Education Act 1996", "s.444(5)", "en") == "Education Act 1996 s. 444(5)"
    assert clause("Tab 4-1(1) basic", "zh") == "表4-1(1) 基本指标"
    assert (clause("4.1.6", "zh"), clause("siting", "zh"), clause(None, "zh")) == ("4.1.6", "选址", "")


def test_no_clause_of_a_chinese_profile_is_left_in_english() -> None:
    norms = st.load("cn").norms.values()
    left = {norm.clause for norm in norms if re.search(r"[a-z]{2}", clause(norm.clause, "zh"))}
    assert left == set()


def test_terms_and_unknown_keys() -> None:
    assert reasons.term("account.in_reach_no_place", "zh") == "可达但无学位"
    assert reasons.term("ownership.purchased", "en") == "places bought from private schools"
    for key in ("account.nobody", "nothing.at_all", "plain"):
        with pytest.raises(NotFoundError):
            reasons.term(key, "en")
    with pytest.raises(NotFoundError):
        reasons.sentence("nothing", "en")
    with pytest.raises(NotFoundError, match="en, zh"):
        reasons.term("stage.primary", "fr")
