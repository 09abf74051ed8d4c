"""The page of differences needs nothing but itself, and colours the homes that change."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image

from geoplan.compare import cell_changes, difference
from geoplan.run import Run
from maps import style
from maps.difference import difference_page


@pytest.fixture(scope="module")
def other(toytown: Run) -> Run:
    """The first school is gone, ten cells lose their places, one walks 50 m less, one gains a place."""
    cells, schools = toytown.tables["cells"].copy(), toytown.tables["schools"]
    lost = cells.index[cells["served_primary"] > 0][:10]
    nearer = cells.index[cells["served_primary"] > 0][12]
    gained = cells.index[cells["no_place_primary"] > 0][:1]
    cells.loc[lost, "served_primary"] = 0.0
    cells.loc[nearer, "walk_m_primary"] -= 50.0
    cells.loc[gained, "served_primary"] += cells.loc[gained, "no_place_primary"]
    manifest = {**toytown.manifest, "scenario": {"name": "less", "title": "Less", "title_zh": "减少", "steps": [{}]}}
    tables = {**toytown.tables, "cells": cells, "schools": schools.iloc[1:]}
    return replace(toytown, run_id="b" * 12, manifest=manifest, tables=tables)


def test_each_cell_has_one_kind_of_change(toytown: Run, other: Run) -> None:
    change = cell_changes(toytown, other, "primary")["change"]
    assert change.value_counts().to_dict() == {"lost": 10, "shorter": 1, "gained": 1}
    assert cell_changes(toytown, toytown, "primary")["change"].isna().all()
    back = cell_changes(other, toytown, "primary")["change"]
    assert back.value_counts().to_dict() == {"gained": 10, "longer": 1, "lost": 1}


def test_the_layer_holds_the_cells_that_change(toytown: Run, other: Run) -> None:
    table = difference(toytown, other, ["primary", "junior"])
    assert isinstance(table, gpd.GeoDataFrame) and len(table) == 12 and table.crs == 4326
    assert set(table["change_primary"]) == {"lost", "shorter", "gained"} and table["change_junior"].isna().all()
    assert (table.loc[table["change_primary"] == "lost", "served_change_primary"] < 0).all()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_fetched_and_no_script_runs(toytown: Run, other: Run, language: str) -> None:
    page = difference_page([toytown, other], language).decode()
    assert "<script" not in page and not re.findall(r'(?:src|href)="(?!data:)', page)
    assert ("Less: closes 1" in page) if language == "en" else ("减少：停办 1 所" in page)
    assert page.count("<img") == 1, "no picture of a stage in which nothing changes"
    assert difference_page([toytown, other], language).decode() == page


def test_homes_that_lose_a_place_are_coloured(toytown: Run, other: Run) -> None:
    page = difference_page([toytown, other], "en").decode()
    body = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert body
    picture = np.array(Image.open(io.BytesIO(base64.b64decode(body[1]))).convert("RGB")).astype(int)
    red = np.array(list(bytes.fromhex(style.LOOK["change"]["colours"][3][1:])))
    share = (np.abs(picture - red).max(axis=2) < 40).mean()
    assert 0.05 < share < 0.12, "ten of a hundred cells, on a ground a little larger than the town"


def test_runs_that_do_not_differ_say_so(toytown: Run) -> None:
    page = difference_page([toytown, toytown], "en").decode()
    assert "No home changes." in page and "<img" not in page
