"""The plan page in a real browser: state, cards, keyboard, phone width, and the map file from disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maps.standalone import standalone
from tests.browser.conftest import Watched
from tests.toytown import toytown_run

pytestmark = pytest.mark.browser

NO_OVERFLOW = "document.documentElement.scrollWidth <= window.innerWidth"
SHOWN_TILES = "document.querySelectorAll('.leaflet-cells-pane img.leaflet-tile-loaded').length"


def test_map_shows_tiles_schools_and_the_legend_of_its_layer(watch: Watched) -> None:
    page = watch.open("/plans/toytown")
    assert page.evaluate(SHOWN_TILES) >= 2
    assert page.locator(".ring-box").count() == 2
    assert page.locator("[data-legend]:visible").count() == 1
    page.get_by_label("Who has a place in reach").check()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-legend]:visible h2").inner_text() == "Who has a place in reach"
    assert "layer=status" in page.url
    assert any("/tiles/status/" in url for url in watch.asked)


def test_a_school_tells_its_numbers(watch: Watched) -> None:
    page = watch.open("/plans/toytown")
    page.locator(".ring-box").first.click()
    card = page.locator(".leaflet-popup-content")
    assert "East Primary School" in card.inner_text() and "270" in card.inner_text()
    assert "school=S1" in page.url
    page.keyboard.press("Escape")
    assert "school=" not in page.url
    page.get_by_role("link", name="Bridge Nine-Year School").click()
    assert "Bridge Nine-Year School" in page.locator(".leaflet-popup-content").last.inner_text()
    again = watch.open(page.url)
    assert again.locator(".leaflet-popup-content h3").inner_text() == "Bridge Nine-Year School"


def test_the_keyboard_reaches_schools(watch: Watched) -> None:
    page = watch.open("/plans/toytown")
    page.locator(".ring-box").first.focus()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "button"
    assert "East Primary School" in page.locator(".ring-box").first.inner_text()
    page.keyboard.press("Enter")
    assert page.locator(".leaflet-popup-content h3").inner_text() == "East Primary School"
    assert page.locator(".leaflet-popup-close-button").get_attribute("aria-label") == "Close"


def test_a_home_is_looked_up_where_one_clicks(watch: Watched) -> None:
    page = watch.open("/plans/toytown")
    place = page.evaluate("map_plan.latLngToContainerPoint([48.728199, 6.544766])")  # the middle of a cell
    page.locator("#map_plan").click(position=place)
    card = page.locator(".leaflet-popup-content")
    card.locator("table").wait_for()
    assert re.search(r"residents\s+40", card.inner_text())
    page.locator("summary", has_text="Homes with most").click()
    page.locator("a[data-home]").first.click()
    page.locator(".leaflet-popup-content h3", has_text="Out of reach").wait_for()
    page.evaluate("map_plan.setView([48.0, 6.0], 15, {animate: false})")
    page.locator("#map_plan").click(position={"x": 300, "y": 300})
    page.locator(".leaflet-popup-content", has_text="Nobody is counted here.").wait_for()


def test_stage_limit_and_language_switch_and_keep_the_rest(watch: Watched) -> None:
    page = watch.open("/plans/toytown?layer=status")
    page.get_by_role("link", name="Junior secondary").click()
    page.wait_for_load_state("networkidle")
    assert "junior secondary school" in page.locator("h1").inner_text()
    page.get_by_role("link", name="800").click()
    page.get_by_role("link", name="中文").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    for part in ("stage=junior", "limit=800", "layer=status", "lang=zh"):
        assert part in page.url
    assert page.locator("[data-legend]:visible").get_attribute("data-legend") == "status"
    assert page.locator(".leaflet-control-zoom-in").get_attribute("title") == "放大"


def test_a_link_brings_back_the_view(watch: Watched) -> None:
    page = watch.open("/plans/toytown")
    page.evaluate("map_plan.setView([48.7312, 6.5444], 17, {animate: false})")
    page.get_by_label("Residents per hectare").check()
    page.wait_for_function("location.search.includes('view=') && location.search.includes('layer=population')")
    again = watch.open(page.url)
    centre = again.evaluate("[map_plan.getCenter().lat, map_plan.getCenter().lng, map_plan.getZoom()]")
    assert centre == pytest.approx([48.7312, 6.5444, 17], abs=1e-4)
    assert again.get_by_label("Residents per hectare").is_checked()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", ["/", "/plans/toytown", "/plans/toytown/data"])
def test_nothing_overflows_on_a_phone(watch: Watched, path: str, language: str) -> None:
    watch.page.set_viewport_size({"width": 390, "height": 844})
    page = watch.open(f"{path}?lang={language}")
    assert page.evaluate(NO_OVERFLOW)
    assert page.locator("h1").count() == 1
    small = page.evaluate(
        "[...document.querySelectorAll('.top a, .top summary, .switch a, .leaflet-control a')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 34)"
        ".filter(e => !e.closest('.leaflet-control-attribution'))"
        ".map(e => e.outerHTML)"
    )
    assert not small, "touch targets are at least 34 px high"


def test_on_a_phone_the_map_stands_above_the_story(watch: Watched) -> None:
    watch.page.set_viewport_size({"width": 390, "height": 844})
    page = watch.open("/plans/toytown")
    tops = [page.locator(part).bounding_box() for part in (".map", ".story")]
    assert tops[0] and tops[1] and tops[0]["y"] < tops[1]["y"] and tops[0]["width"] == 390


def test_without_javascript_the_figures_stand(chromium: object, server: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()  # type: ignore[attr-defined]
    page.goto(f"{server}/plans/toytown?lang=en")
    page.get_by_role("link", name="Junior secondary").click()
    assert "72 pupils" in page.locator("main").inner_text()
    assert "needs JavaScript" in page.locator(".no-script").inner_text()
    page.context.close()


def test_contrast_of_text(watch: Watched) -> None:
    """Every text on a plain ground has at least 4.5 to 1."""
    for path in ("/plans/toytown", "/plans/toytown/data", "/"):
        page = watch.open(path)
        assert page.evaluate(CONTRAST) == []


def test_map_file_from_disk(watch: Watched, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    file.write_bytes(standalone(toytown_run(), "en"))
    page = watch.open(file.as_uri())
    assert page.locator(".leaflet-cells-pane img").count() == 1
    assert page.locator(".ring-box").count() == 2
    before = page.locator(".leaflet-cells-pane img").get_attribute("src")
    page.get_by_role("button", name="Junior secondary").click()
    assert page.locator(".leaflet-cells-pane img").get_attribute("src") != before
    assert "junior secondary school" in page.locator("h1:visible").inner_text()
    page.get_by_role("button", name="Primary").click()
    assert page.locator(".leaflet-cells-pane img").get_attribute("src") == before
    page.get_by_role("button", name="Junior secondary").click()
    page.locator(".ring-box").first.click()
    assert "50" in page.locator(".leaflet-popup-content").inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(NO_OVERFLOW)
    assert [url for url in watch.asked if not url.startswith("data:")] == [file.as_uri()]


CONTRAST = """
() => {
  const light = (c) => { const v = c / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const lum = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.querySelectorAll("main *, header *, .legend *, .leaflet-control *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.offsetParent || e.closest(".sr")) continue;
    const pair = [lum(parse(getComputedStyle(e).color)), lum(ground(e))].sort((a, b) => b - a);
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) bad.push(e.outerHTML.slice(0, 120));
  }
  return bad;
}
"""
