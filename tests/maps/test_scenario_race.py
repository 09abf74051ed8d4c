"""Two processes that change one scenario at once: one wins, the other is told, and the file is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from layers.scenariofile import parse_scenario, read_scenario
from maps.whatif import saved, savers

ROUNDS = 25
RACER = f"""
import sys
from pathlib import Path
from layers.scenariofile import parse_scenario
from maps.whatif import saved

folder, who = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
won = 0
for turn in range({ROUNDS}):
    while True:  # until it was the one that had been read
        read = saved.opened(folder, "shared")
        steps = [*read.scenario.model_dump(mode="json")["note"].split(), f"{{who}}{{turn}}"]
        closing = {{"action": "close", "school_id": who}}
        given = parse_scenario({{"name": "shared", "note": " ".join(steps), "steps": [closing]}}, "x")
        try:
            saved.save(folder, given, {{read.etag}}, person=who)
            break
        except saved.ChangedError as error:
            assert error.now is not None and error.now.person, error
            won += 1
print(won, flush=True)
"""


def test_no_step_of_two_processes_is_lost(tmp_path: Path) -> None:
    first = parse_scenario({"name": "shared", "steps": [{"action": "close", "school_id": "S1"}]}, "x")
    saved.save(tmp_path, first, None, person="ada")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        for who in ("pia", "leo")
    ]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    answers = [racer.communicate("go\n", timeout=60)[0] for racer in racers]
    assert all(racer.returncode == 0 for racer in racers), answers
    told = read_scenario(tmp_path / "scenarios" / "shared.toml").note.split()
    assert sorted(told) == sorted(f"{who}{turn}" for who in ("pia", "leo") for turn in range(ROUNDS))
    people = [one.person for one in saved.savers(tmp_path)]
    assert len(people) == 2 * ROUNDS + 1 and people[-1] == "ada"
    assert [file.name for file in (tmp_path / "scenarios").iterdir()] == ["shared.toml"]


def test_of_two_who_read_the_same_one_is_told(tmp_path: Path) -> None:
    steps = [[{"action": "close", "school_id": school}] for school in ("S1", "S2", "S3")]
    one, two, three = (parse_scenario({"name": "shared", "steps": part}, "x") for part in steps)
    read, _ = saved.save(tmp_path, one, None, person="ada")
    saved.save(tmp_path, two, {read.etag}, person="pia")
    with pytest.raises(saved.ChangedError, match="changed since by pia"):
        saved.save(tmp_path, three, {read.etag}, person="leo")
    assert read_scenario(tmp_path / "scenarios" / "shared.toml").steps == two.steps


def test_a_line_cut_within_a_letter_hides_no_other(tmp_path: Path) -> None:
    folder = tmp_path / ".history"
    folder.mkdir()
    whole = '{"name": "a", "etag": "1", "at": "2026-01-01T00:00:00+00:00", "person": "张三"}'
    (folder / "scenarios.jsonl").write_bytes(f"{whole}\n{whole}".encode()[:-3])
    savers.note(tmp_path, "b", "2", "李四")
    assert [one.person for one in savers.savers(tmp_path)] == ["李四", "张三"]
