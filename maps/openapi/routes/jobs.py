"""Jobs, as they are described."""

from __future__ import annotations

from maps.jobs.records import KINDS, STATES
from maps.openapi.words import LANG, OBJECT, OFFSET, TEXT, Param, Route, json, listed, maybe, one_of, ref, thing

JOBS = "jobs"
STATE = Param("state", TEXT, f"states, commas between: {', '.join(STATES)}")
KIND = Param("kind", one_of(*KINDS), "one kind only")
PLAN = Param("plan_id", TEXT, "jobs of one plan only")
LIMIT = Param(
    "limit",
    {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 100},
    "most jobs of the answer; never more than 500",
)

ROUTES = {
    "jobs_api.listed": Route(
        JOBS,
        "Jobs, newest first",
        "任务列表（新的在前）",
        {200: json("jobs", listed(ref("Job")), X_Total_Count="jobs there are on all pages")},
        (STATE, KIND, PLAN, LIMIT, OFFSET, LANG),
    ),
    "jobs_api.begin": Route(
        JOBS,
        "Start a job",
        "启动任务",
        {202: json("the job; the same one is not started twice", ref("Job"), Location="address of the job")},
        (LANG,),
        body=thing({"kind": one_of(*KINDS)}, plan_id=maybe("string"), params={**OBJECT, "type": ["object", "null"]}),
        errors=(404, 422),
        note="`run`: `only`, `scenario`; `batch` (without `plan_id`): `plans`, `only`, `resume`, `workers`; "
        "`export`: `run_id`, `formats`, `paper`; `upload`: examines a plan's data; each also `language`.",
    ),
    "jobs_api.one": Route(
        JOBS, "One job with its log", "单个任务及日志", {200: json("the job", ref("Job"))}, (LANG,)
    ),
    "jobs_api.end": Route(JOBS, "Cancel a job", "取消任务", {200: json("the job", ref("Job"))}, (LANG,)),
    "jobs_api.repeat": Route(
        JOBS,
        "Start the same job once more",
        "重新执行任务",
        {202: json("the new job", ref("Job"), Location="address of the job")},
        (LANG,),
        errors=(422,),
    ),
}
