"""The definition of OGC API Features: OpenAPI 3.0, the edition its clients read."""

from __future__ import annotations

from dataclasses import replace

from maps.features.asked import DEFAULT_ROWS, MOST_ROWS
from maps.features.collections import CRS84
from maps.openapi.words import (
    COUNT,
    GEOJSON,
    HTML,
    JSON,
    LANG,
    NUMBER,
    OFFSET,
    TEXT,
    Answer,
    Param,
    Route,
    Schema,
    listed,
    one_of,
    ref,
    thing,
)
from maps.openapi.writing import Book

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
FORMAT = Param("f", one_of("json", "html"), "format of the answer; else as `Accept` says")
NAME = Param(
    "name", {"type": "string", "pattern": r"^[a-z_]+(\.[0-9a-f]{12})?$"}, "table, or table.run", place="path"
)
BBOX = Param(
    "bbox",
    {"type": "array", "items": NUMBER, "minItems": 4, "maxItems": 4},
    "west, south, east, north in degrees (WGS 84)",
)
BBOX_CRS = Param("bbox-crs", one_of(CRS84), "coordinates of `bbox`; there is only one kind")
CRS = Param("crs", one_of(CRS84), "coordinates of the answer; there is only one kind")
LIMIT = Param(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_ROWS},
    "most features of a page",
)
MOMENT = Param("datetime", TEXT, "moment or interval; features here have no time, so all of them are in it")
PARTS, DATA = "service", "features"


def _both(about: str, schema: Schema, kind: str = JSON) -> dict[int, Answer]:
    return {200: Answer(about, {kind: schema, HTML: TEXT})}


ROUTES = {
    "ogc.landing": Route(PARTS, "Entry", "入口", _both("where the parts are", ref("Landing")), (FORMAT, LANG)),
    "ogc.conformance": Route(
        PARTS, "Parts of the standard", "符合的标准部分", _both("classes", ref("Conformance")), (FORMAT, LANG),
    ),
    "ogc.definition": Route(
        PARTS,
        "This definition",
        "本接口定义",
        {200: Answer("the definition", {OPENAPI: {"type": "object"}, HTML: TEXT})},
        (FORMAT, LANG),
    ),
    "ogc.listed": Route(
        DATA, "Collections one may see", "可见的数据集列表", _both("collections", ref("Collections")), (FORMAT, LANG),
    ),
    "ogc.one": Route(
        DATA, "One collection", "单个数据集", _both("the collection", ref("Collection")), (NAME, FORMAT, LANG),
        note="`<plan>.<table>` is the table of the newest run, `<plan>.<table>.<run id>` that of one run.",
    ),
    "ogc.items": Route(
        DATA,
        "Features of a collection, page by page",
        "分页读取数据集要素",
        _both("a page of features", ref("FeatureCollection"), GEOJSON),
        (NAME, BBOX, BBOX_CRS, CRS, LIMIT, OFFSET, MOMENT, FORMAT, LANG),
        note="Any column of the table may be asked for by its value, such as `status_primary=served`.",
    ),
    "ogc.item": Route(
        DATA, "One feature by its row", "按行号读取单个要素", _both("the feature", ref("Feature"), GEOJSON),
        (NAME, CRS, FORMAT, LANG),
    ),
}  # fmt: skip

LINK = thing({"href": TEXT, "rel": TEXT}, type=TEXT, title=TEXT)
GEOMETRY: Schema = {
    "type": "object",
    "nullable": True,
    "properties": {"type": TEXT, "coordinates": {"type": "array", "items": {}}},
}
SCHEMAS: dict[str, Schema] = {
    "Problem": thing({"title": TEXT, "status": {"type": "integer"}}, type=TEXT, detail=TEXT, instance=TEXT),
    "Link": LINK,
    "Landing": thing({"links": listed(ref("Link"))}, title=TEXT, description=TEXT),
    "Conformance": thing({"conformsTo": listed(TEXT)}),
    "Collection": thing(
        {"id": TEXT, "links": listed(ref("Link"))},
        title=TEXT,
        description=TEXT,
        itemType=TEXT,
        crs=listed(TEXT),
        extent=thing({}, spatial=thing({}, bbox=listed(listed(NUMBER)), crs=TEXT)),
    ),
    "Collections": thing({"links": listed(ref("Link")), "collections": listed(ref("Collection"))}),
    "Feature": thing(
        {"type": one_of("Feature"), "geometry": GEOMETRY, "properties": {"type": "object"}},
        id={"type": "integer"},
        links=listed(ref("Link")),
    ),
    "FeatureCollection": thing(
        {"type": one_of("FeatureCollection"), "features": listed(ref("Feature"))},
        numberMatched=COUNT,
        numberReturned=COUNT,
        timeStamp={"type": "string", "format": "date-time"},
        links=listed(ref("Link")),
    ),
}  # fmt: skip


def book() -> Book:
    """What the definition is made of."""
    about = (
        "The tables of the newest run of every plan (OGC API Features, part 1). "
        "Log in with a token: as bearer, or as the password of any name."
    )
    routes = {endpoint: replace(route, errors=(406,)) for endpoint, route in ROUTES.items()}
    return Book("/ogc", "geoplan: OGC API Features", about, "3.0.3", routes, SCHEMAS)
