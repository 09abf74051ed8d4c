"""Alternatives in a real browser: tried, compared, maps that move together, in both languages and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from geoplan.plan import make_run, read_layers
from geoplan.store import write_run
from layers.scenariofile import parse_scenario, read_scenario, write_scenario
from maps.app import create_app
from tests.browser.conftest import Watched
from tests.browser.serving import serving
from tests.browser.test_plan_page import NO_OVERFLOW
from tests.maps.compare.conftest import STEPS
from tests.toytown import write_toytown

pytestmark = pytest.mark.browser

SHOWN = (
    "(part) => [...document.querySelectorAll('#map-b .leaflet-cells-pane img')].some((img) => img.src.includes(part))"
)
VIEW = "view=48.7281,6.5407,15"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "town"
    write_toytown(folder)
    scenario = {"name": "north", "title": "North opens", "title_zh": "新建北校", "steps": STEPS}
    write_scenario(parse_scenario(scenario, "north"), folder / "scenarios")
    write_run(make_run(read_layers(folder), parts=("coverage",)), folder)
    return folder


@pytest.fixture
def tried(watch: Watched, folder: Path) -> Iterator[Watched]:
    with serving(create_app({"WORKSPACE": folder.parent})) as address:
        watch.server = address
        yield watch
        watch.page.close()


def test_steps_are_compared_with_the_plan_and_with_a_scenario(tried: Watched) -> None:
    page = tried.open(f"/plans/town?lang=en&{VIEW}")
    page.locator("#whatif > summary").click()
    page.locator("#wi-school").select_option("S1")
    page.locator("#wi-close").click()
    page.locator("#wi-finding", has_text="fewer").wait_for()
    page.locator("#wi-compare").click()
    page.wait_for_load_state("networkidle")
    assert "b=steps" in page.url and "view=48.7281" in page.url
    assert page.locator("h1").inner_text().startswith("B · Steps tried on the map: ")
    assert page.locator("#map-b .gone").count() == 1 and page.locator("#map-a .gone").count() == 0
    page.get_by_label("Add another").select_option(label="Scenario North opens")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_load_state("networkidle")
    assert page.locator(".sheet").count() == 3 and page.locator("#map-c .fresh").count() == 1
    assert "what-if, not a full run" in page.locator("figcaption").nth(2).inner_text()
    assert page.locator("table.figures").first.locator("tbody tr").count() > 10


def test_maps_move_together_and_the_address_keeps_it(tried: Watched) -> None:
    page = tried.open(f"/plans/town/compare?lang=en&a=base&b=scenario:north&{VIEW}")
    first, second = (page.locator(f"#map-{letter}") for letter in "ab")
    before = page.url
    box = first.bounding_box() or {}
    page.mouse.move(box["x"] + 150, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 230, box["y"] + 200, steps=5)
    assert second.locator(".cursor").count() == 1, "the cursor is shown in the other map"
    page.mouse.up()
    page.wait_for_function("(before) => location.href !== before", arg=before)
    offsets = "[...document.querySelectorAll('.sheet .leaflet-map-pane')].map((pane) => pane.style.transform)"
    one, two = page.evaluate(offsets)
    assert one == two
    page.locator("a[data-layer=status]").click()
    assert "layer=status" in page.url and page.locator("[data-legend=status]").is_visible()
    page.wait_for_function(SHOWN, arg="/status/")
    page.locator("#changes").uncheck()
    assert not page.evaluate("document.getElementById('map-b').classList.contains('with-changes')")
    page.locator("a[data-home]").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.get_by_role("link", name="中文")
    link.click()
    page.wait_for_load_state("networkidle")
    assert "layer=status" in page.url and page.locator("h1").inner_text().startswith("B · 新建北校：")


def test_it_reads_on_a_phone(tried: Watched) -> None:
    tried.page.set_viewport_size({"width": 390, "height": 844})
    page = tried.open("/plans/town/compare?lang=zh&a=base&b=scenario:north")
    assert page.evaluate(NO_OVERFLOW)
    one, two = (page.locator(f"#map-{letter}").bounding_box() or {} for letter in "ab")
    assert one["x"] == two["x"] and two["y"] > one["y"] + one["height"], "maps stand one under the other"
    page.route("**/compare?**", lambda route: route.fulfill(status=204))  # an answer that does not come
    page.locator(".choose button").click()
    page.get_by_role("status").filter(has_text="正在计算各方案").wait_for()
    page.unroute("**/compare?**")


def test_housing_is_added_in_figures_or_drawn_and_saved(tried: Watched, folder: Path) -> None:
    page = tried.open(f"/plans/town?lang=en&{VIEW}")
    page.locator("#whatif > summary").click()
    page.locator("#wi-build").focus()
    page.keyboard.press("Enter")
    page.locator("#wi-dwellings").fill("300")
    page.locator("#wi-ready").fill("2026")
    page.get_by_role("button", name="Add this housing").click()
    page.locator("#wi-finding", has_text="In 2027 the new housing brings").wait_for()
    assert "year=2027" in page.url and page.locator("#wi-year").input_value() == "2027"
    assert "Build 300 dwellings: New housing 1" in page.locator("#wi-steps").inner_text()
    link = page.url
    page.locator("#wi-build").click()
    page.locator("#wi-dwellings").fill("50")
    page.locator("#wi-draw").click()
    for x, y in ((200, 200), (260, 200), (260, 260)):
        page.locator("#map_plan").click(position={"x": x, "y": y})
    assert "3 corners" in page.locator("#wi-homes-state").inner_text()
    page.get_by_role("button", name="Add this housing").click()
    page.locator("#wi-steps li").nth(1).wait_for()
    page.locator("#wi-save-name").fill("homes")
    page.get_by_role("button", name="Save the scenario").click()
    page.locator("#wi-saved", has_text="Saved as homes").wait_for()
    steps = read_scenario(folder / "scenarios" / "homes.toml").steps
    assert [step.action for step in steps] == ["housing", "housing"]
    again = tried.open(link)
    again.locator("#wi-finding", has_text="In 2027 the new housing brings").wait_for()
    again.locator("#wi-scenarios > summary").click()
    again.get_by_role("button", name="Open: homes").click()
    again.locator("#wi-steps li").nth(1).wait_for()
    assert "scenario=homes" in again.url
    assert "2 steps · local" in again.locator("#wi-list").inner_text()
