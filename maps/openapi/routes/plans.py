"""Plans, runs, layers, files and tiles, as they are described."""

from __future__ import annotations

from maps.documents import PROPOSALS
from maps.openapi.words import (
    LANG,
    LAT,
    LON,
    MOST_ROWS,
    OFFSET,
    STAGE,
    TEXT,
    YEAR,
    Answer,
    Param,
    Route,
    file,
    json,
    listed,
    one_of,
    ref,
    thing,
)
from maps.rowfiles import WRITERS

BBOX = Param(
    "bbox",
    {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 4,
        "examples": [[116.2, 39.8, 116.5, 40.0]],
    },
    "west, south, east, north in degrees (WGS 84): rows whose geometry touches the box. For layers with places only",
)
LIMIT = Param(
    "limit",
    {"type": "integer", "minimum": 0, "maximum": MOST_ROWS},
    "most rows of the answer; all of them when left out. With it `Link` (RFC 8288) names the next and previous page",
)
LAYER_ENDING = Param("ending", one_of(*WRITERS), "format of the answer", place="path")
PROPOSAL_ENDING = Param("ending", one_of(*PROPOSALS), "format of the document", place="path")
LAYER = Answer(
    "the rows asked for, in the order of the table",
    {mimetype: ref("Features") if ending == "geojson" else {} for ending, (mimetype, _) in WRITERS.items()},
    {"X-Total-Count": "rows there are in the box, on all pages", "Link": "next and previous page"},
)

WAIT = Param("wait", TEXT, "`1`: make it in this request, however long it takes, instead of answering 202")
MADE_BY_JOB = json("not made yet: the job that makes it", ref("Job"), Location="address of the job")
PLANS = "plans and runs"
LAYERS = "layers and files"

ROUTES = {
    "api.index": Route(PLANS, "What there is", "接口入口", {200: json("addresses", thing({"plans": TEXT}))}),
    "api.plans": Route(
        PLANS, "The plans one may see", "可见的规划列表", {200: json("plans by name", listed(ref("Plan")))}
    ),
    "api.plan": Route(PLANS, "One plan with its runs", "单个规划及其运算", {200: json("the plan", ref("Plan"))}),
    "api.runs": Route(
        PLANS, "Runs of a plan, newest first", "规划的历次运算（新的在前）", {200: json("runs", listed(ref("Run")))}
    ),
    "api.run_root": Route(
        PLANS,
        "One run: summary, manifest, its layers",
        "单次运算：指标汇总、数据清单与图层",
        {200: json("the run", ref("WholeRun"))},
    ),
    "api.layer": Route(
        LAYERS,
        "A table of a run as GeoJSON, CSV, GeoPackage or GeoParquet",
        "运算结果表：GeoJSON、CSV、GeoPackage 或 GeoParquet",
        {200: LAYER},
        (LAYER_ENDING, BBOX, LIMIT, OFFSET, LANG),
        note="GeoJSON as in RFC 7946: WGS 84, seven decimals, right-hand rule. CSV is made for spreadsheets: cells "
        "that would be taken for a formula begin with an apostrophe. Large answers are sent while they are made.",
    ),
    "api.gpkg": Route(
        LAYERS,
        "The whole run as one GeoPackage with QGIS styles",
        "整个运算结果打包为一个 GeoPackage（含 QGIS 样式）",
        {200: file("the file", "application/geopackage+sqlite3"), 202: MADE_BY_JOB},
        (WAIT, LANG),
    ),
    "api.proposal": Route(
        LAYERS,
        "The siting proposal as Word, PDF or Excel",
        "布点建议书：Word、PDF 或 Excel",
        {200: file("the document, kept once it is made", *PROPOSALS.values()), 202: MADE_BY_JOB},
        (PROPOSAL_ENDING, WAIT, LANG),
    ),
    "api.cell": Route(
        LAYERS,
        "The cell at a place",
        "某一位置的居住格网",
        {200: json("the cell; `cell_id` is null where nobody is counted", ref("Cell"))},
        (LON, LAT, STAGE, YEAR, LANG),
    ),
    "api.tile": Route(
        "map tiles",
        "A map tile as a picture",
        "栅格地图瓦片",
        {200: file("256 by 256 pixels", "image/png"), 304: Answer("the tile is the one named by `If-None-Match`")},
        (STAGE, YEAR),
        note="`base`, a layer of the page with `stage`, `need` also with `year`, `segments` or `crossings`.",
    ),
}
