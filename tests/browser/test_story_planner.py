"""A planner tries two changes on the map, saves both, and compares them: from start to end, in both languages."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Office, Watched

pytestmark = pytest.mark.browser

WORDS = {
    "en": {"try": "Try a change", "save": "Save the scenario", "over": "Start over", "tab": "Compare"},
    "zh": {"try": "试作调整", "save": "保存方案", "over": "重新开始", "tab": "对比"},
}
COUNT = {"en": "number of actions", "zh": "措施数"}
TOGETHER = """
() => {
  const zoom = (tile) => tile.src.split("/").at(-3);
  const newest = (box) => [...box.querySelectorAll("img.leaflet-tile")].map(zoom).sort().at(-1);
  const zooms = [...document.querySelectorAll(".sheet")].map(newest);
  return zooms.length === 2 && Boolean(zooms[0]) && zooms[0] === zooms[1];
}
"""
VALUE = """
(cell) => {
  const own = cell.cloneNode(true);
  for (const aside of own.querySelectorAll(".sr, .note, [aria-hidden]")) aside.remove();
  return own.textContent.trim();
}
"""
SOUTH_WEST = "map_plan.latLngToContainerPoint([48.7281, 6.5407])"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_planner_compares_two_changes(at_work: Watched, office: Office, language: str) -> None:
    words = WORDS[language]
    page = at_work.open(f"/?lang={language}")
    page.locator('h2 a[href^="/plans/town?"]').click()
    page.locator(".ring-box").first.wait_for()
    page.get_by_text(words["try"], exact=True).click()
    # a new school where children have none
    page.locator("#wi-add").click()
    page.locator("#map_plan").click(position=page.evaluate(SOUTH_WEST))
    page.locator("#wi-finding:not(:empty)").wait_for()
    added = page.locator("#wi-accounts tr").first.inner_text().split()
    assert page.locator(".mark-box .fresh").count() == 1 and added[-1].startswith("+")
    save(at_work, f"added-{language}", words)
    # start over: the school in the east closes
    page.get_by_role("button", name=words["over"]).click()
    page.locator("#wi-result").wait_for(state="hidden")
    page.locator("#wi-school").select_option("S1")
    page.locator("#wi-close").click()
    page.locator("#wi-finding:not(:empty)").wait_for()
    page.locator(".mark-box .gone").wait_for()
    closed = page.locator("#wi-accounts tr").first.inner_text().split()
    save(at_work, f"closed-{language}", words)
    # side by side
    page.locator(".plan-line nav").get_by_role("link", name=words["tab"], exact=True).click()
    page.wait_for_url("**/compare?*")
    for letter, name in (("a", f"added-{language}"), ("b", f"closed-{language}")):
        page.locator(f"#choose-{letter}").select_option(f"scenario:{name}")
    page.locator("form.choose button").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("figure .sheet.leaflet-container").count() == 2
    rows = figures(at_work)
    assert rows[0][1:] == [added[-2], closed[-2]], "the same numbers as while trying"
    assert int(rows[0][1]) > int(rows[0][2]) and "★" in page.locator("#figures ~ .scroll tbody tr").first.inner_text()
    counted = next(row for row in rows if row[0] == COUNT[language])
    assert counted[1:] == ["1", "1"]
    assert page.locator("#homes-b ~ .scroll tbody tr").count() > 3, "the table is the maps' equal"
    # the maps move together, and the address brings everything back
    page.locator("#map-a .leaflet-control-zoom-in").click()
    page.wait_for_function(TOGETHER)
    again = at_work.open(page.url)
    assert figures(at_work) == rows and again.evaluate(TOGETHER)
    page.go_back()
    page.locator("form.choose").wait_for()


def figures(watch: Watched) -> list[list[str]]:
    """Rows of the table of figures: the name, then the value of every alternative without its difference."""
    rows = watch.page.locator("#figures ~ .scroll tbody tr").all()
    return [[cell.evaluate(VALUE) for cell in row.locator("th, td").all()] for row in rows]


def save(watch: Watched, name: str, words: dict[str, str]) -> None:
    page = watch.page
    page.locator("#wi-save-name").fill(name)
    page.locator("#wi-save-title").fill(name.title())
    page.get_by_role("button", name=words["save"]).click()
    page.locator("#wi-saved", has_text=name).wait_for()
