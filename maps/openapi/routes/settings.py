"""Settings of a plan, as they are described."""

from __future__ import annotations

from maps.openapi.words import LANG, OBJECT, TEXT, Param, Route, json, ref

SETTINGS = "settings of a plan"
MATCH = Param("If-Match", TEXT, "ETag of the settings that are to be replaced; needed to save", place="header")
CHECK = Param("check", TEXT, "`1`: only tell faults and changes, save nothing")

ROUTES = {
    "settings_api.settings": Route(
        SETTINGS,
        "What plan.toml says, with its faults",
        "规划设置（plan.toml 的内容及其错误）",
        {200: json("the settings", ref("Settings"), ETag="names this content")},
        (LANG,),
        errors=(422,),
        note="For those who may change the plan.",
    ),
    "settings_api.put_settings": Route(
        SETTINGS,
        "Check the settings, and save them over the version one has read",
        "检查并保存规划设置",
        {
            200: json(
                "the settings as saved; with `check` the changes",
                {"anyOf": [ref("Settings"), ref("Looked")]},
                ETag="names this content",
            )
        },
        (MATCH, CHECK, LANG),
        body={
            "type": "object",
            "properties": {"settings": OBJECT, "toml": TEXT},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
        errors=(412, 422, 428),
        note="Comments and order of the file stay. A conflict (412) names who saved, when, and both values.",
    ),
}
