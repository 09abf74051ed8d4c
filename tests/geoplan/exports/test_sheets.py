"""Map sheets show what the run says: cells by class, schools, numbered proposals, and all that makes a map."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geoplan.errors import PlanError
from geoplan.exports import export, fonts, sheets
from geoplan.exports.document.cover import cover
from geoplan.exports.sheets import furniture, layers
from geoplan.exports.sheets.scene import Scene, cells_at, scene
from geoplan.run import Run
from geoplan.style import style
from tests.geoplan.exports.runs import proposal_run
from tests.toytown.land import CRS_METRIC, EAST, NORTH, SIDE


@pytest.fixture(scope="module")
def run() -> Run:
    return proposal_run()


@pytest.fixture(scope="module")
def ground(run: Run) -> Scene:
    return scene(run)


def words_of(figure) -> str:  # type: ignore[no-untyped-def]
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return "\n".join(text.get_text() for text in texts)


def test_each_stage_has_two_sheets_and_the_proposals_one(run: Run) -> None:
    assert sheets.sheet_names(run) == ["walk:primary", "need:primary", "walk:junior", "need:junior", "proposals"]
    bare = {name: table for name, table in run.tables.items() if name != "proposals"}
    assert "proposals" not in sheets.sheet_names(replace(run, tables=bare))


def test_a_pixel_shows_the_cell_it_lies_in(run: Run) -> None:
    box = (EAST, NORTH, EAST + 1000, NORTH + 1000)
    found = cells_at(run, CRS_METRIC, box, (10, 10))
    cells = run.tables["cells"].to_crs(CRS_METRIC)
    assert found.shape == (10, 10) and SIDE == 100
    for row, column in ((0, 0), (9, 9), (9, 0)):
        at = found[row, column]
        point = cells.geometry.iloc[at]
        assert (point.x - EAST) // 100 == column and (NORTH + 1000 - point.y) // 100 == row
    assert (cells_at(run, CRS_METRIC, (EAST - 500, NORTH, EAST, NORTH + 100), (2, 5)) == -1).all()


def test_a_raster_in_degrees_shows_the_same_cells(run: Run) -> None:
    from affine import Affine
    from pyproj import CRS, Transformer

    metric = run.cell_index
    west, south = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True).transform(EAST, NORTH)
    degrees = replace(
        metric, cell=np.array([[7]], np.int32), transform=Affine(1e-4, 0, west, 0, -1e-4, south + 1e-4), crs=CRS(4326)
    )
    found = cells_at(replace(run, cell_index=degrees), CRS_METRIC, (EAST, NORTH, EAST + 5, NORTH + 5), (1, 1))
    assert found.tolist() == [[7]]


def test_need_counts_pupils_without_a_place(run: Run) -> None:
    cells = run.tables["cells"]
    amount = layers.lacking(run, "primary", None)
    expected = cells[["no_place_primary", "out_primary", "off_primary"]].sum(axis=1)
    assert np.allclose(amount, expected)
    later = cells.assign(unserved_primary_2027=2.0, unserved_primary_2035=3.0)
    ahead = replace(run, tables={**run.tables, "cells": later})
    assert layers.need_year(ahead, "primary") == 2035 and layers.need_year(run, "primary") is None
    assert layers.lacking(ahead, "primary", 2035).sum() == 3.0 * len(cells)
    assert "2035" in layers.layer(ahead, "need:primary", "en").title


def test_walk_classes_hold_their_upper_end_and_name_those_without_a_place(run: Run) -> None:
    cells = run.tables["cells"].copy()
    cells["walk_m_primary"] = np.nan
    cells["pupils_primary"] = 1.0
    cells.loc[0, "walk_m_primary"] = 250.0
    cells.loc[1, "walk_m_primary"] = 250.1
    cells.loc[2, "pupils_primary"] = 0.0
    shown = layers.layer(replace(run, tables={**run.tables, "cells": cells}), "walk:primary", "en")
    assert shown.labels[shown.number[0]] == "up to 250\u202fm"
    assert shown.labels[shown.number[1]] == "250\u202fm–500\u202fm"
    assert shown.number[2] == -1
    assert shown.labels[shown.number[3]] == "no place in reach"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sheet_has_all_that_makes_a_map(ground: Scene, run: Run, language: str) -> None:
    told = cover(run, language)
    figure = sheets.sheet(ground, "proposals", told, language)
    said = words_of(figure).replace("\n", "")
    for wanted in ("河东地块", run.run_id, told.date, told.region, {"en": "N", "zh": "北"}[language]):
        assert wanted in said
    assert told.notice.replace(" ", "")[:10] in said.replace(" ", "")
    assert {"en": "DRAFT", "zh": "草案"}[language] in said
    assert {"en": "200\u202fm", "zh": "200米"}[language] in said  # the scale bar


def test_a_sheet_is_not_empty_and_the_same_each_time(ground: Scene, run: Run) -> None:
    first = sheets.figure_png(ground, "walk:primary", "zh")
    assert first == sheets.figure_png(ground, "walk:primary", "zh")
    with Image.open(io.BytesIO(first)) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        assert picture.width > 1000
    found = {tuple(colour) for colour in np.unique(pixels, axis=0).tolist()}
    assert tuple(bytes.fromhex(style()["ground"]["land"][1:])) in found
    assert len(found) > 50


def test_files_of_the_sheets(run: Run, tmp_path: Path) -> None:
    few = {name: table for name, table in run.tables.items() if name != "proposals"}
    one = replace(run, tables=few, summary={**run.summary, "stages": {"primary": run.summary["stages"]["primary"]}})
    paths = export(one, ["sheets"], tmp_path, language="en")
    assert [path.name for path in paths] == [
        "toytown-0123456789ab-sheets-en.pdf",
        "toytown-0123456789ab-map-walk-primary-en.png",
        "toytown-0123456789ab-map-need-primary-en.png",
    ]
    assert paths[0].read_bytes().startswith(b"%PDF")
    assert b"D:20250102030405" in paths[0].read_bytes()


@pytest.mark.parametrize(("most", "length"), [(1.0, 1), (1.9, 1), (2.0, 2), (4.99, 2), (740, 500), (12_000, 10_000)])
def test_scale_bars_have_round_lengths(most: float, length: float) -> None:
    assert furniture.nice_length_m(most) == length


def test_lines_break_where_chinese_and_english_may() -> None:
    assert furniture.wrapped("one two three", 4.5, 8) == ["one two", "three"]
    assert furniture.wrapped("学校布点，规划建议", 4, 8) == ["学校布", "点，规划", "建议"]
    assert furniture.wrapped("", 4, 8) == [""]


def test_names_do_not_cover_one_another(ground: Scene, run: Run) -> None:
    figure = sheets.sheet(ground, "walk:primary", cover(run, "en"), "en")
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    names = set(run.tables["schools"]["name"]) | set(run.tables["schools"].get("name_en", pd.Series(dtype=str)))
    boxes = [
        text.get_window_extent(renderer) for axes in figure.axes for text in axes.texts if text.get_text() in names
    ]
    assert boxes
    assert not [1 for at, box in enumerate(boxes) for other in boxes[at + 1 :] if box.overlaps(other)]


def test_no_chinese_font_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "PACKAGE", "no_such_package")
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts.font_file.cache_clear()
    with pytest.raises(PlanError, match="fonts-noto-cjk"):
        fonts.font_file()
    fonts.font_file.cache_clear()
