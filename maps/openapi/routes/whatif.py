"""What-ifs and scenarios, as they are described."""

from __future__ import annotations

from maps.openapi.words import LANG, STAGES, TEXT, Answer, Param, Route, json, listed, maybe, one_of, ref, thing
from maps.whatif.asked import MOST_STEPS

WHATIF = "what-ifs and scenarios"
MATCH = Param("If-Match", TEXT, "ETag of the scenario that is to be replaced", place="header")
OPENED = Param("If-Match", TEXT, "ETag of the scenario as it was read", required=True, place="header")
NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]{0,63}$"}
STEPS = {**listed(ref("Step")), "maxItems": MOST_STEPS}

ROUTES = {
    "whatif_api.try_steps": Route(
        WHATIF,
        "What a few steps would change, at once",
        "试算：若干调整措施的即时影响",
        {200: json("accounts, homes and schools before and after", ref("Change"))},
        (LANG,),
        body=thing({"steps": STEPS}, stage=one_of(*STAGES), year=maybe("integer")),
        errors=(422,),
        note="Equal to a full run of the same steps; nothing is kept. The plan's files must be those of the run.",
    ),
    "whatif_api.scenarios": Route(
        WHATIF,
        "Scenarios saved beside a plan",
        "规划已保存的情景方案",
        {200: json("scenarios by name", listed(ref("ScenarioEntry")))},
    ),
    "whatif_api.scenario": Route(
        WHATIF,
        "One scenario with its steps",
        "单个情景方案及其措施",
        {200: json("the scenario", ref("Scenario"), ETag="names this content of it")},
        errors=(422,),
    ),
    "whatif_api.rename_scenario": Route(
        WHATIF,
        "Give a scenario another name or title",
        "修改情景方案的名称或标题",
        {200: json("the scenario", ref("Scenario"), ETag="of it")},
        (OPENED,),
        body=thing({}, name=NAME, title=TEXT, title_zh=TEXT),
        errors=(409, 412, 422, 428),
        note="Parallel edits are named: `conflict` of the problem document says who saved the other one, and when.",
    ),
    "whatif_api.remove_scenario": Route(
        WHATIF,
        "Take a scenario away",
        "删除情景方案",
        {204: Answer("it is gone; runs made with it stay as they are")},
        (OPENED,),
        errors=(412, 422, 428),
    ),
    "whatif_api.save_scenario": Route(
        WHATIF,
        "Save steps as a scenario",
        "将措施保存为情景方案",
        {
            200: json(
                "the scenario that was replaced, or that held these steps already", ref("Scenario"), ETag="of it"
            ),
            201: json("a new scenario", ref("Scenario"), ETag="of it"),
        },
        (MATCH,),
        body=thing(
            {"name": NAME, "steps": {**STEPS, "minItems": 1}},
            title=TEXT,
            title_zh=TEXT,
            note=TEXT,
            run={**TEXT, "description": "the run the steps were tried on; its own steps come first"},
            stage=one_of(*STAGES),
        ),
        errors=(409, 412, 422),
    ),
}
