"""New places in a real browser: the year by keyboard, a proposal and its checks, marks and cards, phone width."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geoplan.store import write_run
from maps.app import create_app
from tests.browser.conftest import Watched
from tests.browser.serving import serving
from tests.browser.test_plan_page import CONTRAST, NO_OVERFLOW
from tests.toytown import toytown_run, write_toytown
from tests.toytown.siting import with_siting

pytestmark = pytest.mark.browser

PATH = "/plans/newtown/siting?lang=en"


@pytest.fixture(scope="module")
def newtown(tmp_path_factory: pytest.TempPathFactory, server: str) -> Iterator[str]:
    """A server with the run of Toytown and its new places; ``server`` skips where the browser assets are missing."""
    folder = tmp_path_factory.mktemp("newtown")
    write_toytown(folder / "newtown")
    write_run(with_siting(toytown_run()), folder / "newtown")
    with serving(create_app({"WORKSPACE": folder})) as address:
        yield address


@pytest.fixture
def siting(watch: Watched, newtown: str) -> Watched:
    watch.server = newtown
    return watch


def test_the_year_moves_by_keyboard_without_a_new_page(siting: Watched) -> None:
    page = siting.open(PATH)
    page.evaluate("window.same = true")
    slider = page.get_by_role("slider", name="Year")
    assert slider.get_attribute("aria-valuetext") == "2027", "the page opens with the worst year"
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", name="Where the 108 pupils of 2035 stand").wait_for()
    assert slider.get_attribute("aria-valuetext") == "2035" and "year=2035" in page.url
    assert page.locator("[data-year-text]").inner_text() == "2035"
    assert page.locator("a[data-year][aria-current]").inner_text() == "2035"
    page.wait_for_load_state("networkidle")
    assert any("/tiles/need/" in url and "year=2035" in url for url in siting.asked)
    page.keyboard.press("Home")
    page.get_by_role("heading", name="Where the 144 pupils of 2024 stand").wait_for()
    page.get_by_role("link", name="2025", exact=True).click()
    page.get_by_role("heading", name="Where the 144 pupils of 2025 stand").wait_for()
    assert page.evaluate("window.same"), "the page was not loaded anew"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_proposal_opens_and_shows_its_checks(siting: Watched, language: str) -> None:
    page = siting.open(f"/plans/newtown/siting?lang={language}")
    card = page.locator("#proposal-1")
    checks = card.locator(".checks").first
    assert not checks.is_visible()
    card.locator("summary").first.focus()
    page.keyboard.press("Enter")
    checks.wait_for(state="visible")
    text = checks.inner_text()
    assert all(part in text for part in ("62", "80", "GB 50099-2011")) and checks.locator("tbody tr").count() == 2
    card.locator("details summary").click()
    assert "412" in card.locator(".checks").last.inner_text()
    assert ("met only with measures" if language == "en" else "采取措施后可符合") in text
    assert page.locator(".mark-box.chosen").inner_text().startswith("1")
    assert "proposal=1" in page.url
    page.locator("#proposal-2 > summary").click()
    checks.wait_for(state="hidden")
    assert page.locator(".mark-box.chosen").inner_text().startswith("2")


def test_a_number_on_the_map_opens_its_card_and_a_card_finds_its_number(siting: Watched) -> None:
    page = siting.open(PATH)
    page.locator(".mark-box.proposal", has_text="Mill Lane").focus()
    page.keyboard.press("Enter")
    page.locator("#proposal-1[open]").wait_for()
    assert page.evaluate("document.activeElement.closest('#proposal-1') !== null")
    page.evaluate("map_plan.setView([48.80, 6.50], 15, {animate: false})")
    page.locator("#proposal-1").get_by_role("link", name="Show it on the map").click()
    place = page.locator(".mark-box.proposal.chosen").bounding_box()
    frame = page.locator("#map_plan").bounding_box()
    assert place and frame and frame["x"] < place["x"] < frame["x"] + frame["width"]
    assert page.evaluate("map_plan.getZoom()") >= 15


def test_candidates_and_housing_tell_of_themselves(siting: Watched) -> None:
    page = siting.open(PATH)
    page.locator("a[data-candidate='P3']").click()
    popup = page.locator(".leaflet-popup-content")
    popup.locator(".checks").wait_for()
    assert "Land under the line" in popup.inner_text() and "failed" in popup.inner_text()
    page.keyboard.press("Escape")
    popup.wait_for(state="detached")
    page.locator("a[data-housing='H1']").click()
    page.locator(".leaflet-popup-content", has_text="River Gardens").wait_for()
    shapes = page.evaluate("[...document.querySelectorAll('.mark-box.candidate svg > *')].map((e) => e.outerHTML)")
    assert len(shapes) == 4 and len(set(shapes)) == 3, "three verdicts, three shapes"


def test_layers_change_with_their_legend_and_a_home_tells_its_year(siting: Watched) -> None:
    page = siting.open(PATH)
    assert page.locator(".leaflet-cells-pane .leaflet-layer").count() == 1
    page.get_by_label("Residents per hectare").check()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-legend]:visible h2").inner_text() == "Residents per hectare"
    assert "layer=population" in page.url
    place = page.evaluate("map_plan.latLngToContainerPoint([48.728199, 6.544766])")
    page.locator("#map_plan").click(position=place)
    page.locator(".leaflet-popup-content th", has_text="pupils in 2027").wait_for()


def test_the_back_button_brings_back_the_year(siting: Watched) -> None:
    page = siting.open("/plans/newtown?lang=en")
    page.get_by_role("link", name="New places").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("slider", name="Year").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", name="Where the 108 pupils of 2035 stand").wait_for()
    page.get_by_role("link", name="Coverage").click()
    page.wait_for_load_state("networkidle")
    page.go_back()
    page.get_by_role("heading", name="Where the 108 pupils of 2035 stand").wait_for()
    assert page.get_by_role("slider", name="Year").get_attribute("aria-valuetext") == "2035"
    page.go_back()
    page.wait_for_load_state("networkidle")
    assert "/siting" not in page.url


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_overflows_on_a_phone(siting: Watched, language: str) -> None:
    siting.page.set_viewport_size({"width": 390, "height": 844})
    page = siting.open(f"/plans/newtown/siting?lang={language}&proposal=1")
    assert page.evaluate(NO_OVERFLOW)
    tops = [page.locator(part).bounding_box() for part in (".folium-map", ".legend", ".story")]
    assert all(tops) and tops[0]["y"] < tops[1]["y"] < tops[2]["y"]
    small = page.evaluate(
        "[...document.querySelectorAll('.years a, .years input, .proposal > summary')]"
        ".filter((e) => e.getBoundingClientRect().height < 34).map((e) => e.outerHTML)"
    )
    assert not small, "touch targets are at least 34 px high"


def test_contrast_of_text(siting: Watched) -> None:
    for language in ("en", "zh"):
        assert siting.open(f"/plans/newtown/siting?lang={language}&proposal=3").evaluate(CONTRAST) == []


def test_without_javascript_years_are_links_and_proposals_open(chromium: object, newtown: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()  # type: ignore[attr-defined]
    page.goto(f"{newtown}{PATH}")
    assert not page.locator("#year").is_visible()
    page.get_by_role("link", name="2035", exact=True).click()
    assert page.get_by_role("heading", name="Where the 108 pupils of 2035 stand").is_visible()
    page.locator("#proposal-1 > summary").click()
    assert page.locator("#proposal-1 .checks").first.is_visible()
    page.context.close()
