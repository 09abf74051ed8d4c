"""Route safety and candidate sites, as they are described."""

from __future__ import annotations

from maps.openapi.words import LANG, LAT, LON, STAGE, Answer, Param, Route, file, json, ref

SAFETY, SITING = "route safety", "new places"
WITHIN = Param(
    "within_m",
    {"type": "number", "minimum": 0, "maximum": 1000, "default": 20},
    "how far away, in metres, the element may lie",
)

ROUTES = {
    "safety_api.vector_tile": Route(
        "map tiles",
        "A vector tile of streets or crossings",
        "道路或过街点的矢量瓦片",
        {
            200: file("levels, pupils a day; a feature's id is its row", "application/vnd.mapbox-vector-tile"),
            304: Answer("the tile is the one named by `If-None-Match`"),
        },
    ),
    "safety_api.element": Route(
        SAFETY,
        "One street or crossing by its row",
        "按行号查询路段或过街点",
        {200: json("levels, rule, tags used, what was not known", ref("StreetElement"))},
        (LANG,),
    ),
    "safety_api.nearest_element": Route(
        SAFETY,
        "The crossing, else the street, nearest to a place",
        "离某一位置最近的过街点或路段",
        {200: json("the element; `row` is null where there is none", ref("StreetElement"))},
        (LON, LAT, WITHIN, LANG),
    ),
    "safety_api.route": Route(
        SAFETY,
        "Shortest and safest route of a home to its school",
        "居住地到学校的最短与最安全路径",
        {200: json("both routes; null where there is none", ref("Routes"))},
        (LON, LAT, STAGE, LANG),
        errors=(422,),
        note="Found when asked: the plan's files must be those of the run, and the first question reads them.",
    ),
    "safety_api.gates": Route(
        SAFETY,
        "The traffic checklist of a school's gates",
        "校门交通安全核查表",
        {200: json("item, answer, evidence", ref("Gates"))},
        (LANG,),
    ),
    "siting_api.candidate": Route(
        SITING,
        "One candidate site with its siting checks",
        "单个备选地点及选址校核",
        {200: json("kind, land, verdict, checks in words", ref("Candidate"))},
        (LANG,),
    ),
}
