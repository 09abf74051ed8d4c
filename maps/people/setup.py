"""People in an application: settings, pages, guard before and notes after every request."""

from __future__ import annotations

from functools import partial

from flask import Flask

from maps.people import aftermath, doors, guard, mine, oidc, roster, settings, sharing
from maps.people.blueprint import pages
from maps.settings import all_at_once

MODULES = (doors, mine, roster, sharing)  # each adds its pages to the blueprint


def attach(app: Flask) -> None:
    """Put people into an application; PlanError for settings that cannot be used."""
    all_at_once(partial(settings.settle, app), partial(oidc.attach, app))
    app.register_blueprint(pages)
    guard.attach(app)
    aftermath.attach(app)
