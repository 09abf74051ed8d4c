"""Answers of OGC API Features: the same thing as JSON for programs and as a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from flask import Response, current_app, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.exports.flat import flat, located
from geoplan.exports.names import column_title
from maps.api import address_with
from maps.features.asked import format_asked
from maps.features.collections import CRS84, Collection, address
from maps.language import NONE, speaker
from maps.state import language_links, request_language

Link = dict[str, str]
GEOJSON = "application/geo+json"


def answer(data: Mapping[str, Any], title: str, **shown: Any) -> AnyResponse:
    """The data, or a page with its title and what ``features.html`` shows besides."""
    if format_asked() == "json":
        return varied(jsonify(data))
    page = {"about": data.get("description", ""), "links": data.get("links", ()), **shown}
    text = render_template("features.html", title=title, languages=language_links(), **page)
    return varied(Response(text, mimetype="text/html"))


def varied(response: Response) -> Response:
    """Say that the answer depends on what the request accepts."""
    response.vary.add("Accept")
    response.vary.add("Accept-Language")
    return response


def link(rel: str, kind: str, endpoint: str, title: str, **more: Any) -> Link:
    """A link to a part of this service."""
    return {"rel": rel, "type": kind, "title": title, "href": url_for(endpoint, **more, _external=True)}


def turning(rel: str, found: Collection, offset: int) -> Link:
    """The link to another page of the same rows: of this very run, whatever the newest has become."""
    host = request.host_url.rstrip("/")
    return {"rel": rel, "type": GEOJSON, "href": f"{host}{address_with(name=found.pinned, offset=offset)}"}


def page_links(found: Collection, pages: Mapping[str, int]) -> list[Link]:
    """Links of a page of features."""
    host, items = request.host_url.rstrip("/"), "ogc.items"
    return [
        {"rel": "self", "type": GEOJSON, "href": f"{host}{address_with(f='json')}"},
        {"rel": "alternate", "type": "text/html", "href": f"{host}{address_with(f='html')}"},
        {"rel": "collection", "type": "application/json", "href": address(found)},
        {"rel": "items", "type": GEOJSON, "href": address(found, items)},
        *(turning(rel, found, first) for rel, first in pages.items()),
    ]


def item_links(found: Collection, row: int) -> list[Link]:
    """Links of one feature."""
    place = {"row": row, "name": found.pinned}
    return [
        {"rel": "self", "type": GEOJSON, "href": address(found, "ogc.item", **place, f="json")},
        {"rel": "alternate", "type": "text/html", "href": address(found, "ogc.item", **place, f="html")},
        {"rel": "collection", "type": "application/json", "href": address(found)},
    ]


def features_answer(texts: Sequence[str], head: Mapping[str, Any]) -> AnyResponse:
    """A page of features; next and previous page also as headers."""
    start, rows = current_app.json.dumps({"type": "FeatureCollection", **head})[:-1], ",\n".join(texts)
    response = Response(f'{start}, "features": [{rows}]}}\n', mimetype=GEOJSON)
    response.headers["Content-Crs"] = f"<{CRS84}>"
    for one in head["links"]:
        if one["rel"] in ("next", "prev"):
            response.headers.add("Link", f'<{one["href"]}>; rel="{one["rel"]}"')
    return varied(response)


def feature_answer(text: str, links: Sequence[Link]) -> AnyResponse:
    """One feature."""
    response = Response(f'{text[:-1]}, "links": {current_app.json.dumps(links)}}}\n', mimetype=GEOJSON)
    response.headers["Content-Crs"] = f"<{CRS84}>"
    return varied(response)


def rows_page(found: Collection, page: pd.DataFrame, links: Sequence[Link], matched: int) -> AnyResponse:
    """Features as a table, with a way back and on."""
    language = request_language()
    shown = located(flat(page))
    numbers = [str(number) for number in page.index]
    cells = [[NONE if missing else _short(value) for value, missing in row] for row in _pairs(shown)]
    say = speaker(language)
    turns = {one["rel"]: one["href"] for one in links if one["rel"] in ("next", "prev")}
    return answer(
        {"links": links, "description": say("%(count)s features", count=matched)},
        found.title(language),
        up=up(found, language),
        heads=[column_title(str(column), language) for column in shown.columns],
        features=[(address(found, "ogc.item", row=number, f="html", lang=language), number) for number in numbers],
        rows=cells,
        turns=turns,
    )


def _pairs(table: pd.DataFrame) -> list[list[tuple[Any, bool]]]:
    known = table.isna().to_numpy()
    values = table.astype(object).to_numpy()
    return [list(zip(row, lost, strict=True)) for row, lost in zip(values, known, strict=True)]


def _short(value: Any) -> str:
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def up(found: Collection | None, language: str) -> list[tuple[str, str]]:
    """The way back: entry, collections, the collection."""
    say = speaker(language)
    way = [
        ("OGC API Features", url_for("ogc.landing", f="html", lang=language)),
        (say("Collections"), url_for("ogc.listed", f="html", lang=language)),
    ]
    return way if found is None else [*way, (found.title(language), address(found, f="html", lang=language))]
