"""The addresses of OGC API Features: entry, conformance, definition, collections, items."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from flask import Blueprint, current_app, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError
from geoplan.exports.names import column_title
from maps import rowfiles, workspace
from maps.features import asked, showing
from maps.features.collections import Collection, address, collection, collections, told
from maps.features.showing import link
from maps.language import speaker
from maps.layerfiles import neighbours, page_of
from maps.openapi.ogc import OPENAPI, book
from maps.openapi.writing import written
from maps.state import request_language

ogc = Blueprint("ogc", __name__, url_prefix="/ogc")

SPEC = "http://www.opengis.net/spec/ogcapi-features"
CONFORMANCE = [f"{SPEC}-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")]
CONFORMANCE.append(f"{SPEC}-2/1.0/conf/crs")
JSON, HTML = "application/json", "text/html"
ONE = "/collections/<plan:plan_id>.<name>"


@ogc.get("/", strict_slashes=False)
def landing() -> AnyResponse:
    """The entry: where the parts are."""
    asked.only()
    say = speaker(request_language())
    links = [
        link("self", JSON, "ogc.landing", say("This page"), f="json"),
        link("alternate", HTML, "ogc.landing", say("This page"), f="html"),
        link("service-desc", OPENAPI, "ogc.definition", "OpenAPI 3.0", f="json"),
        link("service-doc", HTML, "ogc.definition", say("The addresses in words"), f="html"),
        link("conformance", JSON, "ogc.conformance", say("What this service conforms to")),
        link("data", JSON, "ogc.listed", say("Collections")),
    ]
    about = say("The tables of the newest run of every plan, for QGIS and other programs.")
    return showing.answer({"title": "geoplan", "description": about, "links": links}, "OGC API Features")


@ogc.get("/conformance")
def conformance() -> AnyResponse:
    """The parts of the standard that hold here."""
    asked.only()
    language = request_language()
    title, rows = speaker(language)("What this service conforms to"), [[name] for name in CONFORMANCE]
    return showing.answer({"conformsTo": CONFORMANCE}, title, rows=rows, up=showing.up(None, language)[:1])


@ogc.get("/api")
def definition() -> AnyResponse:
    """The definition of these addresses (OpenAPI 3.0)."""
    asked.only()
    document = written(current_app, book(), request.script_root)
    if asked.format_asked() == "html":
        language = request_language()
        told_in = "x-summary-zh" if language == "zh" else "summary"
        rows = [[path, part[told_in]] for path, entry in document["paths"].items() for part in entry.values()]
        links = [link("alternate", OPENAPI, "ogc.definition", "OpenAPI 3.0", f="json")]
        title = speaker(language)("The addresses in words")
        return showing.answer({"links": links}, title, rows=rows, up=showing.up(None, language)[:1])
    response = jsonify(document)
    response.headers["Content-Type"] = OPENAPI
    return showing.varied(response)


@ogc.get("/collections")
def listed() -> AnyResponse:
    """Every collection one may see."""
    asked.only()
    language, found = request_language(), list(collections())
    title = speaker(language)("Collections")
    links = [
        link("self", JSON, "ogc.listed", title, f="json"),
        link("alternate", HTML, "ogc.listed", title, f="html"),
    ]
    data = {"links": links, "collections": [told(one, language) for one in found]}
    shown = [(address(one, f="html", lang=language), one.title(language), one.facts.rows) for one in found]
    return showing.answer(data, title, collections=shown, up=showing.up(None, language)[:1])


@ogc.get(ONE)
def one(plan_id: str, name: str) -> AnyResponse:
    """One collection."""
    asked.only()
    found, language = collection(plan_id, name), request_language()
    columns = [[column, column_title(column, language)] for column in found.facts.columns]
    items = address(found, "ogc.items", f="html", lang=language)
    up = showing.up(None, language)
    return showing.answer(told(found, language), found.title(language), rows=columns, up=up, items=items)


@ogc.get(f"{ONE}/items")
def items(plan_id: str, name: str) -> AnyResponse:
    """Features of a collection: a page of those in the box that have the values asked for."""
    found = collection(plan_id, name)
    rows = asked.rows_asked(found.facts.columns)
    matched = asked.chosen(_table(found), rows)
    page = page_of(matched, rows.limit, rows.offset)
    links = showing.page_links(found, neighbours(len(matched), rows.limit, rows.offset))
    if asked.format_asked() == "html":
        return showing.rows_page(found, page, links, len(matched))
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    counts = {"numberMatched": len(matched), "numberReturned": len(page)}
    return showing.features_answer(list(rowfiles.features(page)), {"timeStamp": moment, **counts, "links": links})


@ogc.get(f"{ONE}/items/<int:row>")
def item(plan_id: str, name: str, row: int) -> AnyResponse:
    """One feature by its row."""
    asked.only("crs")
    asked.known_crs("crs")
    found = collection(plan_id, name)
    table = _table(found)
    if row >= len(table):
        raise NotFoundError(f"{found.id} has no feature {row}")
    page, links = table.iloc[row : row + 1], showing.item_links(found, row)
    if asked.format_asked() == "html":
        return showing.rows_page(found, page, links, 1)
    (text,) = rowfiles.features(page)
    return showing.feature_answer(text, links)


def _table(found: Collection) -> pd.DataFrame:
    return workspace.open_run(found.entry.path).tables[found.facts.name]
