"""Real processes: what is under way is answered, nobody is left behind, no traceback, the exit codes of the guide."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.maps.operation.conftest import SLOW, Start, answers, ask, group, wait_until

LONGEST_S = 120.0


def lose(port: int) -> None:
    with pytest.raises(OSError):
        ask(port, "/slow/60")


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


def test_gunicorn_ends_calmly(start: Start, tmp_path: Path, port: int) -> None:
    command = ("-m", "gunicorn", "--workers", "1", "--bind", f"127.0.0.1:{port}", "wsgi:app")
    server = start(*command, GEOPLAN_WORKSPACE=str(tmp_path), GEOPLAN_LOG="json")
    wait_until(lambda: answers(port), "it answers")
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=LONGEST_S)
    assert server.returncode == 0 and "Traceback" not in err and not group(server.pid), err
    assert all(json.loads(line) for line in err.splitlines()[1:]), "its own lines are like all others"
