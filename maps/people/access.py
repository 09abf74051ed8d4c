"""Which plans a person may see and change: the access list of each plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from flask import current_app, g
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from geoplan.errors import NotFoundError
from maps import desk
from maps.people.models import ADMINISTRATOR, CHANGE, OWN, PLANNER, VIEWER, Person, database, grants, people
from maps.workspace import PlanEntry

Entry = TypeVar("Entry", bound=PlanEntry)


def level_of(plan_id: str, who: Person) -> str | None:
    """What a plan's access list says of a person: ``see``, ``change``, ``own``; None where it keeps them out.

    A plan without a list is open to everyone logged in; administrators may all.
    """
    if current_app.config["AUTH"] == "open":
        return CHANGE
    if not who.has(VIEWER):
        return None
    if who.has(ADMINISTRATOR):
        return OWN
    listed = _lists().get(plan_id)
    return CHANGE if listed is None else listed.get(who.id)


def sees(plan_id: str, who: Person) -> bool:
    """Whether a person may see a plan, its runs and exports."""
    return level_of(plan_id, who) is not None


def changes(plan_id: str, who: Person) -> bool:
    """Whether a person may edit, run and add to a plan."""
    return who.has(PLANNER) and level_of(plan_id, who) in (CHANGE, OWN)


def owns(plan_id: str, who: Person) -> bool:
    """Whether a person may say who else sees a plan: its owner, and administrators."""
    return who.has(PLANNER) and level_of(plan_id, who) == OWN


def seen(plans: Iterable[Entry], who: Person) -> list[Entry]:
    """The plans of a list that a person may see."""
    return [plan for plan in plans if sees(plan.plan_id, who)]


def not_here(plan_id: str) -> NotFoundError:
    """What is answered for a plan that is not there, and for one that may not be seen."""
    return NotFoundError(f"there is no plan {plan_id!r} in this workspace")


def grant(plan_id: str, person_id: int, level: str) -> None:
    """Put a person on a plan's access list, or change what it says of them. The list then keeps out all others."""
    row = {"plan_id": plan_id, "person_id": person_id, "level": level}
    _forget()
    with desk.writing(database()) as connection:
        statement = insert(grants).values(**row)
        connection.execute(statement.on_conflict_do_update(index_elements=["plan_id", "person_id"], set_=row))


def withdraw(plan_id: str, person_id: int | None) -> None:
    """Take a person off a plan's list; None takes the whole list away: open to everyone logged in."""
    _forget()
    statement = delete(grants).where(grants.c.plan_id == plan_id)
    if person_id is not None:
        statement = statement.where(grants.c.person_id == person_id)
    with desk.writing(database()) as connection:
        connection.execute(statement)


def _lists() -> dict[str, dict[int, str]]:
    """Every access list, read once a request."""
    if "access" not in g:
        found: dict[str, dict[int, str]] = {}
        with database().connect() as connection:
            for plan_id, person_id, level in connection.execute(
                select(grants.c.plan_id, grants.c.person_id, grants.c.level)
            ):
                found.setdefault(plan_id, {})[person_id] = level
        g.access = found
    held: dict[str, dict[int, str]] = g.access
    return held


def _forget() -> None:
    g.pop("access", None)


@dataclass(frozen=True)
class Listed:
    """One line of a plan's access list."""

    person_id: int
    name: str
    level: str


def listed(plan_id: str) -> list[Listed]:
    """A plan's access list, by name; people who were removed stay on it, so that it still keeps others out."""
    query = select(grants.c.person_id, people.c.name, grants.c.level).join_from(grants, people)
    with database().connect() as connection:
        rows = connection.execute(query.where(grants.c.plan_id == plan_id).order_by(people.c.name))
        return [Listed(*row) for row in rows]
