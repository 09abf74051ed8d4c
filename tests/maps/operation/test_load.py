"""Many at once, in small: what ``python -m bench.load`` measures, here only that nothing fails."""

from __future__ import annotations

from pathlib import Path

from bench.load import burst
from tests.maps.operation.conftest import SLOW, Start


def test_viewers_and_planners_at_once_are_all_answered(start: Start, desk_folder: Path, port: int) -> None:
    server = start("-c", SLOW, str(desk_folder), str(port), "5")
    assert server.stdout and server.stdout.readline()
    told = burst(port, ["east", "west"], viewers=12, planners=2, seconds=2, think_s=0.3)
    wrong = [
        fault for fault in told.wrong if "files have changed since this run" not in fault
    ]  # it was drawn by hand
    assert wrong == [] and {"page", "tile", "api", "what-if", "job"} <= set(told.seconds)
    assert len(told.seconds["page"]) > 12
