"""Tokens for scripts: shown once, stored as a checksum, never above their owner's role, revocable."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update

from maps import desk
from maps.people.models import Person, lower_role, now, people, stamp, tokens
from maps.people.words import RefusedError

PREFIX = "geoplan_"
FRESH = timedelta(minutes=1)  # a token's last use is written at most this often


@dataclass(frozen=True)
class Token:
    """A token as its owner sees it; the secret itself is nowhere."""

    id: int
    name: str
    role: str
    created: str
    used: str | None


def make(engine: Engine, who: Person, name: str, role: str) -> str:
    """A new token of a person; the text to show once. RefusedError for a role above theirs or a name that is none."""
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise RefusedError("token_name", "token_name")
    if not who.has(role):
        raise RefusedError("token_role", "token_role")
    text = PREFIX + secrets.token_urlsafe(32)
    row = {"person_id": who.id, "name": name, "hash": _checksum(text), "role": role, "created": stamp()}
    with desk.writing(engine) as connection:
        connection.execute(insert(tokens).values(**row))
    return text


def find(engine: Engine, text: str) -> Person | None:
    """Whose token a text is, with the lower of its role and the role they have now; None where it is none."""
    columns = (people.c.id, people.c.name, people.c.role, tokens.c.id, tokens.c.role, tokens.c.used)
    query = select(*columns).join_from(tokens, people).where(tokens.c.hash == _checksum(text))
    with engine.connect() as connection:
        row = connection.execute(query.where(people.c.removed.is_(None), tokens.c.revoked.is_(None))).first()
    if row is None:
        return None
    person_id, name, role, token_id, own_role, used = row
    if used is None or now() - datetime.fromisoformat(used) > FRESH:
        with desk.writing(engine) as connection:
            connection.execute(update(tokens).where(tokens.c.id == token_id).values(used=stamp()))
    return Person(person_id, name, lower_role(role, own_role))


def listed(engine: Engine, who: Person) -> list[Token]:
    """A person's tokens that are not revoked, newest first."""
    columns = (tokens.c.id, tokens.c.name, tokens.c.role, tokens.c.created, tokens.c.used)
    query = select(*columns).where(tokens.c.person_id == who.id, tokens.c.revoked.is_(None))
    with engine.connect() as connection:
        return [Token(*row) for row in connection.execute(query.order_by(tokens.c.id.desc()))]


def revoke(engine: Engine, who: Person, token_id: int) -> bool:
    """Revoke a token of a person; False where it is not theirs or is revoked already."""
    statement = update(tokens).where(tokens.c.id == token_id, tokens.c.person_id == who.id)
    with desk.writing(engine) as connection:
        return connection.execute(statement.where(tokens.c.revoked.is_(None)).values(revoked=stamp())).rowcount > 0


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
