"""``python -m bench.load``: viewers and planners on loopback, how long they wait, and whether anything fails.

A viewer opens a page, then what a browser fetches for it (map tiles, a cell), reads, and opens the next. A planner
tries changes on the map, opens jobs, and starts one now and then. Everybody keeps their connections open, as browsers
do. The server is a process of its own, started as an administrator starts it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PAGES = ("", "/safety", "/siting", "/data")
TILES = 8  # pictures a page fetches at once; a browser has the others already
SERVERS = ("serve", "gunicorn")


@dataclass
class Told:
    """Seconds by kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, fault: str = "") -> None:
        """One answer."""
        with self.lock:
            self.seconds[kind].append(seconds)
            if fault:
                self.wrong.append(fault)


class Browser:
    """One kept connection."""

    def __init__(self, port: int, told: Told) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._told = told

    def ask(self, kind: str, path: str, body: object = None) -> bytes:
        """The answer to one request, measured to its last byte."""
        began, fault, content = time.perf_counter(), "", b""
        method, data = ("GET", None) if body is None else ("POST", json.dumps(body))
        try:
            while True:
                self._line.request(method, path, data, {"Content-Type": "application/json", "Accept-Language": "en"})
                answer = self._line.getresponse()
                content = answer.read()
                pause = int(answer.headers.get("Retry-After", 0))
                if answer.status != 503 or not pause:
                    break
                time.sleep(pause)  # as the page does, and counted as waiting
            if answer.status >= 400:
                fault = f"{answer.status} {path}: {content[:200]!r}"
        except OSError as error:
            fault = f"{type(error).__name__} {path}: {error}"
            self._line.close()
        self._told.note(kind, time.perf_counter() - began, fault)
        return content


@dataclass(frozen=True)
class Place:
    """A plan that is looked at: its run, one of its schools, the tiles of its middle."""

    plan: str
    run: str
    school: str
    lon: float
    lat: float
    tiles: tuple[str, ...]


def look_at(port: int, plan: str) -> Place:
    """What there is to open of a plan."""
    browser = Browser(port, Told())
    run = json.loads(browser.ask("", f"/api/v1/plans/{plan}/runs"))[0]["id"]
    root = f"/api/v1/plans/{plan}/runs/{run}"
    schools = json.loads(browser.ask("", f"{root}/layers/schools.geojson"))["features"]
    cells = json.loads(browser.ask("", f"{root}/layers/cells.geojson?limit=1"))["features"]
    lon, lat = cells[0]["geometry"]["coordinates"][:2]
    return Place(plan, run, schools[0]["properties"]["id"], lon, lat, tuple(_tiles(root, lon, lat)))


def _tiles(root: str, lon: float, lat: float) -> Iterator[str]:
    """Tiles about a place, from afar to near, of the ground and of a layer."""
    for zoom in (10, 12, 14):
        count = 2**zoom
        x = int((lon + 180) / 360 * count)
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * count)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                for name in ("base", "walk"):
                    query = "?stage=primary" if name == "walk" else ""
                    yield f"{root}/tiles/{name}/{zoom}/{x + dx}/{y + dy}.png{query}"


def view(port: int, place: Place, told: Told, until: float, seed: int, think_s: float) -> None:
    """One viewer."""
    chance, browser = random.Random(seed), Browser(port, told)
    root = f"/api/v1/plans/{place.plan}/runs/{place.run}"
    time.sleep(chance.uniform(0, think_s))
    while time.monotonic() < until:
        page = chance.choice(("/", *(f"/plans/{place.plan}{page}" for page in PAGES)))
        browser.ask("page", f"{page}?lang={chance.choice(('en', 'zh'))}")
        if page.endswith(("/data", "/")):
            pass
        else:
            for tile in chance.sample(place.tiles, TILES):
                browser.ask("tile", tile)
            browser.ask("api", f"{root}/cell?lon={place.lon}&lat={place.lat}&stage=primary")
        time.sleep(chance.uniform(0.5, 1.5) * think_s)


def plan(port: int, place: Place, told: Told, until: float, seed: int, think_s: float) -> None:
    """One planner."""
    chance, browser = random.Random(seed), Browser(port, told)
    root = f"/api/v1/plans/{place.plan}/runs/{place.run}"
    time.sleep(chance.uniform(0, think_s))
    turn = 0
    while time.monotonic() < until:
        steps: list[dict[str, object]] = [
            {"action": "open", "lon": place.lon, "lat": place.lat, "places_primary": 200 + turn}
        ]
        if turn % 2:
            steps.append({"action": "close", "school_id": place.school})
        browser.ask("what-if", f"{root}/whatif", {"stage": "primary", "steps": steps})
        if turn % 4 == 0:
            job = {"kind": "upload", "plan_id": place.plan, "params": {"language": chance.choice(("en", "zh"))}}
            browser.ask("job", "/api/v1/jobs", job)
        browser.ask("page", "/jobs")
        turn += 1
        time.sleep(chance.uniform(0.5, 1.5) * think_s)


