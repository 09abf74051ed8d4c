"""What-ifs through the API: the answer is the difference of two full runs; scenarios are saved, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pyproj import Transformer

from geoplan.plan import make_run, read_layers
from geoplan.reasons.whatif import Moved, whatif_sentences
from geoplan.run import Run
from geoplan.store import write_run
from layers.bundle import Layers
from layers.scenariofile import parse_scenario, read_scenario
from maps.app import create_app
from maps.whatif import cells
from maps.whatif.asked import MOST_STEPS
from tests.toytown import write_toytown
from tests.toytown.land import EAST, NORTH

RUN = "/api/v1/plans/town/runs/latest"
SAVED = "/api/v1/plans/town/scenarios"
ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")
TO_DEGREES = Transformer.from_crs(32632, 4326, always_xy=True)


def opening(east: float, north: float, **more: Any) -> dict[str, Any]:
    """A new primary school at metres from the corner of Toytown."""
    lon, lat = TO_DEGREES.transform(EAST + east, NORTH + north)
    step = {"action": "open", "lon": round(lon, 6), "lat": round(lat, 6), "places_primary": 120}
    return {**step, "stage": "primary", "name": "New School", **more}


def closing(school: str) -> dict[str, Any]:
    return {"action": "close", "school_id": school}


CASES = {
    "opens": [opening(150, 150)],
    "closes": [closing("S1")],
    "resizes": [{"action": "resize", "school_id": "S1", "stage": "primary", "places": 12}],
    "one after the other": [
        opening(250, 950, id="A"),
        {"action": "resize", "school_id": "A", "places": 20},
        closing("S1"),
        opening(850, 150, id="B", stage="nine_year", places_primary=60, places_junior=60),
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whatif")


@pytest.fixture(scope="module")
def town(folder: Path) -> Layers:
    write_toytown(folder / "town")
    return read_layers(folder / "town")


@pytest.fixture(scope="module")
def run(folder: Path, town: Layers) -> Run:
    made = make_run(town, parts=("coverage",))
    write_run(made, folder / "town")
    return made


@pytest.fixture(scope="module")
def client(folder: Path, run: Run) -> FlaskClient:
    return create_app({"WORKSPACE": folder, "TESTING": True}).test_client()


def ask(client: FlaskClient, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answer = client.post(f"{RUN}/whatif?lang=en", json={"stage": "primary", "steps": steps, **more})
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def full(town: Layers, steps: list[dict[str, Any]]) -> Run:
    whole = [{"id": f"new-{at}", **step} if step["action"] == "open" else step for at, step in enumerate(steps, 1)]
    return make_run(town, scenario=parse_scenario({"name": "full", "steps": whole}, "full"), parts=("coverage",))


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_the_answer_is_the_difference_of_two_full_runs(
    client: FlaskClient, run: Run, town: Layers, name: str, stage: str
) -> None:
    steps = CASES[name]
    after, told = full(town, steps), ask(client, steps, stage=stage)
    for key, one in (("before", run), ("after", after)):
        found = {row["account"]: row[key] for row in told["accounts"]}
        assert found == pytest.approx(one.summary["stages"][stage]["accounts"])
    old, new = (one.tables["cells"].set_index("cell_id") for one in (run, after))
    served = new[f"served_{stage}"] - old[f"served_{stage}"]
    walk = new[f"walk_m_{stage}"] - old[f"walk_m_{stage}"]
    wanted = (served.abs() > 0.01 * old[f"pupils_{stage}"]) | (walk.abs() >= 10)
    assert told["cells"]["total"] == int(wanted.sum()) == told["cells"]["shown"]
    for row in told["cells"]["rows"]:
        cell = row["cell_id"]
        assert wanted[cell]
        assert (row["status"][0] == row["status"][1]) == (
            old.loc[cell, f"status_{stage}"] == new.loc[cell, f"status_{stage}"]
        )
    schools = new_schools(after, stage)
    before = new_schools(run, stage)
    for row in told["schools"]:
        assert (row["kind"] == "opened") == (row["id"] not in before)
        assert (row["kind"] == "closed") == (row["id"] not in schools)
        if row["kind"] != "closed":
            assert row["pupils"] == pytest.approx(schools[row["id"]][f"pupils_assigned_{stage}"])
            assert row["load"] == pytest.approx(schools[row["id"]][f"load_{stage}"])
    unnamed = set(schools) & set(before) - {row["id"] for row in told["schools"]}
    for school in unnamed:
        assert schools[school][f"pupils_assigned_{stage}"] == pytest.approx(
            before[school][f"pupils_assigned_{stage}"]
        )


def new_schools(run: Run, stage: str) -> dict[str, Mapping[str, Any]]:
    table = run.tables["schools"]
    return {str(row["id"]): row for row in table.to_dict("records") if stage in row["stages"]}


def test_without_steps_nothing_differs(client: FlaskClient) -> None:
    told = ask(client, [])
    assert told["finding"] == [] and told["cells"]["total"] == 0 and told["schools"] == []
    assert all(row["change"] == 0 for row in told["accounts"])


def test_the_finding_is_said_in_both_languages(client: FlaskClient) -> None:
    told = ask(client, CASES["opens"])
    gained = next(row["change"] for row in told["accounts"] if row["account"] == "served")
    assert gained > 0
    assert told["finding"][0].startswith(f"With this change {gained} more of ")
    answer = client.post(f"{RUN}/whatif?lang=zh", json={"stage": "primary", "steps": CASES["closes"]}).get_json()
    assert answer["finding"][0].startswith("按此项调整，") and "减少" in answer["finding"][0]


def test_sentences_tell_shorter_and_longer_walks() -> None:
    moved = Moved("primary", steps=2, pupils=1240, gained=120, nearer=0.2, farther=30)
    assert whatif_sentences(moved, "en") == [
        "With these changes 120 more of 1,240 children have a place in reach.",
        "For 30 the walk gets longer.",
    ]
    still = Moved("primary", steps=1, pupils=1240, gained=0, nearer=0, farther=0, places_known=False)
    assert whatif_sentences(still, "zh") == ["按此项调整，1,240名适龄儿童的学位与步行距离均无变化。"]


def test_points_are_capped_and_the_count_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask(client, CASES["closes"])["cells"]
    monkeypatch.setattr(cells, "MOST_HOMES", 3)
    few = ask(client, CASES["closes"])["cells"]
    assert few["shown"] == len(few["values"]) == 3 and few["total"] == whole["total"] > 3
    assert few["values"] == whole["values"][:3]


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"steps": [closing("S9")]}, 400, "no school S9"),
        ({"steps": [closing("S1"), closing("S1")]}, 400, "step 2"),
        ({"steps": [opening(250, 950, lon=120.0)]}, 422, ""),
        ({"steps": [{"action": "fly"}]}, 422, ""),
        ({"steps": [{"action": "resize", "school_id": "S1"}]}, 422, ""),
        ({"steps": "S1"}, 400, "a list"),
        ({"steps": [closing("S1")] * (MOST_STEPS + 1)}, 400, "at most"),
        ({"steps": [{"action": "housing", "id": "H"}]}, 422, ""),
        ({"steps": [], "year": 1999}, 400, "2027"),
        ({"steps": [], "year": "soon"}, 400, "expected"),
        ({"steps": [], "stage": "senior"}, 404, "senior"),
    ],
)
def test_what_cannot_be_done_is_a_problem_document(
    client: FlaskClient, data: dict[str, Any], status: int, said: str
) -> None:
    answer = client.post(f"{RUN}/whatif", json=data)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"
    assert said in answer.get_json()["detail"]


def test_what_is_no_json_or_too_large_is_refused(client: FlaskClient) -> None:
    assert client.post(f"{RUN}/whatif", data=b"[1").status_code == 400
    assert client.post(f"{RUN}/whatif", json=[1]).status_code == 400
    large = client.post(f"{RUN}/whatif", json={"steps": [], "note": "x" * 200_000})
    assert large.status_code == 413 and large.mimetype == "application/problem+json"
    assert client.get(f"{RUN}/whatif").status_code == 405


def test_a_scenario_is_saved_and_never_overwritten_unseen(client: FlaskClient, folder: Path, run: Run) -> None:
    given = {"name": "north", "title": "North", "title_zh": "北区", "steps": CASES["opens"], "run": run.run_id}
    first = client.post(SAVED, json=given)
    assert first.status_code == 201
    assert read_scenario(folder / "town" / "scenarios" / "north.toml").title_zh == "北区"
    assert client.post(SAVED, json=given).status_code == 200, "the same once more"
    other = {**given, "steps": CASES["closes"]}
    clash = client.post(SAVED, json=other)
    assert clash.status_code == 409 and "'north'" in clash.get_json()["detail"]
    seen = client.get(f"{SAVED}/north")
    assert seen.get_json()["steps"][0]["id"] == "new-1" and seen.headers["ETag"] == first.headers["ETag"]
    stale = client.post(SAVED, json=other, headers={"If-Match": '"0123"'})
    assert stale.status_code == 412
    assert client.post(SAVED, json=other, headers={"If-Match": seen.headers["ETag"]}).status_code == 200
    assert client.post(SAVED, json=given, headers={"If-Match": seen.headers["ETag"]}).status_code == 412
    assert client.get(f"{SAVED}/north").get_json()["steps"] == CASES["closes"]
    (entry,) = client.get(SAVED).get_json()
    assert (entry["name"], entry["steps"], entry["runs"]) == ("north", 1, [])
    assert list((folder / "town" / "scenarios").iterdir()) == [folder / "town" / "scenarios" / "north.toml"]


@pytest.mark.parametrize("name", ["../plan", "A b", "", "x/y", None])
def test_a_name_is_a_plain_one(client: FlaskClient, name: str | None) -> None:
    answer = client.post(SAVED, json={"name": name, "steps": CASES["closes"]})
    assert answer.status_code == 422
    assert client.get(f"{SAVED}/{name or 'none'}").status_code == 404


def test_an_unreadable_scenario_hides_no_other_and_is_not_overwritten(client: FlaskClient, folder: Path) -> None:
    file = folder / "town" / "scenarios" / "broken.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("name = [", encoding="utf-8")
    try:
        entries = {entry["name"]: entry["readable"] for entry in client.get(SAVED).get_json()}
        assert entries["broken"] is False
        assert client.get(f"{SAVED}/broken").status_code == 422
        assert client.post(SAVED, json={"name": "broken", "steps": CASES["closes"]}).status_code == 409
    finally:
        file.unlink()


def test_a_scenario_without_steps_is_not_saved(client: FlaskClient) -> None:
    assert client.post(SAVED, json={"name": "empty", "steps": []}).status_code == 400


def test_what_is_tried_on_a_run_with_steps_comes_after_them(
    client: FlaskClient, folder: Path, town: Layers, run: Run
) -> None:
    base = parse_scenario({"name": "north", "steps": [{"id": "A", **opening(250, 950)}]}, "north")
    second = make_run(town, scenario=base, parts=("coverage",))
    write_run(second, folder / "town")
    try:
        answer = client.post(
            f"/api/v1/plans/town/runs/{second.run_id}/whatif", json={"stage": "primary", "steps": [closing("S1")]}
        ).get_json()
        steps = [{"id": "A", **opening(250, 950)}, closing("S1")]
        both = make_run(town, scenario=parse_scenario({"name": "x", "steps": steps}, "x"), parts=("coverage",))
        found = {row["account"]: row["after"] for row in answer["accounts"]}
        assert found == pytest.approx(both.summary["stages"]["primary"]["accounts"])
        given = {"name": "joined", "steps": [closing("S1")], "run": second.run_id}
        assert [step["action"] for step in client.post(SAVED, json=given).get_json()["steps"]] == ["open", "close"]
    finally:
        (folder / "town" / "scenarios" / "joined.toml").unlink(missing_ok=True)


def test_a_viewer_may_try_but_not_save(client: FlaskClient, folder: Path) -> None:
    viewer = create_app({"WORKSPACE": folder, "READ_ONLY": "1"}).test_client()
    given = {"name": "mine", "stage": "primary", "steps": CASES["closes"]}
    assert viewer.post(f"{RUN}/whatif", json=given).status_code == 200
    assert viewer.post(SAVED, json=given).status_code == 403
    assert not (folder / "town" / "scenarios" / "mine.toml").exists()


def test_a_plan_whose_files_have_changed_is_not_asked(tmp_path: Path) -> None:
    write_toytown(tmp_path / "town")
    write_run(make_run(read_layers(tmp_path / "town"), parts=("coverage",)), tmp_path / "town")
    table = tmp_path / "town" / "schools.csv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    answer = create_app({"WORKSPACE": tmp_path}).test_client().post(f"{RUN}/whatif", json={"steps": []})
    assert answer.status_code == 404 and "have changed" in answer.get_json()["detail"]


def test_a_conflict_names_who_and_when(client: FlaskClient, folder: Path) -> None:
    given = {"name": "both", "steps": CASES["opens"]}
    read = client.post(SAVED, json=given).headers["ETag"]
    assert client.post(SAVED, json={**given, "steps": CASES["closes"]}, headers={"If-Match": read}).status_code == 200
    late = client.post(SAVED, json={**given, "steps": CASES["resizes"]}, headers={"If-Match": read})
    told = late.get_json()
    assert late.status_code == 412 and late.mimetype == "application/problem+json"
    assert told["conflict"]["stale"] and told["conflict"]["now"]["person"] == "local" and "local" in told["detail"]
    assert told["conflict"]["now"]["at"][:4].isdigit()
    taken = client.post(SAVED, json={**given, "steps": CASES["resizes"]}).get_json()
    assert taken["status"] == 409 and not taken["conflict"]["stale"] and "with other steps" in taken["detail"]
    entry = next(one for one in client.get(SAVED).get_json() if one["name"] == "both")
    assert (entry["person"], entry["etag"]) == ("local", told["conflict"]["now"]["etag"])


def test_a_scenario_is_renamed_and_taken_away_by_whoever_has_read_it(client: FlaskClient, folder: Path) -> None:
    etag = client.post(SAVED, json={"name": "first", "steps": CASES["opens"]}).headers["ETag"]
    client.post(SAVED, json={"name": "other", "steps": CASES["closes"]})
    address, match = f"{SAVED}/first", {"If-Match": etag}
    assert client.patch(address, json={"title": "First"}).status_code == 428
    assert client.patch(address, json={}, headers=match).status_code == 400
    assert client.patch(address, json={"name": "../x"}, headers=match).status_code == 422
    assert client.patch(address, json={"name": "other"}, headers=match).status_code == 412
    moved = client.patch(address, json={"name": "second", "title": "Second"}, headers=match)
    assert moved.status_code == 200 and moved.get_json()["title"] == "Second"
    assert client.get(address).status_code == 404
    assert client.delete(f"{SAVED}/second").status_code == 428
    assert client.delete(f"{SAVED}/second", headers=match).status_code == 412
    assert client.delete(f"{SAVED}/second", headers={"If-Match": moved.headers["ETag"]}).status_code == 204
    assert client.delete(f"{SAVED}/second", headers={"If-Match": moved.headers["ETag"]}).status_code == 404
    assert not (folder / "town" / "scenarios" / "second.toml").exists()
