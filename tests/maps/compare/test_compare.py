"""Alternatives side by side: the numbers are those of full runs, what is lacking is named, nothing is hidden."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from geoplan.compare import compare
from geoplan.plan import make_run
from geoplan.run import Run
from geoplan.store import write_run
from layers.bundle import Layers
from layers.scenariofile import parse_scenario, plain_step
from maps.compare import alternatives
from maps.compare.figures import best_of
from maps.whatif import turns
from maps.whatif.link import packed, unpacked
from tests.maps.compare.conftest import HOMES, STEPS

PAGE = "/plans/town/compare"
API = "/api/v1/plans/town/compare"
FULL, TRIED = "a=base&b=scenario:north", "a=base&b=scenario:tried"
UNCOUNTED = ("gini", "places_assumed")


def rows_of(found: dict[str, Any]) -> dict[tuple[str, ...], list[float | None]]:
    return {(row["section"], row["stage"], row["key"], str(row["area_id"])): row["values"] for row in found["rows"]}


def asked(client: FlaskClient, query: str) -> dict[str, Any]:
    answer = client.get(f"{API}?{query}")
    assert answer.status_code == 200, answer.get_json()
    told: dict[str, Any] = answer.get_json()
    return told


def page(client: FlaskClient, query: str, language: str = "en") -> str:
    answer = client.get(f"{PAGE}?lang={language}&{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def table(text: str) -> dict[str, list[str]]:
    """Rows of the table of figures: texts by name."""
    part = text.split('<h2 id="figures">')[1].split("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', part, re.S)
    strip = lambda cell: re.sub(r"<[^>]+>", " ", cell).split()  # noqa: E731
    return {
        name: [" ".join(strip(cell)) for cell in re.findall(r"<td>(.*?)</td>", cells, re.S)] for name, cells in rows
    }


def test_two_runs_have_the_numbers_of_the_command(client: FlaskClient, base: Run, north: Run) -> None:
    told, known = asked(client, FULL), compare([base, north])
    assert rows_of(told) == rows_of(known)
    assert [head["run_id"] for head in told["runs"]] == [base.run_id, north.run_id]
    assert [head["actions"] for head in told["runs"]] == [0, 2]
    assert told["findings"][0]["text"].startswith("North opens: opens 1")


def test_a_what_if_has_the_numbers_of_the_full_run_where_it_counts_them(client: FlaskClient, north: Run) -> None:
    full, tried = rows_of(asked(client, FULL)), rows_of(asked(client, TRIED))
    counted = 0
    for key, (before, after) in full.items():
        if key[0] == "areas" or key[2] in UNCOUNTED:
            continue
        assert tried[key] == pytest.approx([before, after], abs=2e-6), key
        counted += after is not None
    assert counted > 40
    head = asked(client, TRIED)["runs"][1]
    assert head["whatif"] and head["run_id"] is None and head["differs"] == []
    cells = [{name: row[name] for name in ("stage", "from", "to", "cells")} for row in asked(client, FULL)["cells"]]
    assert cells == [
        {name: row[name] for name in ("stage", "from", "to", "cells")} for row in asked(client, TRIED)["cells"]
    ]


def test_new_housing_is_counted_in_the_years_it_is_lived_in(client: FlaskClient, town: Layers, base: Run) -> None:
    scenario = parse_scenario({"name": "full", "steps": HOMES}, "full")
    full = rows_of(compare([base, make_run(town, scenario=scenario, parts=("coverage",))]))
    tried = rows_of(asked(client, "a=base&b=scenario:homes"))
    years = [key for key in full if key[0] == "years"]
    assert len(years) > 8
    for key in years:
        assert tried[key] == pytest.approx(full[key], abs=2e-6), key
    need = tried["years", "primary", "2027:need", "None"]
    assert need[1] is not None and need[0] is not None and need[1] > need[0]
    assert "Build 300 dwellings: H1, ready in 2026" in page(client, "a=base&b=scenario:homes")


def test_steps_of_a_link_are_the_scenario(client: FlaskClient) -> None:
    steps = parse_scenario({"name": "x", "steps": STEPS}, "x").steps
    link = packed(steps, [plain_step(step) for step in steps])
    assert parse_scenario({"name": "x", "steps": unpacked(link)}, "x").steps == steps
    assert rows_of(asked(client, f"a=base&b=steps:{link}")) == rows_of(asked(client, TRIED))
    assert "Steps tried on the map" in page(client, f"a=base&b=steps:{link}")


def test_the_page_says_the_finding_first_and_holds_the_figures(client: FlaskClient, north: Run) -> None:
    text = page(client, FULL)
    lead = re.search(r"<h1>(.*?)</h1>", text)
    assert lead and re.fullmatch(r"B · North opens: \d+ (more|fewer) pupils of primary school .*", lead[1])
    found = table(text)
    served = north.summary["stages"]["primary"]["accounts"]["served"]
    assert found["Have a place in reach"][1].split()[-2] == f"{served:,.0f}"
    assert found["number of actions"] == ["0", "2"]
    assert found["cost of building"][1].endswith("(assumed)")
    assert "Open New School (Primary, 120 places)" in text and "Close East Primary School" in text
    chinese = page(client, FULL, "zh")
    assert "B · 新建北校：小学可达且有学位的学生" in chinese and "新建New School（小学学位120个）" in chinese
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert data["maps"][1]["homes"]["total"] > 0 and data["maps"][1]["opened"] == ["A"]
    assert [school["letters"] for school in data["closed"]] == [["b"]]


def test_what_a_what_if_does_not_count_is_named_as_such(client: FlaskClient) -> None:
    text = page(client, TRIED)
    assert "what-if, not a full run" in text and "what-if, not a full run" not in page(client, FULL)
    assert "not computed" not in text.split("</table>")[0], "all that is shown of a run without safety is counted"
    assert "Compute this scenario in full" in text


def test_three_alternatives_stand_beside_each_other(client: FlaskClient) -> None:
    text = page(client, f"{FULL}&c=scenario:tried")
    assert text.count('<div class="sheet"') == 3
    assert {len(cells) for cells in table(text).values()} == {3}


def test_the_best_value_is_marked_in_words() -> None:
    row: dict[str, Any] = {"section": "walk_m", "key": "mean", "values": [300.0, None, 250.0]}
    assert best_of(row) == {2}
    assert best_of({**row, "section": "accounts", "key": "served"}) == {0}
    assert best_of({**row, "section": "figures", "key": "places"}) == set()
    assert best_of({**row, "values": [300.0, None, None]}) == set()


def test_tiles_of_a_what_if_are_those_of_the_full_run(client: FlaskClient, north: Run) -> None:
    place = "walk/13/4244/2838.png?stage=primary"
    tried = client.get(f"{API}/tiles/{place}&of=scenario:tried")
    full = client.get(f"/api/v1/plans/town/runs/{north.run_id}/tiles/{place}")
    before = client.get(f"/api/v1/plans/town/runs/latest/tiles/{place}")
    assert tried.status_code == 200 and tried.data == full.data
    assert before.status_code == 200
    again = client.get(f"{API}/tiles/{place}&of=scenario:tried", headers={"If-None-Match": tried.headers["ETag"]})
    assert again.status_code == 304


def test_the_difference_can_be_taken_away(client: FlaskClient) -> None:
    told = client.get(f"{API}/difference.geojson?{FULL}").get_json()
    lines = client.get(f"{API}/difference.csv?{FULL}").get_data(as_text=True).splitlines()
    assert len(lines) - 1 == len(told["features"]) > 0
    assert {"gained", "lost", "shorter", "longer", None} >= {
        one["properties"]["change_primary"] for one in told["features"]
    }
    assert client.get(f"{API}/difference.shp?{FULL}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("a=base", 400),
        ("a=base&b=scenario:none", 404),
        ("a=base&b=scenario:../town", 404),
        ("a=base&b=run:ffffffffffff", 404),
        ("a=base&b=steps:%21%21", 400),
        ("a=base&b=steps:W1siYyIsIm5vd2hlcmUiXV0", 400),
        ("a=base&b=other", 404),
    ],
)
def test_what_is_not_there_is_said(client: FlaskClient, query: str, status: int) -> None:
    assert client.get(f"{API}?{query}").status_code == status
    if query != "a=base":
        text = page(client, query)
        assert "B cannot be shown:" in text and "As planned" in text


def test_runs_of_other_data_are_not_compared_silently(
    folder: Path, town: Layers, north: Run, client: FlaskClient
) -> None:
    other = [
        {**source, "sha256": "0" * 64} if source["role"] == "streets" else source
        for source in north.manifest["sources"]
    ]
    write_run(
        replace(north, run_id="e" * 12, manifest={**north.manifest, "run_id": "e" * 12, "sources": other}),
        folder / "town",
    )
    text = page(client, f"a=base&b=run:{'e' * 12}")
    assert "B differs from A not only by its actions. Also not the same: streets." in text
    cells = north.tables["cells"]
    moved = {**north.tables, "cells": cells.assign(cell_id=[f"x{name}" for name in cells["cell_id"]])}
    changed = {
        **north.manifest,
        "run_id": "d" * 12,
        "sources": [
            {**one, "sha256": "1" * 64} if one["role"] == "population" else one for one in north.manifest["sources"]
        ],
    }
    write_run(replace(north, run_id="d" * 12, manifest=changed, tables=moved), folder / "town")
    text = page(client, f"a=base&b=run:{'d' * 12}")
    assert "These cannot be compared" in text and "population data" in text and 'id="figures"' not in text
    assert client.get(f"{API}?a=base&b=run:{'d' * 12}").status_code == 400
    assert "人口数据" in page(client, f"a=base&b=run:{'d' * 12}", "zh")


def test_steps_are_counted_in_turn_and_once(client: FlaskClient, north: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternatives, "PATIENCE_S", 0.01)
    alternatives._sketches.clear()
    query = "a=base&b=scenario:tried"
    with client.application.test_request_context(), turns.turn(), turns.turn():
        told = client.get(f"{API}?{query}")
        assert told.status_code == 503 and told.headers["Retry-After"] == "1"
        assert client.get(f"/plans/town/compare?{query}").status_code == 503
        assert client.get(f"{API}?a=base&b=run:{north.run_id}").status_code == 200, "runs wait for nobody"
    made = alternatives._sketched
    counted: list[str] = []

    def count(path: Path, given: str, all_steps: str) -> Run:
        counted.append(given)
        return made(path, given, all_steps)

    monkeypatch.setattr(alternatives, "_sketched", count)
    for _ in range(2):
        assert client.get(f"{API}?{query}").status_code == 200
    assert len(counted) == 1
