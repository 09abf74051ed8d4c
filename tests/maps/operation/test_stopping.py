"""Real processes: what is under way is answered, nobody is left behind, no traceback, the exit codes of the guide."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from maps import desk
from maps.jobs import alive
from tests.maps.operation.conftest import SLOW, Start

LONGEST_S = 120.0


def ask(port: int, path: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=LONGEST_S) as answer:
        return bytes(answer.read())


def wait_until(true: Callable[[], object], why: str) -> None:
    until = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < until, why
        time.sleep(0.05)


def lose(port: int) -> None:
    with pytest.raises(OSError):
        ask(port, "/slow/60")


def answers(port: int) -> bool:
    try:
        return b"ok" in ask(port, "/healthz")
    except OSError:
        return False


def test_an_answer_under_way_is_finished_and_one_too_long_is_cut(start: Start, tmp_path: Path, port: int) -> None:
    server = start("-c", SLOW, str(tmp_path), str(port), "3")
    assert server.stdout and server.stdout.readline().startswith("geoplan on")
    got: list[int] = []
    asking = [threading.Thread(target=lose, args=(port,))]
    asking.append(threading.Thread(target=lambda: got.append(len(ask(port, "/slow/1")))))
    for one in asking:
        one.start()
        server.stdout.readline()
    server.send_signal(signal.SIGTERM)
    began = time.monotonic()
    out, err = server.communicate(timeout=LONGEST_S)
    for one in asking:
        one.join()
    assert (server.returncode, got, out) == (0, [3_000_000], "") and time.monotonic() - began < 50
    assert err.splitlines() == ["1 answers were cut off after 3 s", "1 thread(s) still running"]


def test_ctrl_c_ends_serve_and_a_worker_that_is_just_starting(start: Start, tmp_path: Path, port: int) -> None:
    server = start("-m", "geoplan", "serve", "--workspace", str(tmp_path), "--port", str(port))
    wait_until(lambda: answers(port), "it answers")
    os.killpg(server.pid, signal.SIGINT)  # as a terminal does
    out, err = server.communicate(timeout=LONGEST_S)
    assert (server.returncode, out) == (0, "") and "Traceback" not in err, err
    assert not _group(server.pid) and not alive.living(tmp_path)
    desk.forget(tmp_path)


def _group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if group == str(leader) and state != "Z":
                found.append(int(entry.name))
    return found


def test_gunicorn_ends_calmly(start: Start, tmp_path: Path, port: int) -> None:
    command = ("-m", "gunicorn", "--workers", "1", "--bind", f"127.0.0.1:{port}", "wsgi:app")
    server = start(*command, GEOPLAN_WORKSPACE=str(tmp_path), GEOPLAN_LOG="json")
    wait_until(lambda: answers(port), "it answers")
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=LONGEST_S)
    assert server.returncode == 0 and "Traceback" not in err and not _group(server.pid), err
    assert all(json.loads(line) for line in err.splitlines()[1:]), "its own lines are like all others"
