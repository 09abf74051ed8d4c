"""Logging in, one's own page and the pages of administrators in a real browser: keyboard, phone, both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maps.app import create_app
from maps.people import accounts, passwords
from maps.people.models import database
from tests.browser.conftest import Watched, playwright
from tests.browser.serving import serving
from tests.toytown import write_toytown

PASSWORD = "correct horse battery"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    write_toytown(tmp_path / "toytown")
    accounts.add(database(tmp_path), "ada", "administrator", password=PASSWORD)
    with serving(create_app({"WORKSPACE": tmp_path, "AUTH": "login"})) as address:
        yield address


@pytest.fixture
def watched(chromium: playwright.Browser, desk: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    watched = Watched(page, desk)
    page.on("request", lambda request: watched.asked.append(request.url))
    page.on("console", lambda message: watched.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: watched.wrong.append(str(error)))
    yield watched
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_administrator_comes_in_adds_a_planner_and_leaves(watched: Watched, language: str, tmp_path: Path) -> None:
    page = watched.open(f"/people?lang={language}")
    assert "/login?next=" in page.url and page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/people?lang={language}")
    page.fill("#name", "王芳")
    page.fill("#password", "short")
    page.click("form.fields button")
    page.wait_for_load_state("networkidle")
    assert page.locator("#password[aria-invalid=true]").count() == 1 and page.input_value("#name") == "王芳"
    watched.wrong = [text for text in watched.wrong if "422" not in text]  # the form that was refused
    page.fill("#password", PASSWORD)
    page.select_option("#role", "planner")
    page.click("form.fields button")
    page.wait_for_url("**/people/%E7%8E%8B%E8%8A%B3?*")
    watched.open("/me")
    page.fill("#token_name", "QGIS")
    page.locator("form.fields button").last.click()
    page.wait_for_selector("code.secret")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for path in ("/people", "/people/ada", "/people/audit", "/me", "/plans/toytown/people", "/"):
        watched.open(f"{path}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        small = page.evaluate(
            "[...document.querySelectorAll('button, select, input:not([type=hidden]), .button')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 34).map(e => e.outerHTML)"
        )
        assert not small, (path, small)
    page.locator(".top form button").click()
    page.wait_for_url("**/login?*")
    watched.open("/people")
    assert "/login" in page.url
    watched.check()
