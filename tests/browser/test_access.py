"""Every page, in both languages, on a desk and on a phone: no fault that axe-core knows of (WCAG 2.2 A and AA).

The pages are found in the application's table of routes. A route added later is walked by itself where its parts can
be filled from ``VALUES``; where they cannot, the test fails and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from maps import assets
from tests.browser.conftest import playwright
from tests.browser.everything import PASSWORD, PLAN, UPLOAD, VERSION, Desk, desk

pytestmark = pytest.mark.browser

AXE = Path(AXE_FILE_PATH).read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK, PHONE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}, {"width": 320, "height": 640}
LAYOUT = ["target-size", "scrollable-region-focusable"]  # depend on the width
FAULTS = """
async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  const told = (id) => ({ html, failureSummary }) => [id, html.slice(0, 160), failureSummary];
  return found.violations.flatMap(({ id, nodes }) => nodes.map(told(id)));
}
"""
# what fills a part of an address, for one endpoint or for all; ``*`` is a job by its state
VALUES: dict[str, dict[str, str]] = {
    "": {"plan_id": PLAN, "job_id": "*batch", "upload_id": UPLOAD, "number": "5", "filename": "icon.svg"},
    "edit.earlier": {"version": VERSION.name},
    "people.somebody": {"name": "pia"},
    "jobs.result_file": {"name": "province.en.html"},
    "handbook.document": {"page": "web-guide"},
    "handbook.picture": {"name": "plan-page.png"},
    "ogc.one": {"name": "schools"},
    "ogc.items": {"name": "schools"},
    "ogc.item": {"name": "schools", "row": "0"},
}
# other states of a page, and pages with an error, as addresses
MORE = (
    "/plans/newtown?layer=status&stage=junior&limit=800",
    "/plans/newtown/siting?proposal=1&year=2035",
    "/plans/newtown?whatif=W1siYyIsIlMxIl1d",
    "/plans/newtown/compare?a=base&b=steps:W1siYyIsIlMxIl1d",
    "/jobs/*failed",
    "/jobs/*running",
    "/jobs/*waiting",
    "/people/audit?person=nobody",
    "/ogc/collections/newtown.schools?f=html",
    "/ogc/collections/newtown.schools/items?f=html&limit=2",
    "/ogc/collections/newtown.schools/items/0?f=html",
    "/nowhere",
    "/plans/nowhere",
    "/plans/newtown?stage=odd",
    "/plans/torn",
    "/plans/torn/edit",
    "/plans/newtown/edit?as=text",
    "/our-fault",
)
# English sentences on a Chinese page, Chinese ones on an English page, where nothing says that they are
OTHER = """
(language) => {
  if (!document.documentElement.lang.startsWith(language)) return [];
  const foreign = language === "zh" ? /(?:\\b[A-Za-z][a-z'-]* ){4}[a-z]/ : /[\\u4e00-\\u9fff]{4}/;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const own = text.parentElement.closest("script, style, code, pre, textarea, noscript, option, [lang]:not(html)");
    if (!own && foreign.test(text.textContent)) found.push(text.textContent.trim());
  }
  return found;
}
"""
MAP_WITHOUT_TABLE = """
() => {
  if (!document.querySelector(".leaflet-container")) return false;
  const rows = document.querySelectorAll("main table tbody tr").length;
  return rows < 4 || !document.querySelector(".over-map, .beside table, [data-panel] table, #report, .page table");
}
"""
FOCUSED = """
() => {
  const e = document.activeElement;
  const look = getComputedStyle(e);
  const ring = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  return [e.tagName, e.className, e.textContent.trim().slice(0, 40), ring || Boolean(e.closest(".counties > li"))];
}
"""
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"  # the page has adapted
SHUT = "for (const menu of document.querySelectorAll('details.menu')) menu.open = false"
OPEN_UP = "for (const box of document.querySelectorAll('details')) box.open = true"


@pytest.fixture(scope="module")
def served(chromium: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    lacking = assets.remedy()
    if lacking:
        pytest.skip(lacking)
    with desk(tmp_path_factory.mktemp("everything")) as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium: playwright.Browser, served: Desk) -> Iterator[playwright.BrowserContext]:
    """A browser in which an administrator is logged in."""
    context = chromium.new_context(viewport=DESK, locale="en-GB", reduced_motion="reduce", base_url=served.server)
    page = context.new_page()
    page.goto("/login?lang=en")
    assert faults(page, "tag", TAGS) == []
    page.fill("#name", "ada")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.get_by_role("link", name="ada", exact=True).wait_for()
    page.close()
    yield context
    context.close()


def addresses(desk: Desk) -> list[str]:
    """An address for every route that is read; what cannot be filled fails."""
    found, left = [], []
    for rule in desk.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/api/") or rule.endpoint == "static":
            continue
        values = {**VALUES[""], **VALUES.get(rule.endpoint, {})}
        if rule.arguments - values.keys():
            left.append(f"{rule.rule} ({rule.endpoint})")
        else:
            found.append(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).format(**values))
    assert not left, f"not walked, fill VALUES for: {left}"
    return [re.sub(r"\*(\w+)", lambda state: desk.jobs[state[1]].id, address) for address in (*found, *MORE)]


def faults(page: playwright.Page, kind: str, names: list[str]) -> list[list[str]]:
    """What axe finds. Marks on a map stand where the thing is, however close to the next: tables hold the same."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[list[str]] = page.evaluate(FAULTS, {"type": kind, "values": names})
    return [one for one in found if not (one[0] == "target-size" and "leaflet-marker-icon" in one[1])]


def opened(page: playwright.Page, path: str, folder: Path) -> bool:
    """Open a page, its map there and its details unfolded; False for a file or a part of another page."""
    answer = page.context.request.get(path) if "." in path else page.goto(path, wait_until="load")
    assert answer
    text = answer.text() if answer.headers.get("content-type", "").startswith("text/html") else ""
    if not text.lstrip().lower().startswith("<!doctype"):
        return False
    if "attachment" in answer.headers.get("content-disposition", ""):
        (folder / "page.html").write_text(text, encoding="utf-8")
        page.goto((folder / "page.html").as_uri())
    elif "." in path:
        page.goto(path, wait_until="load")
    page.evaluate(OPEN_UP)
    page.wait_for_function("!window.L || document.querySelector('.leaflet-pane')")
    return True


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_has_a_fault_axe_knows_of(
    browser: playwright.BrowserContext, served: Desk, language: str, tmp_path: Path
) -> None:
    page, wrong, seen = browser.new_page(), {}, []
    page.route("**/tiles/**", lambda route: route.fulfill(status=204))  # pictures tell axe nothing
    for address in addresses(served):
        path = f"{address}{'&' if '?' in address else '?'}lang={language}"
        if not opened(page, path, tmp_path):
            continue
        seen.append(address)
        found = faults(page, "tag", TAGS)
        found += [["language", text, "said in the other language"] for text in page.evaluate(OTHER, language)]
        if page.evaluate(MAP_WITHOUT_TABLE):
            found.append(["table", "a map and no table beside it, nor a link to one", ""])
        page.evaluate(SHUT)  # an open menu covers what is under it
        page.set_viewport_size(PHONE)
        page.evaluate(FRAMES)
        found += faults(page, "rule", LAYOUT)
        page.set_viewport_size(NARROW)
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
            found.append(["reflow", f"{wide} px wide in a window of {NARROW['width']}", "WCAG 1.4.10"])
        page.set_viewport_size(DESK)
        if found:
            wrong[path] = found
    page.close()
    assert len(seen) > 20, seen
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def test_paper_shows_the_map_its_legend_and_where_it_comes_from(browser: playwright.BrowserContext) -> None:
    page = browser.new_page()
    page.goto(f"/plans/{PLAN}?lang=en&layer=status")
    page.locator(".ring-box").first.wait_for()
    on_screen = page.locator("#map_plan").bounding_box() or {}
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible() and not page.locator(".switch").first.is_visible()
    on_paper = page.locator("#map_plan").bounding_box() or {}
    assert 0 < on_paper["width"] <= 702 and on_paper["height"] / on_paper["width"] == pytest.approx(
        on_screen["height"] / on_screen["width"], rel=0.02
    ), "smaller, not cut"
    legend = page.locator("[data-legend]:visible").bounding_box() or {}
    assert legend["y"] >= on_paper["y"] + on_paper["height"] - 2, "under the map, not on it"
    foot = page.locator("footer.paper").inner_text()
    assert "ba9876543210" in foot and f"/plans/{PLAN}" in foot and "printed" in foot
    page.close()


@pytest.mark.parametrize("width", [1280, 2560, 3840])
def test_text_and_story_grow_with_the_wall(browser: playwright.BrowserContext, width: int) -> None:
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": width * 9 // 16})
    page.goto(f"/plans/{PLAN}?lang=zh")
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.story')).fontSize)")
    story = (page.locator(".story").bounding_box() or {})["width"]
    assert size == pytest.approx({1280: 15, 2560: 18.75, 3840: 25.3}[width], abs=0.1)
    assert 0.19 < story / width < 0.31 and 24 <= story / size <= 32, "lines stay readable"
    page.close()


@pytest.mark.parametrize("path", ["", "/safety", "/siting", "/compare?a=base&b=base"])
def test_the_keyboard_goes_through_a_plan_and_out_again(browser: playwright.BrowserContext, path: str) -> None:
    """From the skip link through tabs, story and map to the end, every stop to be seen, nothing that holds one."""
    page = browser.new_page()
    page.goto(f"/plans/{PLAN}{path}{'&' if '?' in path else '?'}lang=en")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    seen = [page.evaluate(FOCUSED)]
    assert seen[0][1] == "skip" and seen[0][2] == "Skip to the content"
    while len(seen) < 150:
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1][0] == "BODY" or seen[-1][1] == "skip":
            break
    texts = [text for _, _, text, _ in seen]
    order = [texts.index(name) for name in ("geoplan", "Counties", "Coverage", "Data")]
    assert order == sorted(order) and len(seen) < 150, "round and out again"
    assert [one for one in seen[:-1] if one[0] != "BODY" and not one[3]] == [], "where one is can be seen"
    page.evaluate("window.scrollTo(0, 0); document.activeElement.blur()")
    page.locator("a.skip").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()
