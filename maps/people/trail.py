"""The audit trail: who did what to which plan, when and from where. It is only added to."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, has_request_context, request
from sqlalchemy import Engine, Select, insert, select

from maps import desk
from maps.people.models import audit_trail, database, stamp

LOG = logging.getLogger(__name__)
LONGEST = 2000  # characters of detail
EXACT, FIRST, LAST = ("person", "action", "plan_id"), "since", "until"  # what the trail is asked by


@dataclass(frozen=True)
class Entry:
    """One line of the trail."""

    id: int
    at: str
    person: str
    action: str
    plan_id: str | None
    detail: Mapping[str, Any]
    address: str


def audit(action: str, plan_id: str | None = None, **detail: object) -> None:
    """Note that the person who asks did ``action`` (``run``, ``change``, ``export``, ``login``, ``grant`` …).

    ``by=`` names somebody else than who asks. Where a login is needed, what cannot be noted is not done: DeskError.
    The open mode of one machine goes on without it, with a warning in the log.
    """
    name = str(detail.pop("by", "") or _asking())
    address = (request.remote_addr or "") if has_request_context() else ""
    if has_request_context():
        g.audited = True
    try:
        record(database(), name, action, plan_id=plan_id, address=address, detail=detail)
    except desk.DeskError as error:
        if current_app.config.get("AUTH") == "login":
            raise
        LOG.warning("not in the audit trail: %s", error)


def record(
    engine: Engine,
    name: str,
    action: str,
    *,
    plan_id: str | None = None,
    address: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add a line, also outside of a request."""
    row = {
        "at": stamp(),
        "person": name[:64],
        "action": action,
        "plan_id": plan_id,
        "detail": json.dumps(_short(detail or {}), ensure_ascii=False, sort_keys=True, default=str),
        "address": address,
    }
    with desk.writing(engine) as connection:
        connection.execute(insert(audit_trail), row)


def entries(engine: Engine, asked: Mapping[str, str], *, before: int | None = None, count: int = 100) -> list[Entry]:
    """The newest lines that fit, those before line ``before`` only.

    ``asked`` may hold ``person``, ``action``, ``plan_id`` as they are, and ``since``, ``until``: days, inclusive.
    """
    query = _fitting(asked).order_by(audit_trail.c.id.desc()).limit(count)
    if before is not None:
        query = query.where(audit_trail.c.id < before)
    with engine.connect() as connection:
        return [_entry(row) for row in connection.execute(query)]


def every(engine: Engine, asked: Mapping[str, str]) -> Iterator[Entry]:
    """All lines that fit, newest first, read a part at a time."""
    before: int | None = None
    while part := entries(engine, asked, before=before, count=1000):
        yield from part
        before = part[-1].id


def actions(engine: Engine) -> list[str]:
    """The actions that occur."""
    with engine.connect() as connection:
        return list(
            connection.execute(select(audit_trail.c.action).distinct().order_by(audit_trail.c.action)).scalars()
        )


def _fitting(asked: Mapping[str, str]) -> Select[Any]:
    query = select(audit_trail)
    for name in EXACT:
        if asked.get(name):
            query = query.where(audit_trail.c[name] == asked[name])
    if asked.get(FIRST):
        query = query.where(audit_trail.c.at >= asked[FIRST])
    if asked.get(LAST):
        query = query.where(audit_trail.c.at < asked[LAST] + "T99")
    return query


def _entry(row: Any) -> Entry:
    return Entry(row.id, row.at, row.person, row.action, row.plan_id, json.loads(row.detail), row.address)


def _short(detail: Mapping[str, object]) -> dict[str, object]:
    """Details that stay small, whatever a request held."""
    kept = {name: value[:200] if isinstance(value, str) else value for name, value in detail.items() if value != ""}
    whole = json.dumps(kept, ensure_ascii=False, default=str)
    return kept if len(whole) <= LONGEST else {"cut": whole[:LONGEST]}


def _asking() -> str:
    who: Any = g.get("person") if has_request_context() else None
    return who.name if who is not None else "local"
