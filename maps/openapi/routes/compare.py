"""Alternatives side by side, as they are described."""

from __future__ import annotations

from maps.openapi.words import (
    FLAG,
    GEOJSON,
    LANG,
    NUMBER,
    OBJECT,
    STAGE,
    TEXT,
    Answer,
    Param,
    Route,
    file,
    json,
    listed,
    maybe,
    one_of,
    thing,
)
from maps.rowfiles import WRITERS

COMPARE = "alternatives side by side"
WHAT = "`base`, `run:<id>`, `scenario:<name>` or `steps:<link>`"
A, B = (Param(letter, TEXT, f"an alternative: {WHAT}", required=True) for letter in "ab")
C, D = (Param(letter, TEXT, f"a further alternative: {WHAT}") for letter in "cd")
ON = Param("on", TEXT, "the run that `steps:` start from; the newest of the plan as it is when left out")
ENDING = Param("ending", one_of(*WRITERS), "format of the answer", place="path")
VALUES = listed(maybe("number"))

ROUTES = {
    "compare_api.compare_runs": Route(
        COMPARE,
        "Two to four alternatives side by side",
        "二至四个方案并列比较",
        {
            200: json(
                "figures of every alternative, differences to the first",
                thing(
                    {
                        "stages": listed(TEXT),
                        "runs": listed(
                            thing(
                                {"letter": TEXT, "spec": TEXT, "whatif": FLAG, "differs": listed(TEXT)},
                                run_id=maybe("string"),
                                steps=listed(thing({"text": TEXT, "counted": FLAG})),
                                cost=maybe("number"),
                                cost_assumed=FLAG,
                            )
                        ),
                        "rows": listed(
                            thing({"section": TEXT, "stage": TEXT, "key": TEXT, "values": VALUES, "changes": VALUES})
                        ),
                        "schools": listed(OBJECT),
                        "cells": listed(thing({"stage": TEXT, "cells": NUMBER, "pupils": NUMBER})),
                        "findings": listed(thing({"code": TEXT, "text": TEXT})),
                    }
                ),
            )
        },
        (A, B, C, D, ON, LANG),
        errors=(422,),
        note="A scenario without a run of its steps is answered by the what-if; figures it does not count are null.",
    ),
    "compare_api.difference_file": Route(
        COMPARE,
        "The homes that change from one alternative to another",
        "两个方案之间有变化的住处",
        {
            200: file(
                "cells with their change",
                GEOJSON,
                "text/csv",
                "application/geopackage+sqlite3",
                "application/vnd.apache.parquet",
            )
        },
        (ENDING, A, B, ON),
        errors=(422,),
    ),
    "compare_api.tile": Route(
        COMPARE,
        "A map tile of an alternative",
        "方案的地图瓦片",
        {200: file("256 by 256 pixels", "image/png"), 304: Answer("the tile is the one named by `If-None-Match`")},
        (Param("of", TEXT, f"the alternative: {WHAT}", required=True), ON, STAGE),
        errors=(422,),
    ),
}
