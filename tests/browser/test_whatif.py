"""Changes tried in a real browser: by keyboard and click, undone, shared by link, saved; in Chinese, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from geoplan.plan import make_run, read_layers
from geoplan.store import write_run
from layers.scenariofile import read_scenario
from maps.app import create_app
from tests.browser.conftest import Watched
from tests.browser.serving import serving
from tests.browser.test_plan_page import NO_OVERFLOW
from tests.toytown import write_toytown

pytestmark = pytest.mark.browser

PATH = "/plans/town?lang=en&view=48.7281,6.5407,15"
FINDING = "#wi-finding"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tried") / "town"
    write_toytown(folder)
    write_run(make_run(read_layers(folder), parts=("coverage",)), folder)
    return folder


@pytest.fixture(scope="module")
def town(folder: Path, server: str) -> Iterator[str]:
    """A server with a counted run of Toytown; ``server`` skips where the browser assets are missing."""
    with serving(create_app({"WORKSPACE": folder.parent})) as address:
        yield address


@pytest.fixture
def tried(watch: Watched, town: str) -> Watched:
    watch.server = town
    return watch


def says(watch: Watched, start: str) -> str:
    """The finding, once it starts so."""
    found = watch.page.locator(FINDING, has_text=start)
    found.wait_for()
    return found.inner_text()


def test_a_school_is_added_by_keyboard_undone_and_kept_in_the_link(tried: Watched) -> None:
    page = tried.open(PATH)
    page.locator("#whatif > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#wi-add").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put it at the centre of the map").focus()
    page.keyboard.press("Enter")
    finding = says(tried, "With this change 41 more of 144 children have a place in reach.")
    assert page.locator(".mark-box .fresh").count() == 1 and "whatif=" in page.url
    served = page.locator("#wi-accounts tr").first.inner_text().split()
    assert served[-3:] == ["103", "144", "+41"]
    assert "New school 1" in page.locator("#wi-schools").text_content()
    assert page.locator("#wi-homes a[data-home]").count() > 3, "the table is the map's equal"
    link = page.url
    page.locator("#whatif > summary").focus()
    page.keyboard.press("Control+z")
    page.locator("#wi-result").wait_for(state="hidden")
    assert "whatif=" not in page.url and page.locator(".mark-box .fresh").count() == 0
    page.keyboard.press("Control+Shift+Z")
    assert says(tried, "With this change 41 more") == finding
    again = tried.open(link)
    assert says(tried, "With this change 41 more") == finding
    assert again.locator("#wi-steps li").count() == 1
    other = again.get_by_role("link", name="中文")
    assert "whatif=" in (other.get_attribute("href") or "")
    other.click()
    assert "增加41人" in says(tried, "按此项调整，144名适龄儿童中可达且有学位的")
    assert again.locator("#whatif > summary").inner_text() == "试作调整"


def test_a_click_places_a_school_and_a_card_closes_one(tried: Watched) -> None:
    page = tried.open(PATH)
    page.locator("#whatif > summary").click()
    page.locator("#wi-add").click()
    page.locator("#wi-places input").fill("20")
    page.locator("#map_plan").click(position=page.evaluate("map_plan.latLngToContainerPoint([48.7281, 6.5407])"))
    first = says(tried, "With this change 20 more")
    page.locator(".ring-box", has_text="East Primary School").click()
    page.locator(".leaflet-popup-content").get_by_role("button", name="Close this school").click()
    assert says(tried, "With these changes") != first and "fewer" in page.locator(FINDING).inner_text()
    assert page.locator(".mark-box .gone").count() == 1
    page.get_by_role("button", name="Remove this step: Close East Primary School").click()
    assert says(tried, "With this change 20 more") == first
    before = page.url
    start = page.locator(".mark-box .fresh").bounding_box() or {}
    page.mouse.move(start["x"] + 15, start["y"] + 15)
    page.mouse.down()
    page.mouse.move(start["x"] + 15, start["y"] - 55, steps=4)
    page.mouse.up()
    page.locator("#wi-state", has_text="counted").wait_for()
    page.wait_for_load_state("networkidle")
    moved = page.url
    assert moved != before and "whatif=" in moved
    page.locator("#wi-undo").click()
    assert page.url == before, "one drag is one step back"


def test_a_change_is_saved_and_a_taken_name_is_a_conflict(tried: Watched, folder: Path) -> None:
    page = tried.open(PATH)
    page.locator("#whatif > summary").click()
    page.locator("#wi-school").select_option("S1")
    page.locator("#wi-size").fill("50")
    page.locator("#wi-change").get_by_role("button", name="Set places").click()
    says(tried, "With this change")
    page.locator("#wi-save-name").fill("smaller")
    page.locator("#wi-save-title").fill("East at 50")
    page.get_by_role("button", name="Save the scenario").click()
    page.locator("#wi-saved", has_text="Saved as smaller").wait_for()
    kept = read_scenario(folder / "scenarios" / "smaller.toml")
    assert kept.title == "East at 50" and [step.action for step in kept.steps] == ["resize"]
    tried.open(PATH)
    page.locator("#whatif > summary").click()
    page.locator("#wi-close").click()
    says(tried, "With this change")
    page.locator("#wi-save-name").fill("smaller")
    page.get_by_role("button", name="Save the scenario").click()
    page.locator("#wi-saved", has_text="with other steps").wait_for()
    tried.wrong = [line for line in tried.wrong if "409" not in line]
    assert read_scenario(folder / "scenarios" / "smaller.toml") == kept


def test_it_works_on_a_phone_and_a_broken_link_is_told(tried: Watched) -> None:
    tried.page.set_viewport_size({"width": 390, "height": 844})
    page = tried.open(f"{PATH}&whatif=xx!")
    assert page.locator("#wi-state").inner_text() == "The steps in this link cannot be read."
    page.locator("#wi-add").click()
    assert page.evaluate(NO_OVERFLOW)
    page.get_by_role("button", name="Put it at the centre of the map").click()
    says(tried, "With this change")
    page.locator("#wi-homes-box summary").click()
    assert page.evaluate(NO_OVERFLOW)
    for box in page.locator("#whatif button:visible").all():
        assert (box.bounding_box() or {"height": 0})["height"] >= 33
