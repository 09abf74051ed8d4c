"""The audit trail: who did what to which plan, when and from where. It is only added to."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import current_app, g, has_request_context, request
from sqlalchemy import insert

from maps import desk
from maps.people.models import audit_trail, database, stamp

LOG = logging.getLogger(__name__)
LONGEST = 2000  # characters of detail


def audit(action: str, plan_id: str | None = None, **detail: object) -> None:
    """Note that the person who asks did ``action`` (``run``, ``change``, ``export``, ``login``, ``grant`` …).

    ``by=`` names somebody else than who asks. Where a login is needed, what cannot be noted is not done: DeskError.
    The open mode of one machine goes on without it, with a warning in the log.
    """
    name = str(detail.pop("by", "") or _asking())
    row = {
        "at": stamp(),
        "person": name[:64],
        "action": action,
        "plan_id": plan_id,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str)[:LONGEST],
        "address": (request.remote_addr or "") if has_request_context() else "",
    }
    if has_request_context():
        g.audited = True
    try:
        with desk.writing(database()) as connection:
            connection.execute(insert(audit_trail), row)
    except desk.DeskError as error:
        if current_app.config.get("AUTH") == "login":
            raise
        LOG.warning("not in the audit trail: %s", error)


def _asking() -> str:
    who: Any = g.get("person") if has_request_context() else None
    return who.name if who is not None else "local"
