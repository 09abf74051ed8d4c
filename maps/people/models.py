"""Who works here: roles, persons, and the tables of people, sessions, tokens, access lists and the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import Column, Engine, ForeignKey, Index, Integer, MetaData, String, Table, Text

from maps import desk

ANYONE, VIEWER, PLANNER, ADMINISTRATOR = ROLES = ("anyone", "viewer", "planner", "administrator")
SEE, CHANGE, OWN = LEVELS = ("see", "change", "own")

METADATA = MetaData(
    info={
        "statements": [
            f"CREATE TRIGGER IF NOT EXISTS audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    }
)

people = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(64, collation="NOCASE"), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", Text),  # salted scrypt; none for who logs in elsewhere
    Column("subject", Text, unique=True),  # issuer and subject of who logs in elsewhere
    Column("created", String(32), nullable=False),
    Column("seen", String(32)),  # last login
    Column("removed", String(32)),  # kept for what is theirs, never logs in again
    sqlite_autoincrement=True,
)
sessions = Table(
    "sessions",
    METADATA,
    Column("id", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", String(32), nullable=False),
    Column("seen", String(32), nullable=False),
)
tokens = Table(
    "tokens",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created", String(32), nullable=False),
    Column("used", String(32)),
    Column("revoked", String(32)),
    sqlite_autoincrement=True,
)
grants = Table(
    "grants",
    METADATA,
    Column("plan_id", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("level", String(8), nullable=False),
)
attempts = Table(
    "attempts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", String(32), nullable=False, index=True),
    Column("key", String(64), nullable=False),
)
audit_trail = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("person", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("plan_id", String(64)),
    Column("detail", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Index("audit_by_action", "action"),
    Index("audit_by_person", "person"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Person:
    """Who asks. ``id`` 0 stands for nobody known: the open mode's ``local``, or whoever has not logged in."""

    id: int
    name: str
    role: str

    def has(self, role: str) -> bool:
        """Whether this role may do what ``role`` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


NOBODY = Person(0, "", ANYONE)


def database(workspace: Path | None = None) -> Engine:
    """The database with the tables of people in it, of a workspace or of the application that answers."""
    return desk.tables(Path(current_app.config["WORKSPACE"]) if workspace is None else workspace, METADATA)


def now() -> datetime:
    """The time, in UTC, to the microsecond."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """A time as it is stored: ISO 8601 in UTC, so that texts sort as times do."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="microseconds")


def lower_role(one: str, other: str) -> str:
    """The role that may less."""
    return min(one, other, key=ROLES.index)
