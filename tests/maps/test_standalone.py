"""``map.html`` needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from geoplan.run import Run
from maps import assets
from maps.standalone import standalone

pytestmark = pytest.mark.skipif(bool(assets.missing()), reason=f"{assets.remedy()}")


@pytest.fixture(scope="module")
def page(toytown: Run) -> str:
    return standalone(toytown, "en").decode()


def test_nothing_is_fetched(page: str) -> None:
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', page)
    assert not re.findall(r"url\((?![\"']?(?:data:|#default))", page)
    assert "sourceMappingURL" not in page
    assert len(page) < 2_000_000


def test_only_the_scripts_it_holds_may_run(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = set(re.findall(r"sha256-[\w+/=]+", policy[1].replace("&#39;", "'")))
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    made = {f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}" for text in scripts}
    assert made == allowed and len(scripts) == 5


def test_every_stage_tells_its_story_and_has_its_pictures(page: str) -> None:
    assert page.count("data-panel=") == 2 and page.count("<h1>") == 2
    assert "Invented." in page and "0123456789ab" in page
    assert page.count("data:image/png;base64,") > 10


def test_the_same_run_gives_the_same_bytes(toytown: Run, page: str) -> None:
    assert standalone(toytown, "en").decode() == page


def test_it_speaks_chinese(toytown: Run) -> None:
    chinese = standalone(toytown, "zh").decode()
    assert '<html lang="zh-Hans">' in chinese and "虚构。" in chinese and "本文件无需联网。" in chinese


def test_without_the_libraries_it_holds_the_figures_and_says_so(
    toytown: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "missing", lambda vendor=None: ["leaflet.js"])
    plain = standalone(toytown, "en").decode()
    assert "make assets" in plain and "Where the 144 pupils stand" in plain and "<script>" not in plain


def test_a_hostile_name_stays_text(toytown: Run) -> None:
    schools = toytown.tables["schools"].assign(name="</script><script>alert(1)</script>")
    hostile = replace(
        toytown,
        tables={**toytown.tables, "schools": schools},
        summary={**toytown.summary, "title": "<img src=x onerror=alert(1)>"},
    )
    page = standalone(hostile, "en").decode()
    assert "<script>alert" not in page and "<img src=x" not in page


def test_no_library_is_left_behind(tmp_path: Path) -> None:
    assert assets.missing(tmp_path) == list(assets.FILES.values())
    assert "leaflet.js" in str(assets.remedy(tmp_path)) and "make assets" in str(assets.remedy(tmp_path))
    for source in assets.FILES:
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    assert assets.missing(tmp_path / "vendor") and len(assets.copy(tmp_path, tmp_path / "vendor")) == len(
        assets.FILES
    )
    assert assets.missing(tmp_path / "vendor") == []


def test_the_lock_file_names_no_host() -> None:
    text = (Path(assets.ROOT) / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text and '"resolved"' not in text and text.count('"integrity"') >= 2