def burst(port: int, plans: list[str], *, viewers: int, planners: int, seconds: float, think_s: float) -> Told:
    """Everybody at once for some seconds."""
    told, places = Told(), [look_at(port, plan) for plan in plans]
    until = time.monotonic() + seconds
    people = [
        threading.Thread(target=view, args=(port, places[row % len(places)], told, until, row, think_s))
        for row in range(viewers)
    ]
    people += [
        threading.Thread(target=plan, args=(port, places[row % len(places)], told, until, 1000 + row, think_s))
        for row in range(planners)
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()
    return told


@contextmanager
def served(server: str, workspace: Path, port: int) -> Iterator[list[int]]:
    """A server for the time of the block, and a worker beside it."""
    geoplan = [sys.executable, "-m", "geoplan"]
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4"]
    commands = {
        "serve": [[*geoplan, "serve", "--workspace", str(workspace), "--port", str(port)]],
        "gunicorn": [
            [*gunicorn, "--bind", f"127.0.0.1:{port}", "wsgi:app"],
            [*geoplan, "worker", "--workspace", str(workspace)],
        ],
    }[server]
    own = {"GEOPLAN_WORKSPACE": str(workspace), "GEOPLAN_AUTH": "open", "GEOPLAN_COSTLY_PER_MINUTE": "10000"}
    own |= {"GEOPLAN_LOG_LEVEL": "warning"}
    begun = [subprocess.Popen(command, env={**os.environ, **own}) for command in commands]
    try:
        _wait(port)
        yield [one.pid for one in begun]
    finally:
        for one in begun:
            one.send_signal(signal.SIGTERM)
        for one in begun:
            one.wait(60)


def _wait(port: int) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        if b"ok" in Browser(port, Told()).ask("", "/healthz"):
            return
        time.sleep(0.2)
    raise TimeoutError("the server does not answer")


def memory_mb(processes: list[int]) -> list[int]:
    """The most memory that processes and their children held, each."""
    return sorted(
        (int(one["VmHWM"].split()[0]) // 1024 for one in _family(processes) if "VmHWM" in one), reverse=True
    )


def processor_s(processes: list[int]) -> float:
    """Seconds of processor that processes and their children have used."""
    ticks = 0
    for one in _family(processes):
        with suppress(OSError):
            stat = Path("/proc", one["Pid"].strip(), "stat").read_text().rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(processes: list[int]) -> list[dict[str, str]]:
    """What the system tells of processes and their children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            told = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if {int(told["Pid"]), int(told["PPid"])} & set(processes):
                found.append(told)
    return found


def table(told: Told) -> str:
    """Counts, middle, 95th percentile and longest wait by kind, then what went wrong."""
    lines = [f"{'':10}{'count':>7}{'median':>9}{'p95':>9}{'longest':>9}  seconds"]
    for kind, waits in sorted(told.seconds.items()):
        lines.append(f"{kind:10}{len(waits):7}{statistics.median(waits):9.3f}{p95(waits):9.3f}{max(waits):9.3f}")
    lines += [f"{len(told.wrong)} went wrong", *sorted(set(told.wrong))[:10]]
    return "\n".join(lines)


def p95(waits: list[float]) -> float:
    """The 95th percentile."""
    return sorted(waits)[min(len(waits) - 1, math.ceil(0.95 * len(waits)) - 1)]


def main() -> int:
    """Measure; exit code 1 where something failed or pages took longer than a second at the 95th percentile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--plans", default="qinghe", help="commas between; each with a run")
    parser.add_argument("--server", choices=SERVERS, default="serve")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--planners", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--think", type=float, default=8, help="seconds between two pages of a person, on average")
    parser.add_argument("--port", type=int, default=8937)
    asked = parser.parse_args()
    plans = asked.plans.split(",")
    with served(asked.server, asked.workspace, asked.port) as processes:
        warm = burst(asked.port, plans, viewers=12, planners=8, seconds=6, think_s=0.5)
        print("first visitors\n" + table(warm))
        before, spent = os.getloadavg()[0], processor_s(processes)
        told = burst(
            asked.port,
            plans,
            viewers=asked.viewers,
            planners=asked.planners,
            seconds=asked.seconds,
            think_s=asked.think,
        )
        held, spent = memory_mb(processes), processor_s(processes) - spent
    print(f"{asked.server}: {asked.viewers} viewers, {asked.planners} planners, {asked.seconds:.0f} s")
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} processors")
    print(f"{spent:.0f} s of processor, {100 * spent / asked.seconds / (os.cpu_count() or 1):.0f} % of this machine")
    print(f"most memory of each process: {', '.join(f'{one} MB' for one in held)}")
    print(table(told))
    return int(bool(told.wrong) or p95(told.seconds["page"]) >= 1)


if __name__ == "__main__":
    sys.exit(main())
