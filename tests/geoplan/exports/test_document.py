"""The proposal as data: complete in both languages, its figures those of the run, a draft until it is answered."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from geoplan.errors import PlanError
from geoplan.exports.document import CHAPTERS, document
from geoplan.exports.document.nested import records
from geoplan.exports.document.parts import Document, Picture, Table, Text
from geoplan.exports.document.proposals import low_load
from geoplan.exports.document.words import catalogue, phrase
from geoplan.reasons.catalogue import placeholders
from geoplan.reasons.siting import proposal_sentences, reason_sentences
from geoplan.run import Run
from tests.geoplan.exports.runs import answered, proposal_run
from tests.toytown import toytown_run


@pytest.fixture(scope="module")
def run() -> Run:
    return proposal_run()


def texts(made: Document, key: str) -> list[str]:
    return [block.text for block in made.section(key).blocks if isinstance(block, Text)]


def table(made: Document, key: str, name: str) -> list[list[str]]:
    found = next(b for b in made.section(key).blocks if isinstance(b, Table) and b.key == name)
    return [[cell.text for cell in row] for row in found.rows]


def test_every_word_is_there_in_both_languages() -> None:
    for group, words in catalogue().items():
        for key, pair in words.items():
            assert set(pair) == {"en", "zh"} and all(pair.values()), f"{group}.{key}"
            assert placeholders(pair["en"]) == placeholders(pair["zh"]), f"{group}.{key}"
            assert not re.search(r"[一-鿿]", pair["en"]), f"{group}.{key}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_chapters_stand_in_order_and_none_is_empty(run: Run, language: str) -> None:
    made = document(run, language)
    assert [section.key for section in made.sections] == [chapter.__name__ for chapter in CHAPTERS]
    for section in made.sections:
        assert section.blocks, section.key
        for block in section.blocks:
            if isinstance(block, Table):
                assert block.rows and {len(row) for row in block.rows} == {len(block.columns)}, block.key


def test_chinese_documents_speak_chinese(run: Run) -> None:
    made = document(run, "zh")
    english = {
        text
        for section in made.sections
        for text in texts(made, section.key)
        if len(re.findall(r"[A-Za-z]{3,}", text)) > 6
    }
    assert not english
    heads = [c.title for s in made.sections for b in s.blocks if isinstance(b, Table) for c in b.columns]
    assert not [head for head in heads if not re.search(r"[一-鿿]", head)]


def test_accounts_add_up_to_the_pupils(run: Run) -> None:
    made = document(run, "en")
    found = next(b for b in made.section("summary").blocks if isinstance(b, Table) and b.key == "accounts")
    for row in found.rows:
        pupils, _, *parts = (cell.number or 0.0 for cell in row[1:])
        assert sum(parts) == pupils


def test_proposals_carry_reasons_checks_and_alternatives(run: Run) -> None:
    made = document(run, "en")
    said = texts(made, "proposals")
    assert said[0] == "2 proposals with 370 places together."
    more = "Primary: in 2027, 139 of 144 pupils have a place in reach with all proposals carried out, 99 without them"
    assert said[1] == f"{more}: 40 more."
    assert said.index("1. 河东地块") < said.index("Recommended.") < said.index("2. Junior school")
    assert said.index("2. Junior school") < said.index("Shown, not recommended.")
    for note in proposal_sentences(records(run, "proposals")[1], "en", low_load=low_load(run)):
        assert note.text in said
    best, other = sorted(records(run, "proposals"), key=lambda row: row["rank"])
    (why,), (against,) = (reason_sentences(row, "en") for row in (best, other))
    assert why.text in said and against.text in said and "16" in against.text
    checks = table(made, "proposals", "checks_P1")
    whole = table(made, "appendix", "all_checks_P1")
    assert [row[1] for row in whole] == ["met only with measures", "passed", "passed"] and checks == whole[:1]
    assert whole[2][0] == "The land lies 345\u202fm from the railway, at least 300\u202fm are asked for."
    assert checks[0][2:] == ["71\u202fm", "80\u202fm", "GB 50099-2011", "seen in the official text"]
    assert "Mill would give 47 children a place, 5 fewer." in said
    assert table(made, "proposals", "load_P1")[0][-2:] == ["61\u202f%", "48\u202f%"]


def test_need_names_the_first_year_of_a_deficit(run: Run) -> None:
    made = document(run, "en")
    assert "Primary: fewer places than pupils from 2027 on in North." in texts(made, "need")
    rows = table(made, "need", "balance_primary")
    assert rows[1] == ["North", "25", "20", "−5", "−5", "−5", "−7 … −2", "2027"]
    assert rows[0] == ["Town", "120", "270", "150", "150", "150", "138 … 162", "–"]
    housing = table(made, "need", "housing_need")
    assert housing[0][0] == "New quarter" and housing[0][-2:] == ["not met", "2027"]
    assert "1 of 1 obligations are not met." in texts(made, "need")


def test_an_obligation_counts_once_for_all_phases_and_years(run: Run) -> None:
    one = run.tables["housing_need"]
    owing = one[one["obligation"] == "yes"].assign(project="H1")
    phases = [owing.assign(housing_id=key, year=year, need=need) for key, year, need in
              (("H1", 2027, 20.0), ("H1", 2035, 30.0), ("H9", 2027, 1.0), ("H9", 2035, 0.0))]  # fmt: skip
    twice = replace(run, tables={**run.tables, "housing_need": pd.concat(phases, ignore_index=True)})
    made = document(twice, "en")
    assert "1 of 1 obligations are not met." in texts(made, "need")
    assert [row[2] for row in table(made, "need", "housing_need")] == ["2035", "2027"]  # where need is greatest


def test_effect_gives_before_and_after(run: Run) -> None:
    made = document(run, "en")
    first = table(made, "effect", "effect")[0]
    assert first == ["Primary", "2027", "144", "99", "139", "40", "5", "300\u202fm", "280\u202fm"]
    assert table(made, "effect", "marginal")[1] == ["1", "196", "52", "30,000,000", "576,923", "0\u202f%"]
    goals = [text for text in texts(made, "effect") if "best possible" in text]
    assert "proven the best possible" in goals[0] and "the best possible is at most 50,000" in goals[1]
    assert table(made, "proposals", "unmet") == [["Primary", "North", "12", "no site is in reach of them"]]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_not_computed_is_said(language: str) -> None:
    bare = toytown_run()
    left = ("proposals", "housing_need", "milestones", "places_balance")
    run = replace(
        bare,
        tables={name: found for name, found in bare.tables.items() if name not in left},
        summary={key: found for key, found in bare.summary.items() if key not in ("siting", "safety")},
    )
    made = document(run, language)
    what = {
        "summary": "what_milestones",
        "need": "what_balance",
        "proposals": "what_proposals",
        "effect": "what_effect",
        "safety": "what_safety",
    }
    for chapter, key in what.items():
        assert phrase("not_computed", language, what=phrase(key, language)) in texts(made, chapter), chapter
    assert table(made, "need", "balance_primary")


def test_why_nothing_was_computed_is_told(run: Run) -> None:
    tables = {name: found for name, found in run.tables.items() if name != "proposals"}
    why = {"not_computed": "residents_modelled"}
    made = document(replace(run, tables=tables, summary={**run.summary, "siting": why}), "en")
    assert texts(made, "proposals") == [
        "Not computed: proposals of where schools go, because Residents are modelled from buildings, not counted."
    ]


def with_ratio(run: Run, ratio: float | None) -> Run:
    stages = {
        stage: {**facts, "reconciliation": {"modelled": 100.0, "enrolled": 100 * (ratio or 0), "ratio": ratio}}
        for stage, facts in run.summary["stages"].items()
    }
    return replace(run, summary={**run.summary, "stages": stages})


def test_a_difference_to_enrolment_makes_a_draft_until_it_is_answered(run: Run) -> None:
    outside = with_ratio(run, 0.8)
    made = document(outside, "en")
    assert "2 questions are open" in made.cover.draft
    question = "Primary: 80 pupils are enrolled where 100 residents of the age are counted (ratio 0.8). Why?"
    assert question in texts(made, "reconciliation")
    half = document(answered(outside, "primary"), "en")
    assert "one question is open" in half.cover.draft
    whole = document(answered(outside, "primary", "junior"), "en")
    assert whole.cover.draft == ""
    assert "Primary, answer: Because of primary." in texts(whole, "reconciliation")


@pytest.mark.parametrize(("ratio", "draft"), [(0.9, False), (1.1, False), (0.899, True), (1.101, True), (None, True)])
def test_limits_of_the_ratio_are_inclusive_and_unknown_is_not_good(
    run: Run, ratio: float | None, draft: bool
) -> None:
    assert bool(document(with_ratio(run, ratio), "en").cover.draft) is draft


def test_the_date_is_the_runs_and_never_the_clock(run: Run) -> None:
    assert document(run, "en").cover.date == "2 January 2025"
    assert document(run, "zh").cover.date == "2025年1月2日"
    undated = replace(run, manifest={key: v for key, v in run.manifest.items() if key != "created"})
    assert document(undated, "en").cover.date == "date not recorded"


def test_sources_and_standards_are_listed(run: Run) -> None:
    made = document(run, "en")
    assert table(made, "data", "sources")
    ids = [row[0] for row in table(made, "standards", "standards")]
    assert "cn.radius.primary" in ids and "plan.reconciliation" in ids and ids == sorted(ids)


def test_maps_are_asked_for_by_name(run: Run) -> None:
    sheets = [b.sheet for s in document(run, "zh").sections for b in s.blocks if isinstance(b, Picture)]
    assert sheets == ["need:primary", "need:junior", "proposals"]


def test_a_run_without_stages_is_refused(run: Run) -> None:
    with pytest.raises(PlanError, match="no stage"):
        document(replace(run, summary={**run.summary, "stages": {}}), "en")


def test_control_characters_never_reach_a_document(run: Run) -> None:
    schools = run.tables["schools"].assign(name=["a\x00b\x0bc", "<script>alert(1)</script>", "{{ 7*7 }}"])
    made = document(replace(run, tables={**run.tables, "schools": schools}), "en")
    names = [row[0] for key in ("schools_primary", "schools_junior") for row in table(made, "appendix", key)]
    assert {"abc", "<script>alert(1)</script>", "{{ 7*7 }}"} == set(names)
