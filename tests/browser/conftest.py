"""A server on loopback with Toytown in its workspace, and a headless Chromium that may not leave this host."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from geoplan.store import write_run
from maps import assets
from maps.app import create_app
from tests.toytown import toytown_run, write_toytown

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    lacking = assets.remedy()
    if lacking:
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("pages")
    write_toytown(folder / "toytown")
    write_run(toytown_run(), folder / "toytown")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    web = make_server("127.0.0.1", 0, create_app({"WORKSPACE": folder}), threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join(timeout=5)


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and what it did that it may not do: requests to elsewhere, console errors, policy violations."""

    page: playwright.Page
    server: str
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> playwright.Page:
        """Open a path of the server (or a whole address) and wait until it is quiet."""
        self.page.goto(path if "://" in path else f"{self.server}{path}")
        self.page.wait_for_load_state("networkidle")
        return self.page

    def check(self) -> None:
        """Nothing left the host, nothing failed."""
        outside = [url for url in self.asked if not url.startswith((f"{self.server}/", "data:", "file://"))]
        assert not outside, f"requests left the host: {outside}"
        assert not self.wrong, self.wrong


@pytest.fixture
def watch(chromium: playwright.Browser, server: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    watched = Watched(page, server)
    page.on("request", lambda request: watched.asked.append(request.url))
    page.on("pageerror", lambda error: watched.wrong.append(f"script: {error}"))
    page.on("console", lambda said: watched.wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("response", lambda got: watched.wrong.append(f"{got.status} {got.url}") if got.status >= 500 else None)
    yield watched
    watched.check()
    context.close()
