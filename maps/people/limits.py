"""How often: log-in attempts, counted in the database for all processes; costly requests, counted in each process."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select

from maps import desk
from maps.people.models import attempts, now, stamp
from maps.people.secret import signed
from maps.people.words import RefusedError

WINDOW = timedelta(minutes=15)
PER_NAME_AND_ADDRESS, PER_ADDRESS, PER_NAME = 5, 30, 50  # failed attempts in a window
KEPT = 10_000  # counters held in memory

_spent: dict[tuple[str, str], deque[float]] = {}
_lock = threading.Lock()


def try_login(engine: Engine, name: str, address: str) -> list[int]:
    """Count an attempt before the password is looked at; the attempt, to be taken back once it succeeds.

    Raises
    ------
    RefusedError
        Too many failed in the last quarter of an hour: for this name from this address, from this address, or for
        this name from anywhere. Refused attempts do not count, so the wait ends.
    """
    name = name.strip().casefold()
    most = {f"{name}@{address}": PER_NAME_AND_ADDRESS, f"@{address}": PER_ADDRESS, f"{name}@": PER_NAME}
    keys = {signed(text, "attempt"): count for text, count in most.items()}
    with desk.writing(engine) as connection:
        connection.execute(delete(attempts).where(attempts.c.at < stamp(now() - WINDOW)))
        columns = (attempts.c.key, func.count(), func.min(attempts.c.at))
        query = select(*columns).where(attempts.c.key.in_(keys)).group_by(attempts.c.key)
        full = [first for key, count, first in connection.execute(query) if count >= keys[key]]
        if full:
            left = datetime.fromisoformat(max(full)) + WINDOW - now()
            raise RefusedError("slow", "name", minutes=max(1, math.ceil(left.total_seconds() / 60)))
        moment = stamp()
        rows = insert(attempts).returning(attempts.c.id)
        return [connection.execute(rows, {"at": moment, "key": key}).scalar_one() for key in keys]


def take_back(engine: Engine, attempt: list[int]) -> None:
    """The attempt succeeded: it does not count."""
    with desk.writing(engine) as connection:
        connection.execute(delete(attempts).where(attempts.c.id.in_(attempt)))


def wait_s(who: str, what: str, per_minute: int) -> int:
    """Count a request of somebody; 0, or the seconds until the next one may come."""
    moment, key = time.monotonic(), (who, what)
    with _lock:
        if len(_spent) > KEPT:
            for old in [one for one, times in _spent.items() if times[-1] < moment - 60]:
                del _spent[old]
        times = _spent.setdefault(key, deque())
        while times and times[0] <= moment - 60:
            times.popleft()
        if len(times) >= per_minute:
            return math.ceil(times[0] + 60 - moment)
        times.append(moment)
    return 0
