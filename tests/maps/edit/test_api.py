"""Settings for programs: read, put back, refused with every fault or with who was quicker."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from maps.edit import kept

SETTINGS = "/api/v1/plans/toytown/settings"


def test_settings_are_read_changed_and_keep_their_comments(client: FlaskClient, folder: Path) -> None:
    file = folder / "plan.toml"
    file.write_text("# head\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    answer = client.get(SETTINGS)
    told, etag = answer.get_json(), answer.headers["ETag"]
    assert told["settings"]["plan"]["name"] == "toytown" and told["faults"] == [] and told["saved"]["person"] is None
    told["settings"].setdefault("siting", {}).update({"max_new": 4, "budget": None})
    looked = client.put(f"{SETTINGS}?check=1", json={"settings": told["settings"]}).get_json()
    assert looked == {"saved": False, "changes": [{"key": "siting.max_new", "old": None, "new": 4}]}
    assert not (folder / ".history").exists()
    put = client.put(SETTINGS, json={"settings": told["settings"]}, headers={"If-Match": etag})
    assert put.status_code == 200 and put.headers["ETag"] != etag and put.get_json()["saved"]["person"] == "local"
    assert kept.read_text(folder).startswith("# head\n") and "max_new = 4" in kept.read_text(folder)
    assert client.get(SETTINGS).headers["ETag"] == put.headers["ETag"]


def test_a_conflict_names_who_when_and_both_values(client: FlaskClient) -> None:
    first = client.get(SETTINGS)
    etag, settings = first.headers["ETag"], first.get_json()["settings"]
    theirs, mine = ({**settings, "siting": {"max_new": number}} for number in (1, 2))
    assert client.put(SETTINGS, json={"settings": theirs}, headers={"If-Match": etag}).status_code == 200
    late = client.put(SETTINGS, json={"settings": mine}, headers={"If-Match": etag})
    problem = late.get_json()
    assert late.status_code == 412 and late.mimetype == "application/problem+json"
    assert problem["conflict"]["person"] == "local" and problem["conflict"]["at"]
    assert problem["conflict"]["changes"] == [{"key": "siting.max_new", "before": None, "yours": 2, "theirs": 1}]
    unknown = client.put(SETTINGS, json={"settings": mine}, headers={"If-Match": '"0"'}).get_json()
    assert {"key": "siting.max_new", "yours": 2, "theirs": 1} in unknown["conflict"]["changes"]


def test_every_fault_is_in_the_problem_document(client: FlaskClient, folder: Path) -> None:
    before, etag = kept.read_text(folder), client.get(SETTINGS).headers["ETag"]
    wrong = {"plan": {"name": "toytown", "colour": "red"}, "region": {"boundary": "nowhere.geojson"}}
    answer = client.put(SETTINGS, json={"settings": wrong}, headers={"If-Match": etag})
    columns = {fault["column"] for fault in answer.get_json()["faults"]}
    assert answer.status_code == 422 and {"plan.colour", "region.boundary", "streets", "schools"} <= columns
    assert client.put(SETTINGS, json={"toml": "[x"}, headers={"If-Match": etag}).status_code == 422
    assert kept.read_text(folder) == before


def test_requests_that_say_nothing_usable(client: FlaskClient) -> None:
    text = client.get(SETTINGS).get_json()["toml"]
    assert client.put(SETTINGS, json={"toml": text}).status_code == 428
    assert client.put(SETTINGS, json={"toml": text}, headers={"If-Match": "*"}).status_code == 428
    for body in ([], {}, {"toml": 3}, {"settings": []}, {"toml": text, "settings": {}}):
        assert client.put(SETTINGS, json=body, headers={"If-Match": '"0"'}).status_code == 400
    assert client.get("/api/v1/plans/absent/settings").status_code == 404
