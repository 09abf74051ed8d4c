"""The cover: what the document is of, when it was computed, by which standards, and whether it may go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from geoplan.exports.document.nested import local
from geoplan.exports.document.parts import Cover
from geoplan.exports.document.reconciliation import open_questions
from geoplan.exports.document.words import catalogue, phrase, printable, title
from geoplan.run import Run
from geoplan.settings import run_standards


def cover(run: Run, language: str) -> Cover:
    """The cover of a run's document."""
    words = {key: names[language] for key, names in catalogue()["cover"].items()}
    return Cover(
        title=title("document", language),
        region=local(run.summary, "title", language) or str(run.summary.get("plan", "")),
        date=day(str(run.manifest.get("created", "")), language) or words["date_unknown"],
        facts=tuple((words[key], value) for key, value in _facts(run, language) if value),
        notice=local(run.summary, "notice", language),
        draft=_draft(run, language),
        run_line=phrase("page_of", language, run_id=run.run_id),
        credit=local(run.summary, "credit", language),
    )


def day(moment: str, language: str) -> str:
    """``30 November 2026`` or ``2026年11月30日``; nothing where it is no date."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    if language == "zh":
        return f"{found.year}年{found.month}月{found.day}日"
    return f"{found.day} {found:%B %Y}"


def _facts(run: Run, language: str) -> Iterator[tuple[str, str]]:
    summary = run.summary
    yield "profile", _profile(run, language)
    people, schools = summary.get("population_year"), summary.get("school_year")
    yield "years", phrase("years_of", language, people=people, schools=schools) if people and schools else ""
    yield "scenario", _scenario(run, language)
    yield "run", run.run_id
    yield "version", phrase("version_of", language, version=summary.get("version") or run.manifest.get("version"))
    yield "credit", local(summary, "credit", language)


def _profile(run: Run, language: str) -> str:
    standards = run_standards(run)
    edition = str((run.manifest.get("standards") or {}).get("edition") or "")
    if standards is None:
        return edition or str(run.summary.get("profile") or "")
    name = standards.name_zh if language == "zh" else standards.name_en
    return phrase("profile_of", language, name=name, edition=edition or standards.edition)


def _scenario(run: Run, language: str) -> str:
    scenario = run.manifest.get("scenario")
    scenario = scenario if isinstance(scenario, Mapping) else {"name": scenario}
    if str(scenario.get("name") or "base") == "base":
        return catalogue()["cover"]["base"][language]
    return local(scenario, "title", language) or printable(str(scenario["name"]))


def _draft(run: Run, language: str) -> str:
    count = len(open_questions(run, language))
    if not count:
        return ""
    key = "draft_why_one" if count == 1 else "draft_why"
    return phrase(key, language, count=count, section=title("reconciliation", language))
