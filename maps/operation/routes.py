"""Where machines ask how the service is: ``/healthz`` whether it lives, ``/readyz`` whether it can work."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from geoplan import __version__
from maps.desk import DeskError
from maps.operation.readiness import FAILED, as_data, checks, ready
from maps.people import person
from maps.people.models import ADMINISTRATOR
from maps.state import workspace_folder

LOG = logging.getLogger(__name__)
health = Blueprint("operation", __name__)


@health.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether the service is up, and its version."""
    return {"status": "ok", "version": __version__}


@health.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    """Whether the service can do its work: 200, or 503; what is amiss only for administrators and the open mode."""
    found = checks(workspace_folder(), current_app.config["FREE_MB"])
    fine = ready(found)
    for check in found:
        if check.state == FAILED:
            LOG.warning("not ready: %s: %s", check.name, check.detail)
    answer: dict[str, Any] = {"status": "ready" if fine else "not ready"}
    if _may_know():
        answer["checks"] = as_data(found)
    return answer, 200 if fine else 503


def _may_know() -> bool:
    config = current_app.config
    if config["HOSTS"] and not host_is_trusted(request.host, config["HOSTS"]):
        return False
    if config["AUTH"] == "open":
        return True
    try:
        return person().has(ADMINISTRATOR)
    except (DeskError, HTTPException):
        return False
