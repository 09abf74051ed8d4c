"""Sessions: a random text in the browser, its checksum in the database; ended by log-out, idling, age and changes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import current_app, request
from sqlalchemy import Engine, delete, insert, select, update
from werkzeug.wrappers import Response as AnyResponse

from maps import desk
from maps.people.models import Person, attempts, now, people, sessions, stamp

FRESH_S = 60  # a session's last use is written at most this often


def cookie_name() -> str:
    """The cookie's name; behind TLS with the prefix that keeps other hosts and plain HTTP from setting it."""
    return "__Host-geoplan" if current_app.config["HTTPS"] else "geoplan_session"


def session_id(cookie: str) -> str:
    """What the database keeps of a cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def start(engine: Engine, who: Person) -> str:
    """A new session; the text for the cookie. Sessions that are over are swept."""
    cookie, moment = secrets.token_urlsafe(32), stamp()
    over = sessions.c.seen < stamp(now() - _idle()), sessions.c.created < stamp(now() - _longest())
    with desk.writing(engine) as connection:
        connection.execute(delete(sessions).where(over[0] | over[1]))
        connection.execute(
            insert(sessions).values(id=session_id(cookie), person_id=who.id, created=moment, seen=moment)
        )
        connection.execute(update(people).where(people.c.id == who.id).values(seen=moment))
    return cookie


def find(engine: Engine, cookie: str) -> Person | None:
    """Whose session a cookie names, with the role they have now; None where it is over or never was."""
    columns = (people.c.id, people.c.name, people.c.role, sessions.c.created, sessions.c.seen)
    query = select(*columns).join_from(sessions, people).where(sessions.c.id == session_id(cookie))
    with engine.connect() as connection:
        row = connection.execute(query.where(people.c.removed.is_(None))).first()
    if row is None:
        return None
    created, seen = datetime.fromisoformat(row.created), datetime.fromisoformat(row.seen)
    if now() - seen > _idle() or now() - created > _longest():
        end(engine, cookie)
        return None
    if now() - seen > timedelta(seconds=FRESH_S):
        with desk.writing(engine) as connection:
            connection.execute(update(sessions).where(sessions.c.id == session_id(cookie)).values(seen=stamp()))
    return Person(row.id, row.name, row.role)


def end(engine: Engine, cookie: str) -> None:
    """End a session."""
    with desk.writing(engine) as connection:
        connection.execute(delete(sessions).where(sessions.c.id == session_id(cookie)))


def end_all(engine: Engine) -> None:
    """End every session and forget failed attempts to log in."""
    with desk.writing(engine) as connection:
        connection.execute(delete(sessions))
        connection.execute(delete(attempts))


def current() -> str:
    """The session cookie of the request, or nothing."""
    return request.cookies.get(cookie_name(), "")


def set_cookie(response: AnyResponse, name: str, value: str) -> None:
    """A cookie of ours: not for scripts, not sent from other sites' forms, gone with the browser."""
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=current_app.config["HTTPS"], path="/")


def _idle() -> timedelta:
    return timedelta(minutes=current_app.config["IDLE_MINUTES"])


def _longest() -> timedelta:
    return timedelta(hours=current_app.config["SESSION_HOURS"])
