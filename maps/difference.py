"""What changes between runs, as one page that opens from disk: findings, a picture per run and stage, the figures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from geoplan.compare import cell_changes, compare, sentence
from geoplan.compare.difference import CHANGES
from geoplan.compare.labels import in_whole_pupils, row_label, run_label, written
from geoplan.reasons import term
from geoplan.run import Run
from maps import basemap, scene, style, tiles
from maps.standalone import data_uri, environment, style_sheets
from maps.story import local_text

LONG_SIDE = 1100  # pixels of a picture
MARK = 9  # half the size of the mark of a school that opens or closes
INK, PAPER = "#1c2733", "#ffffff"


def difference_page(runs: Sequence[Run], language: str) -> bytes:
    """Runs against the first: what changes, for whom and where. No script, nothing fetched.

    Parameters
    ----------
    runs
        Two or more of one region; PlanError otherwise.
    language
        ``en`` or ``zh``.
    """
    found = compare(runs)
    colours = dict(zip(CHANGES, style.LOOK["change"]["colours"], strict=True))
    text = (
        environment(language)
        .get_template("difference.html")
        .render(
            language=language,
            title=local_text(runs[0].summary, "title", language),
            findings=[sentence(finding, language) for finding in found["findings"]],
            pictures=_pictures(runs, found, language),
            legend=[(colour, term(f"change.{name}", language)) for name, colour in colours.items()],
            heads=[run_label(head, language) for head in found["runs"]],
            rows=_rows(found, language),
            credit=local_text(runs[0].summary, "credit", language),
            notice=local_text(runs[0].summary, "notice", language),
            styles=style_sheets(),
        )
    )
    return text.encode()


def _rows(found: Mapping[str, Any], language: str) -> list[tuple[str, list[str]]]:
    rows = in_whole_pupils([row for row in found["rows"] if not row.get("area_id")])
    return [
        (
            row_label(row, language),
            [written(value, row["unit"], language) for value in (*row["values"], row["changes"][-1])],
        )
        for row in rows
    ]


def _pictures(runs: Sequence[Run], found: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    """A picture for every later run and stage in which something changes."""
    shown = scene.make_scene(runs[0])
    canvas = _canvas(runs[0])
    ground = basemap.draw(scene.base_map(shown), canvas)
    pictures = []
    for number, run in enumerate(runs[1:], start=1):
        for stage in found["stages"]:
            change = cell_changes(runs[0], run, stage)["change"]
            if change.notna().any():
                picture = _picture(shown, ground, canvas, change.to_numpy(object))
                _marks(picture, canvas, (runs[0], run), found["runs"][number])
                scenario = run_label(found["runs"][number], language).splitlines()[0]
                title = f"{scenario} · {term(f'stage.{stage}', language)}"
                pictures.append({"title": title, "source": _uri(picture)})
    return pictures


def _canvas(run: Run) -> tiles.Canvas:
    across, up = scene.mercator_size(run)
    scale = LONG_SIDE / max(across, up)
    return scene.framed(run, max(64, round(across * scale)), max(64, round(up * scale)), margin=0.03)


def _picture(
    shown: scene.Scene, ground: Image.Image, canvas: tiles.Canvas, change: NDArray[np.object_]
) -> Image.Image:
    """The ground with the cells that change in their colours, multiplied so that streets stay readable."""
    order = {name: number for number, name in enumerate(CHANGES, start=1)}
    classes = np.array([order.get(one, 0) for one in change], np.uint8)
    colours = style.palette(tuple(style.LOOK["change"]["colours"]))[tiles.draw_classes(shown.raster, classes, canvas)]
    colours[colours[..., 3] == 0] = 255
    return ImageChops.multiply(ground, Image.fromarray(colours[..., :3]))


def _marks(picture: Image.Image, canvas: tiles.Canvas, runs: tuple[Run, Run], head: Mapping[str, Any]) -> None:
    """A ring at every school that opens, a cross at every one that closes."""
    pen = ImageDraw.Draw(picture)
    for run, key in ((runs[1], "opened"), (runs[0], "closed")):
        wanted = {one["id"] for one in head[key]}
        schools = run.tables["schools"]
        there = schools[[str(school).split("@")[0] in wanted for school in schools["id"]]]
        for point in there.geometry:
            x, y = _pixel(canvas, point.x, point.y)
            box = (x - MARK, y - MARK, x + MARK, y + MARK)
            pen.ellipse(box, fill=PAPER, outline=INK, width=3)
            if key == "opened":
                pen.line((x - 5, y, x + 5, y), fill=INK, width=3)
                pen.line((x, y - 5, x, y + 5), fill=INK, width=3)
            else:
                pen.line((x - 5, y - 5, x + 5, y + 5), fill=INK, width=3)
                pen.line((x - 5, y + 5, x + 5, y - 5), fill=INK, width=3)


def _pixel(canvas: tiles.Canvas, lon: float, lat: float) -> tuple[float, float]:
    x, y = scene.TO_MERCATOR.transform(lon, lat)
    west, south, east, north = canvas.bounds
    return (x - west) / (east - west) * canvas.width, (north - y) / (north - south) * canvas.height


def _uri(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.quantize(64).save(out, "PNG", optimize=True)
    return data_uri(out.getvalue(), "image/png")
