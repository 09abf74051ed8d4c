"""Passwords: salted scrypt, the same work for names nobody has, and few rules besides length."""

from __future__ import annotations

from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from maps.people.words import RefusedError

METHOD = "scrypt:32768:8:3"  # 32 MB and three passes a check
LONGEST = 1024


def hashed(password: str) -> str:
    """What is stored of a password."""
    return generate_password_hash(password, METHOD)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; the work is the same where nothing is stored."""
    same = check_password_hash(stored or _nobodys(METHOD), password[: LONGEST + 1])
    return same and stored is not None


def check_new(password: str, name: str, shortest: int, *, field: str = "password") -> None:
    """RefusedError of a password that is too short, too long, the name, or made of one or two characters."""
    if len(password) < shortest:
        raise RefusedError("short", field, shortest=shortest)
    if len(password) > LONGEST:
        raise RefusedError("long", field, longest=LONGEST)
    if len(set(password)) < 3 or password.casefold() == name.casefold():
        raise RefusedError("simple", field)


@cache
def _nobodys(method: str) -> str:
    return generate_password_hash("nobody", method)
