"""People: added, found, changed, removed. Whoever is removed keeps their rows, so that nothing of theirs opens up."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from maps import desk
from maps.people import passwords
from maps.people.models import ADMINISTRATOR, ROLES, Person, people, sessions, stamp, tokens
from maps.people.words import RefusedError

NAME = re.compile(r"[^\W_][\w.@+\- ]{0,63}")
RESERVED = frozenset({"audit", "local", "anyone"})  # pages, and names the audit trail uses itself


@dataclass(frozen=True)
class Account:
    """A person as administrators see them."""

    person: Person
    password: str | None  # as stored
    subject: str | None
    created: str
    seen: str | None


def proper_name(name: str) -> str:
    """A name in its one written form; RefusedError where it is none."""
    name = unicodedata.normalize("NFKC", name).strip()
    if not NAME.fullmatch(name) or name.casefold() in RESERVED:
        raise RefusedError("name", "name")
    return name


def listed(engine: Engine) -> list[Account]:
    """Everyone, by name."""
    with engine.connect() as connection:
        rows = connection.execute(select(people).where(people.c.removed.is_(None)).order_by(people.c.name))
        return [_account(row) for row in rows]


def find(engine: Engine, name: str) -> Account | None:
    """The account of a name."""
    written = unicodedata.normalize("NFKC", name).strip()
    return _one(engine, people.c.name == written)


def find_subject(engine: Engine, subject: str) -> Account | None:
    """The account of somebody who logs in elsewhere."""
    return _one(engine, people.c.subject == subject)


def existing(engine: Engine, name: str) -> Account:
    """The account of a name; RefusedError where nobody has it."""
    found = find(engine, name)
    if found is None:
        raise RefusedError("unknown", "name", name=name)
    return found


def any_account(engine: Engine) -> bool:
    """Whether anybody can log in."""
    with engine.connect() as connection:
        return connection.execute(select(people.c.id).where(people.c.removed.is_(None)).limit(1)).first() is not None


def add(engine: Engine, name: str, role: str, *, password: str | None = None, subject: str | None = None) -> Person:
    """A new person; RefusedError where the name is taken or the role unknown. The password is hashed here."""
    name, role = proper_name(name), proper_role(role)
    row = {"name": name, "role": role, "subject": subject, "created": stamp()}
    row["password"] = None if password is None else passwords.hashed(password)
    with desk.writing(engine) as connection:
        if connection.execute(select(people.c.id).where(people.c.name == name)).first():
            raise RefusedError("taken", "name")
        number = connection.execute(insert(people).returning(people.c.id), row).scalar_one()
    return Person(number, name, role)


def set_role(engine: Engine, who: Person, role: str, *, keep: str = "") -> None:
    """Another role; ends the person's sessions but the one of id ``keep``. The last administrator stays one."""
    role = proper_role(role)
    with desk.writing(engine) as connection:
        if role != ADMINISTRATOR:
            _not_the_last(connection, who)
        connection.execute(update(people).where(people.c.id == who.id).values(role=role))
        end_sessions(connection, who, keep)


def set_password(engine: Engine, who: Person, password: str, *, keep: str = "") -> None:
    """Another password; ends the person's sessions but the one of id ``keep``."""
    stored = passwords.hashed(password)
    with desk.writing(engine) as connection:
        connection.execute(update(people).where(people.c.id == who.id).values(password=stored))
        end_sessions(connection, who, keep)


def remove(engine: Engine, who: Person) -> None:
    """End a person's sessions, tokens and logins, and free the name. Plans that were theirs stay closed to others."""
    with desk.writing(engine) as connection:
        _not_the_last(connection, who)
        gone = {"name": f"{who.name[:50]} #{who.id}", "password": None, "subject": None, "removed": stamp()}
        connection.execute(update(people).where(people.c.id == who.id).values(**gone))
        connection.execute(update(tokens).where(tokens.c.person_id == who.id).values(revoked=stamp()))
        end_sessions(connection, who)


def proper_role(role: str) -> str:
    """A role somebody can have; RefusedError else."""
    if role not in ROLES[1:]:
        raise RefusedError("role", "role")
    return role


def end_sessions(connection: Connection, who: Person, keep: str = "") -> None:
    """End a person's sessions, all but one."""
    connection.execute(delete(sessions).where(sessions.c.person_id == who.id, sessions.c.id != keep))


def _not_the_last(connection: Connection, who: Person) -> None:
    admins = select(func.count()).where(
        people.c.role == ADMINISTRATOR, people.c.removed.is_(None), people.c.id != who.id
    )
    is_admin = select(people.c.id).where(people.c.id == who.id, people.c.role == ADMINISTRATOR)
    if connection.execute(is_admin).first() and not connection.execute(admins).scalar():
        raise RefusedError("last", "role")


def _one(engine: Engine, condition: Any) -> Account | None:
    with engine.connect() as connection:
        row = connection.execute(select(people).where(condition, people.c.removed.is_(None))).first()
    return None if row is None else _account(row)


def _account(row: Any) -> Account:
    return Account(Person(row.id, row.name, row.role), row.password, row.subject, row.created, row.seen)
