"""The description of every route of the API, by endpoint.

A new route is described in the module of its room: ``ROUTES = {"<blueprint>.<function>": Route(...)}``, and a new
module is added below. A test says which route lacks its description.
"""

from __future__ import annotations

from collections.abc import Mapping

from maps.openapi.routes import compare, itself, jobs, plans, safety, settings, whatif
from maps.openapi.words import Route

MODULES = (itself, plans, settings, whatif, compare, safety, jobs)


def described() -> Mapping[str, Route]:
    """Every description by endpoint."""
    return {endpoint: route for module in MODULES for endpoint, route in module.ROUTES.items()}
