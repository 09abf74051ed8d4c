"""One navigation: the same order everywhere, where one is is marked, and nothing is offered that one may not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from maps.app import create_app

LINK = re.compile(r'<a href="([^"?]*)[^"]*"(?: data-keep)?( aria-current="\w+")?>([^<]*)</a>')


def navs(client: FlaskClient, path: str) -> dict[str, list[tuple[str, bool]]]:
    """Names and whether one is there, by the label of each navigation of the header."""
    page = client.get(path).get_data(as_text=True)
    head = page[: page.index("</header>")]
    parts = re.findall(r'<nav aria-label="([^"]*)">(.*?)</nav>', head, re.S)
    return {label: [(name, bool(here)) for _, here, name in LINK.findall(part)] for label, part in parts}


@pytest.mark.parametrize(
    ("path", "here"),
    [("/plans/toytown", "Coverage"), ("/plans/toytown/safety", "Route safety"), ("/plans/toytown/data", "Data")],
)
def test_every_page_of_a_plan_has_the_same_tabs_and_says_which_it_is(
    client: FlaskClient, path: str, here: str
) -> None:
    tabs = navs(client, f"{path}?lang=en")["Panels"]
    order = ["Coverage", "Route safety", "New places", "Compare", "Data", "Settings"]
    names = [name for name, _ in tabs]
    assert names == [name for name in order if name in names] and {"Coverage", "Route safety", "Data"} <= set(names)
    assert [name for name, current in tabs if current] == [here]


@pytest.mark.parametrize(("path", "here"), [("/", "县区"), ("/jobs", "任务"), ("/nowhere", "")])
def test_the_header_says_where_one_is(client: FlaskClient, path: str, here: str) -> None:
    found = navs(client, f"{path}?lang=zh")
    assert list(found) == ["页面"]
    assert [name for name, current in found["页面"] if current] == ([here] if here else [])
    assert "hreflang" in client.get(f"{path}?lang=zh").get_data(as_text=True), (
        "an error can be read in both languages"
    )


def test_who_only_looks_is_not_offered_what_changes(workspace: Path) -> None:
    looking = create_app({"WORKSPACE": workspace, "READ_ONLY": "yes"}).test_client()
    names = [name for part in navs(looking, "/plans/toytown?lang=en").values() for name, _ in part]
    assert "Counties" in names and "Settings" not in names and "Bring in data" not in names and "People" not in names
