"""Shapes that more than one route answers with, by name."""

from __future__ import annotations

from typing import Any

from layers.scenariofile import ACTIONS, Scenario
from maps.jobs.records import KINDS, STATES
from maps.openapi.words import COUNT, FLAG, MOMENT, NUMBER, OBJECT, TEXT, Schema, listed, maybe, one_of, ref, thing

REF = "#/components/schemas/{model}"


def schemas() -> dict[str, Schema]:
    """Every shape of the document by name; steps of scenarios as the reader of scenario files has them."""
    steps = _scenario()
    if twice := sorted(OWN.keys() & steps.keys()):
        raise ValueError(f"two shapes are called {', '.join(twice)}")
    return {**OWN, **steps}


def _scenario() -> dict[str, Schema]:
    """``Scenario`` and its steps, from the models that check them."""
    made: dict[str, Any] = Scenario.model_json_schema(by_alias=True, ref_template=REF)
    parts: dict[str, Any] = made.pop("$defs")
    made["properties"]["steps"] = listed(ref("Step"))
    steps = [ref(name) for name, part in parts.items() if "action" in part.get("properties", {})]
    told = f"one of the actions {', '.join(ACTIONS)}"
    return {"Scenario": made, "Step": {"description": told, "oneOf": steps}, **parts}


PLACE: dict[str, Schema] = {"lon": NUMBER, "lat": NUMBER}
CARD: Schema = {
    "type": ["object", "null"],
    "description": "the same in words: name, colour of the legend, note, rows of label and value",
    "properties": {"name": TEXT, "colour": TEXT, "note": maybe("string"), "rows": listed(listed(maybe("string")))},
}
OWN: dict[str, Schema] = {
    "Problem": {
        **thing(
            {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": maybe("string"), "instance": TEXT},
            faults={**listed(ref("Fault")), "description": "every fault of the data"},
        ),
        "description": "a problem document (RFC 9457)",
    },
    "Settings": thing(
        {
            "settings": {**OBJECT, "description": "sections of plan.toml with their keys"},
            "toml": {**TEXT, "description": "the text of plan.toml"},
            "saved": thing({"at": MOMENT, "person": maybe("string"), "version": TEXT}),
            "faults": listed(ref("Fault")),
        }
    ),
    "Looked": thing({"saved": FLAG, "changes": listed(thing({"key": TEXT}))}),
    "Fault": thing({"code": TEXT, "message": TEXT, "remedy": TEXT}),
    "Run": thing(
        {"id": TEXT, "created": TEXT, "scenario": TEXT, "version": TEXT, "stages": listed(TEXT)},
    ),
    "WholeRun": thing(
        {
            "id": TEXT,
            "created": TEXT,
            "summary": OBJECT,
            "manifest": OBJECT,
            "layers": listed(thing({"name": TEXT, "rows": COUNT})),
        }
    ),
    "Plan": thing(
        {"id": TEXT, "title": TEXT, "language": TEXT, "runs": listed(ref("Run")), "readable": FLAG},
        title_zh=TEXT,
        notice=TEXT,
        notice_zh=TEXT,
    ),
    "Cell": thing(
        {"cell_id": maybe("string"), **PLACE, "card": CARD},
        residents=maybe("number"),
        pupils=maybe("number"),
        stage=TEXT,
        status=maybe("string"),
        walk_m=maybe("number"),
        nearest_m=maybe("number"),
        straight_m=maybe("number"),
        year={"type": "integer"},
        pupils_year=maybe("number"),
        unserved=maybe("number"),
    ),
    "StreetElement": thing(
        {"row": maybe("integer")},
        layer=TEXT,
        osm_id=TEXT,
        level_low={"type": "integer"},
        level_high={"type": "integer"},
        rule=TEXT,
        assumed=TEXT,
        used=TEXT,
        name=maybe("string"),
        pupils_per_day=maybe("number"),
        lon=NUMBER,
        lat=NUMBER,
        card=CARD,
    ),
    "Routes": thing(
        {"cell_id": maybe("string"), **PLACE, "shortest": maybe("object"), "safest": maybe("object")},
        stage=TEXT,
        pupils=maybe("number"),
        school_id=maybe("string"),
        card=CARD,
    ),
    "Gates": thing(
        {"school_id": TEXT, "items": listed(thing({"item": TEXT, "answer": TEXT, "evidence": maybe("string")}))}
    ),
    "Candidate": thing(
        {"site_id": TEXT, "kind": TEXT, "verdict": TEXT, **PLACE, "checks": listed(OBJECT)},
        area_m2=maybe("number"),
        buildable_m2=maybe("number"),
        card=CARD,
    ),
    "Change": thing(
        {
            "run_id": TEXT,
            "stage": TEXT,
            "finding": listed(TEXT),
            "accounts": listed(OBJECT),
            "cells": OBJECT,
            "schools": listed(OBJECT),
            "seconds": NUMBER,
        },
        steps=COUNT,
        walk=OBJECT,
    ),
    "ScenarioEntry": thing(
        {
            "name": TEXT,
            "title": TEXT,
            "title_zh": TEXT,
            "steps": maybe("integer"),
            "readable": FLAG,
            "runs": listed(TEXT),
        },
        etag=TEXT,
        person=maybe("string"),
        at=maybe("string"),
    ),
    "Job": thing(
        {
            "id": TEXT,
            "kind": one_of(*KINDS),
            "plan_id": maybe("string"),
            "params": OBJECT,
            "person": TEXT,
            "state": one_of(*STATES),
            "share": maybe("number", minimum=0, maximum=1, description="null where nothing was measured"),
            "eta_s": maybe("number", minimum=0, description="null where nothing was measured"),
            "created": MOMENT,
            "links": thing({"self": TEXT, "page": TEXT, "runs": OBJECT}),
        },
        stage=maybe("string"),
        stage_text=maybe("string"),
        began=maybe("string"),
        ended=maybe("string"),
        result=maybe("object"),
        error={"anyOf": [ref("Problem"), {"type": "null"}]},
        log=listed(thing({"at": TEXT, "code": TEXT, "text": TEXT})),
    ),
    "Geometry": {
        "type": ["object", "null"],
        "required": ["type"],
        "properties": {
            "type": one_of(
                "Point",
                "MultiPoint",
                "LineString",
                "MultiLineString",
                "Polygon",
                "MultiPolygon",
                "GeometryCollection",
            ),
            "coordinates": {"type": "array"},
        },
    },
    "Feature": thing(
        {"type": one_of("Feature"), "geometry": ref("Geometry"), "properties": OBJECT}, id={"type": "integer"}
    ),
    "Features": thing({"type": one_of("FeatureCollection"), "features": listed(ref("Feature"))}),
}
