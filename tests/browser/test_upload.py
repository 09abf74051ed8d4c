"""A GIS specialist brings in a county: sent with and without scripts, one fault corrected, one file sent again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from maps import assets
from maps.app import create_app
from tests.browser.conftest import Watched, playwright
from tests.browser.serving import serving
from tests.toytown import write_toytown

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an empty workspace of its own."""
    lacking = assets.remedy()
    if lacking:
        pytest.skip(lacking)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = create_app({"WORKSPACE": tmp_path_factory.mktemp("empty"), "UPLOAD_FREE_MB": "0"})
    with serving(app) as address:
        yield address


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The files of Toytown with two faults: a stage nobody knows, and ages that are no numbers."""
    folder = write_toytown(tmp_path / "toytown")
    (folder / "plan.toml").unlink()
    schools = folder / "schools.csv"
    schools.write_text(schools.read_text().replace("School,primary,", "School,primmary,"))
    ages = folder / "ages.csv"
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "ages.csv").write_bytes(ages.read_bytes())
    ages.write_text(ages.read_text().replace("\n0,", "\nnone yet,", 1))
    return sorted(folder.iterdir())


def test_two_faults_are_mended_and_the_county_accepted(watch: Watched, files: list[Path], tmp_path: Path) -> None:
    page = watch.open("/upload?lang=en")
    page.set_input_files("#files", [str(path) for path in files])
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/upload/*?lang=en")
    page.get_by_label("Title", exact=True).fill("Toytown again")
    page.get_by_role("button", name="Save and check").click()
    page.get_by_text("2 faults to mend").wait_for()
    page.get_by_role("link", name="Correct values").first.click()
    page.get_by_label("Value of stage in row 2").fill("primary")
    page.get_by_role("button", name="Write the corrections").click()
    page.get_by_text("The corrected copy is written").wait_for()
    page.get_by_role("link", name="Back to the upload").click()
    page.locator("#more").set_input_files(str(tmp_path / "good" / "ages.csv"))
    page.get_by_label("take the place of").select_option(label="ages.csv")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Check again").click()
    page.get_by_text("0 faults to mend").wait_for()
    for box in page.get_by_label("read", exact=True).all():
        box.check()
    if page.get_by_role("button", name="Save what I have read").count():
        page.get_by_role("button", name="Save what I have read").click()
    page.get_by_label("Id of the plan").fill("again")
    page.get_by_role("button", name="Accept as a new plan").click()
    page.get_by_role("heading", name="Toytown again").wait_for()
    assert page.get_by_role("button", name="Compute").is_visible()


def test_without_scripts_the_form_does_the_same(chromium: playwright.Browser, server: str, files: list[Path]) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server}/upload?lang=zh")
    page.set_input_files("#files", [str(path) for path in files])
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_role("button", name="保存并检查").click()
    assert page.get_by_text("2 处错误待改").is_visible()
    assert page.locator("svg.sketch a").count() >= 1
    page.get_by_text("删除这次上传").click()
    page.get_by_role("button", name="确认删除").click()
    assert page.get_by_text("暂无。您上传的内容会留在这里").is_visible()
    context.close()
