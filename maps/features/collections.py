"""Collections: the tables of every plan's newest run that one may see, and of an older run by its id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import url_for
from werkzeug.routing import BaseConverter

from geoplan.errors import NotFoundError
from geoplan.exports.names import table_title
from geoplan.store import RunEntry, TableFacts, table_facts
from maps import workspace
from maps.people import visible
from maps.state import workspace_folder
from maps.story import local_text
from maps.workspace import LATEST, PlanEntry

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WORLD = (-180.0, -90.0, 180.0, 90.0)


class PlanConverter(BaseConverter):
    """A plan's id in an address: it holds no dot, so that a table's name may follow one."""

    regex = "[a-z0-9][a-z0-9_-]{0,63}"


@dataclass(frozen=True)
class Collection:
    """A table of a run. ``name`` in addresses is ``<table>``, or ``<table>.<run id>`` for a run named."""

    plan: PlanEntry
    entry: RunEntry
    facts: TableFacts
    name: str

    @property
    def id(self) -> str:
        """The collection's id: ``<plan>.<table>``, or with the run behind it."""
        return f"{self.plan.plan_id}.{self.name}"

    @property
    def pinned(self) -> str:
        """The name under which this very run's table is always found."""
        return f"{self.facts.name}.{self.entry.run_id}"

    def title(self, language: str) -> str:
        """``<county>: <table>`` in a language."""
        joint = ": " if language == "en" else "："
        county = local_text(self.plan.texts, "title", language)
        return f"{county}{joint}{table_title(self.facts.name, language)}"


@lru_cache(maxsize=256)
def _facts(run: Path) -> tuple[TableFacts, ...]:
    """Tables of a run; runs are never edited, so what was read stays true."""
    return table_facts(run)


def collections() -> Iterator[Collection]:
    """The tables of the newest run of every plan one may see, plans by name; those with places first."""
    for plan in visible(workspace.list_plans(workspace_folder())):
        for entry in plan.runs[:1]:
            for facts in sorted(_facts(entry.path), key=lambda one: (not one.located, one.name)):
                yield Collection(plan, entry, facts, facts.name)


def collection(plan_id: str, name: str) -> Collection:
    """One collection; NotFoundError when there is none of that id."""
    table, _, run_id = name.partition(".")
    plan = workspace.find_plan(workspace_folder(), plan_id)
    entry = workspace.find_run(plan, run_id or LATEST)
    for facts in _facts(entry.path):
        if facts.name == table:
            return Collection(plan, entry, facts, name)
    raise NotFoundError(f"there is no collection {plan_id}.{name}")


def address(found: Collection, endpoint: str = "ogc.one", **more: Any) -> str:
    """Where a collection is, or what belongs to it."""
    place = {"plan_id": found.plan.plan_id, "name": found.name}
    return url_for(endpoint, **(place | more), _external=True)


def told(found: Collection, language: str) -> dict[str, Any]:
    """A collection as the standard describes it."""
    other = "en" if language == "zh" else "zh"
    box = found.facts.bounds
    extent = {"extent": {"spatial": {"bbox": [list(box)], "crs": CRS84}}} if box else {}
    items = address(found, "ogc.items")
    return {
        "id": found.id,
        "title": found.title(language),
        "description": f"{found.title(other)} · {found.entry.run_id} · {found.entry.created[:10]}",
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        **extent,
        "links": [
            {"rel": "self", "type": "application/json", "href": address(found, f="json")},
            {"rel": "alternate", "type": "text/html", "href": address(found, f="html")},
            {"rel": "items", "type": "application/geo+json", "href": items, "title": found.title(language)},
            {"rel": "items", "type": "text/html", "href": f"{items}?f=html"},
            {
                "rel": "enclosure",
                "type": "application/geopackage+sqlite3",
                "title": "GeoPackage",
                "href": url_for(
                    "api.layer",
                    plan_id=found.plan.plan_id,
                    run_id=found.entry.run_id,
                    name=found.facts.name,
                    ending="gpkg",
                    _external=True,
                ),
            },
        ],
    }
