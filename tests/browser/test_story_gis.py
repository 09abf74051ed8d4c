"""A GIS specialist brings in a county with two faults, mends both, runs it, runs eight of which one is broken, and
reads a layer through OGC API Features: from start to end, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Office, Watched, playwright

pytestmark = pytest.mark.browser

LONG_MS = 300_000  # a busy machine; a quiet one takes a tenth
TITLE = {"en": "Lakeside", "zh": "湖畔县"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_specialist_brings_in_a_county_and_runs_many(
    at_work: Watched, office: Office, language: str, tmp_path: Path
) -> None:
    plan = f"lakeside-{language}"
    page = at_work.open(f"/?lang={language}")
    page.locator('.top nav a[href^="/upload"]').click()
    county = office.folder / "county-1"
    send_with_two_faults(page, county, tmp_path, language)
    assert faults(page) == 2
    told = page.locator(".faults").inner_text()
    assert "primry" in told and "far" in told and "schools.csv" in told
    mend(page, county / "schools.csv")
    assert faults(page) == 0
    accept(page, plan)
    compute(page, plan)
    run_many(page)
    read_layer(page, at_work.server, plan, language)


def send_with_two_faults(page: playwright.Page, county: Path, folder: Path, language: str) -> None:
    """The files as somebody has them: a stage that is none, and a place that is no number."""
    schools = (county / "schools.csv").read_text(encoding="utf-8").replace("School,primary,", "School,primry,")
    schools = re.sub(r",(\d+\.\d+)\n$", r",far\n", schools)
    wrong = folder / "schools.csv"
    wrong.write_text(schools, encoding="utf-8")
    kept = [
        file for file in sorted(county.iterdir()) if file.is_file() and file.name not in ("plan.toml", wrong.name)
    ]
    page.set_input_files("#files", [*kept, wrong])
    page.locator("#drop button.main").click()
    page.wait_for_url("**/upload/*")
    assert page.locator(".needed .lacking").count() == 0, "what each file is for was guessed"
    for name, value in {"title": TITLE["en"], "title_zh": TITLE["zh"], "population_year": "2024"}.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#school_year").fill("2024")
    page.locator("button[name=do][value=check]").click()
    page.locator("#report ~ p[role=status]").wait_for()


def faults(page: playwright.Page) -> int:
    """Faults to mend, as the data doctor counts them: the first of its three figures."""
    return int(re.findall(r"\d+", page.locator("#report ~ p[role=status]").inner_text())[0])


def mend(page: playwright.Page, right: Path) -> None:
    """Send the mended table in place of the one at fault, and check again."""
    section = page.locator("section[aria-labelledby=originals]")
    section.locator("input[type=file]").set_input_files(right)
    section.locator("#replaces").select_option(label="schools.csv")
    section.locator("form.drop button").click()
    page.locator("#stale").wait_for()
    page.locator("button[name=do][value=check]").click()
    page.locator("#stale").wait_for(state="detached")


def accept(page: playwright.Page, plan: str) -> None:
    """Read every warning, tick it, and make the plan."""
    for box in page.locator("input[name=read]").all():
        box.check()
    for button in page.locator("#ticks button").all():
        button.click()
    page.locator("#plan_id").fill(plan)
    page.locator("section[aria-labelledby=accept] button").click()
    page.wait_for_url("**/brought-in?*")


def compute(page: playwright.Page, plan: str) -> None:
    """Run it as a job, watch it end, and open what it made."""
    page.locator("form button.main").click()
    page.wait_for_url("**/jobs/*")
    page.locator(".state.done").wait_for(timeout=LONG_MS)
    page.locator(f'.results a[href^="/plans/{plan}?"]').click()
    page.locator(".ring-box").first.wait_for()
    assert re.search(r"\d", page.locator("#map_plan ~ .legend, [data-legend]:visible").first.inner_text())


def run_many(page: playwright.Page) -> None:
    """Eight counties as one job: seven are computed, the broken one is named with what to mend."""
    page.locator('.top nav a[href^="/jobs"]').click()
    for box in page.locator("input[name=plans]").all():
        box.set_checked((box.get_attribute("value") or "").startswith("county-"))
    assert page.locator("input[name=plans]:checked").count() == 8
    page.locator("#only").select_option("coverage")
    page.locator("section[aria-labelledby=several] button.main").click()
    page.wait_for_url("**/jobs/*")
    page.locator(".state.done").wait_for(timeout=LONG_MS)
    log = page.locator(".log").inner_text()
    assert "county-8" in log
    page.locator('.results a[href*="province."]').first.click()
    page.locator("#counties").wait_for()
    counties = page.locator("section[aria-labelledby=counties] tbody tr")
    assert counties.count() == 8
    ranked = [row for row in counties.all_inner_texts() if re.match(r"\d", row)]
    assert len(ranked) == 7 and not any("county-8" in row.lower() for row in ranked), "one stops nobody"
    named = page.locator("section[aria-labelledby=faults] tbody tr", has_text="county-8").all_inner_texts()
    assert any("primmary" in row for row in named) and any("many" in row for row in named)


def read_layer(page: playwright.Page, server: str, plan: str, language: str) -> None:
    """As QGIS does: the collections, then the features of one."""
    listed = page.request.get(f"{server}/ogc/collections?f=json&lang={language}").json()
    names = [one["id"] for one in listed["collections"]]
    schools = next(name for name in names if name.startswith(plan) and name.endswith("schools"))
    found = page.request.get(f"{server}/ogc/collections/{schools}/items?f=json&limit=2").json()
    assert found["type"] == "FeatureCollection" and found["numberMatched"] == 3 and len(found["features"]) == 2
    lon, lat = found["features"][0]["geometry"]["coordinates"][:2]
    assert 6 < lon < 7 and 48 < lat < 49
    page.goto(f"{server}/ogc/collections/{schools}?f=html&lang={language}")
    page.locator("main a.button").first.click()
    assert page.locator("tbody tr").count() == 3
