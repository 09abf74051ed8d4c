"""Route safety in a real browser, with WebGL in software and without any: clicks, rules, pupils, phone width."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geoplan.run import Run
from geoplan.store import write_run
from layers.demo.embedded import write_demo
from maps.app import create_app
from tests.browser.conftest import Watched
from tests.browser.serving import serving
from tests.browser.test_plan_page import CONTRAST, NO_OVERFLOW

pytestmark = pytest.mark.browser

CROSSING = "map_plan.latLngToContainerPoint([48.73046, 6.545336])"
HOME = "map_plan.latLngToContainerPoint([48.728199, 6.544766])"
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
};
"""
DRAWN = """
() => {
  const canvas = document.querySelector(".leaflet-levels-pane canvas");
  return Boolean(canvas) && canvas.width > 0;
}
"""


@pytest.fixture
def safety(watch: Watched) -> Watched:
    """A watched page; what the software renderer says of its own speed is no fault of the page."""
    yield watch
    watch.wrong[:] = [said for said in watch.wrong if "GL Driver Message" not in said]


def test_lines_come_as_vector_tiles(safety: Watched) -> None:
    page = safety.open("/plans/toytown/safety?lang=en")
    page.wait_for_function(DRAWN)
    for name in ("segments", "crossings"):
        assert any(f"/tiles/{name}/" in url and ".pbf" in url for url in safety.asked)
    assert page.evaluate("getComputedStyle(document.querySelector('.leaflet-levels-pane')).zIndex") == "440"
    assert page.locator(".legend.levels li:visible").count() >= 10
    assert page.locator(".ring-box").count() == 2


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("drawing", ["vectors", "pictures"])
def test_a_crossing_tells_its_rule_and_pupils(safety: Watched, drawing: str, language: str) -> None:
    if drawing == "pictures":
        safety.page.add_init_script(NO_WEBGL)
    page = safety.open(f"/plans/toytown/safety?lang={language}")
    if drawing == "pictures":
        assert page.locator(".leaflet-levels-pane img.leaflet-tile-loaded").count() >= 2
        assert not any(".pbf" in url for url in safety.asked)
    else:
        page.wait_for_function(DRAWN)
        page.wait_for_timeout(300)
    page.locator("#map_plan").click(position=page.evaluate(CROSSING))
    card = page.locator(".leaflet-popup-content")
    card.locator("table").wait_for()
    text = card.inner_text()
    assert "7002" in text and "2–3" in text and "marked" in text
    assert ("pupils a day\t12" if language == "en" else "每日学生\t12") in text


def test_a_list_leads_to_its_place(safety: Watched) -> None:
    page = safety.open("/plans/toytown/safety?lang=en")
    page.get_by_role("link", name="Crossing 7003").click()
    card = page.locator(".leaflet-popup-content")
    card.locator("table").wait_for()
    assert "3–4" in card.inner_text()
    assert page.evaluate("map_plan.getZoom()") == 17 and "view=48.728" in page.url
    page.keyboard.press("Escape")
    card.wait_for(state="detached")


def test_a_home_and_a_school_are_told_too(safety: Watched) -> None:
    page = safety.open("/plans/toytown/safety?lang=en")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(300)
    page.locator("#map_plan").click(position=page.evaluate(HOME))
    page.locator(".leaflet-popup-content h3", has_text="Have a place in reach").wait_for()
    page.keyboard.press("Escape")
    page.locator(".ring-box").first.click()
    assert "Class of its routes" in page.locator(".leaflet-popup-content").last.inner_text()


def test_layers_can_be_put_away_and_state_goes_along(safety: Watched) -> None:
    page = safety.open("/plans/toytown/safety?lang=en&stage=junior&layer=status")
    page.get_by_label("Streets by level").uncheck()
    page.get_by_label("Works").check()
    assert page.locator(".work").inner_text() == "1"
    page.get_by_role("link", name="Coverage").click()
    page.wait_for_load_state("networkidle")
    assert "stage=junior" in page.url and "layer=status" in page.url
    page.get_by_role("link", name="Route safety").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="中文").click()
    page.wait_for_load_state("networkidle")
    assert "上学路安全" in page.title() and "stage=junior" in page.url


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_overflows_on_a_phone(safety: Watched, language: str) -> None:
    safety.page.set_viewport_size({"width": 390, "height": 844})
    page = safety.open(f"/plans/toytown/safety?lang={language}")
    assert page.evaluate(NO_OVERFLOW)
    tops = [page.locator(part).bounding_box() for part in (".folium-map", ".legend", ".story")]
    assert all(tops) and tops[0]["y"] < tops[1]["y"] < tops[2]["y"], "the legend lies below the map, not on it"


def test_contrast_of_text(safety: Watched) -> None:
    assert safety.open("/plans/toytown/safety").evaluate(CONTRAST) == []


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, made_run: Run) -> Iterator[str]:
    """A server with the embedded county, computed."""
    folder = tmp_path_factory.mktemp("county")
    write_run(made_run, write_demo(folder / "monaco").parent)
    with serving(create_app({"WORKSPACE": folder})) as address:
        yield address


def test_a_home_shows_both_its_routes(safety: Watched, county: str, made_run: Run) -> None:
    cells = made_run.tables["cells"]
    home = cells[cells["school_primary"].notna()].iloc[0].geometry
    safety.server = county
    page = safety.open(f"/plans/monaco/safety?lang=en&stage=primary&view={home.y},{home.x},18")
    page.wait_for_function(DRAWN)
    page.evaluate(f"geoplan.hooks.place(map_plan, L.latLng({home.y}, {home.x}))")
    card = page.locator(".leaflet-popup-content")
    card.locator("th", has_text="price of safety").wait_for()
    lines = page.locator(".leaflet-routes-pane path")
    assert lines.count() >= 3, "casing, safest, shortest"
    dashed = page.locator(".leaflet-routes-pane path[stroke-dasharray]")
    assert dashed.count() == 1 and dashed.get_attribute("stroke") == "#1c2733"
    page.keyboard.press("Escape")
    lines.first.wait_for(state="detached")


def test_a_school_tells_its_checklist_with_evidence(safety: Watched, county: str) -> None:
    safety.server = county
    page = safety.open("/plans/monaco/safety?lang=zh&stage=primary")
    page.locator("a[data-school]").first.click()
    page.locator(".leaflet-popup-content h4", has_text="校门核查表").wait_for()
    assert page.locator(".leaflet-popup-content table").last.locator("tr").count() == 10
