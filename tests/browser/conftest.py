"""A server on loopback with Toytown in its workspace, and a headless Chromium that may not leave this host."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from geoplan.plan import make_run, read_layers
from geoplan.store import write_run
from maps import assets
from maps.app import create_app
from tests.browser.serving import serving
from tests.geoplan.batch.towns import write_broken, write_town
from tests.toytown import toytown_run, write_toytown
from tests.toytown.siting import with_siting

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
    with serving(create_app({"WORKSPACE": folder})) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass(frozen=True)
class Office:
    """A server and a worker on one workspace, as on a machine where people work."""

    server: str
    folder: Path


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """``town`` with a run of its coverage, ``newtown`` with proposals, eight counties of which one is broken."""
    lacking = assets.remedy()
    if lacking:
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("office")
    write_toytown(folder / "town")
    write_run(make_run(read_layers(folder / "town"), parts=("coverage",)), folder / "town")
    write_toytown(folder / "newtown")
    write_run(with_siting(toytown_run()), folder / "newtown")
    for number in range(1, 8):
        write_town(folder / f"county-{number}", places=100 + 10 * number)
    write_broken(folder / "county-8")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with serving(create_app({"WORKSPACE": folder})) as address:
        command = [sys.executable, "-m", "geoplan", "worker", "--workspace", str(folder)]
        worker = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        yield Office(address, folder)
    worker.terminate()
    try:
        worker.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)


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


@pytest.fixture
def at_work(watch: Watched, office: Office) -> Watched:
    """A watched page at the office; what it fetches stays on the host, or the test fails."""
    watch.server = office.server
    return watch
