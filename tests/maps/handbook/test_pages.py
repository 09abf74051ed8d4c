"""The documentation as pages: all of it, in order, linked, safe."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from maps import navigation
from maps.handbook import rendering, shelf

DOCS = Path(__file__).resolve().parents[3] / "docs"
NAMES = sorted(path.stem for path in DOCS.glob("*.md"))


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_document_is_on_the_shelf_and_can_be_read(client: FlaskClient, language: str) -> None:
    shelf_page = text(client, f"/docs?lang={language}")
    for name in NAMES:
        address = f"/docs/{name}?lang={language}"
        assert f'href="{address}"' in shelf_page
        page = text(client, address)
        assert page.count("<h1") == 1
        written = "zh" if language == "zh" and (DOCS / "zh" / f"{name}.md").is_file() else "en"
        assert ("This document is written" in page or "目前只有英文版" in page) == (written != language)


def test_all_links_lead_somewhere(client: FlaskClient) -> None:
    pages = {}
    for language in ("en", "zh"):
        for name in NAMES:
            pages[f"/docs/{name}?lang={language}"] = text(client, f"/docs/{name}?lang={language}")
    checked = 0
    for address, page in pages.items():
        body = page[page.index('<main class="text"') :]
        for link in map(unescape, re.findall(r'href="([^"]+)"', body)):
            target, _, anchor = link.partition("#")
            found = pages.get(target, page if not target else "")
            if target and not found:
                assert client.get(target).status_code == 200, (address, link)
            if anchor:
                checked += 1
                assert f'id="{unquote(anchor)}"' in found, (address, link)
        for source in re.findall(r'<img src="([^"]+)"', body):
            assert source.startswith("/docs/pictures/") and client.get(source).status_code == 200
    assert checked > 15


def test_contents_of_a_page_are_its_headings(client: FlaskClient) -> None:
    page = text(client, "/docs/deployment?lang=en")
    assert '<a href="#people">People</a>' in page and 'id="people"' in page


@pytest.mark.parametrize(
    "path",
    ["/docs/nothing", "/docs/..%2f..%2fREADME", "/docs/%2e%2e/README", "/docs/zh/web-guide", "/docs/web-guide%00",
     "/docs/pictures/nothing.png", "/docs/pictures/..%2fweb-guide.md", "/docs/pictures/web-guide.md"],
)  # fmt: skip
def test_nothing_but_documents_is_handed_out(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_name_of_a_file_works_too(client: FlaskClient) -> None:
    assert "<h1" in text(client, "/docs/web-guide.md")


def test_nothing_in_a_document_runs(tmp_path: Path) -> None:
    file = tmp_path / "x.md"
    file.write_text(
        "# T\n\n<script>alert(1)</script>\n\na<b onclick=x>b</b> x<sub>i</sub> [go](javascript:alert(1)) "
        "[out](https://example.org) [there](y.md#z) [gone](none.md) ![p](http://example.org/p.png) ![q](q.png)\n\n"
        "[d](data:text/html,x) [e](//evil.example/x)\n\n```\n<i>\n```\n\n## Same\n\n## Same\n",
        encoding="utf-8",
    )
    places = rendering.Places(
        lambda name: "/docs/y" if name == "y.md" else None, lambda name: "/q" if name == "q.png" else None
    )
    page = rendering.page(file, places)
    assert "<script" not in page.html and "<b " not in page.html and "<i>" not in page.html
    assert "x<sub>i</sub>" in page.html and 'href="/docs/y#z"' in page.html and '<img src="/q"' in page.html
    assert 'href="javascript' not in page.html and 'href="data' not in page.html and "evil" not in page.html
    assert "<a>gone</a>" in page.html and "<em>p</em>" in page.html and "<h1" not in page.html
    assert 'href="https://example.org" rel="external noreferrer"' in page.html
    assert [one.anchor for one in page.contents] == ["same", "same-1"]


def test_a_copy_without_documents_says_so(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "FOLDER", tmp_path / "absent")
    assert "未附带文档" in text(client, "/docs?lang=zh")
    assert client.get("/docs/web-guide").status_code == 404


def test_the_header_leads_to_it(client: FlaskClient) -> None:
    assert re.search(r'<a href="/docs\?lang=zh"[^>]*>帮助</a>', text(client, "/?lang=zh"))


def test_the_chinese_guide_knows_every_page_of_the_navigation() -> None:
    guide = (DOCS / "zh" / "web-guide.md").read_text(encoding="utf-8")
    for page in (*navigation.MAIN, *(navigation.PLAN + tab for tab in navigation.TABS)):
        assert f"`{page}`" in guide or page == "/docs", page
