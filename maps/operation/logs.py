"""Logs on stderr, as text or as one JSON object a line; every line of a request or a job says which.

What must stay secret stays out: addresses are noted without their query, and tokens, passwords and signatures that
get into a message by another way are masked.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from maps.operation.settings import chosen

_about: ContextVar[Mapping[str, Any] | None] = ContextVar("about", default=None)

QUIET = {"huey": logging.WARNING, "waitress.queue": logging.ERROR, "fontTools": logging.WARNING}
SECRETS = re.compile(
    r"geoplan_[A-Za-z0-9_-]{24,}"  # tokens for scripts
    r"|(?<=Bearer )\S+|(?<=Basic )\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password of an address
    r"|(?i:(?<=[?&])(?:token|code|state|tk|password|csrf_token|client_secret)=)[^&\s'\"]+"
    r"|(?i:\b(?:password|csrf_token|client_secret|secret)['\"]?\s*[=:]\s*['\"]?)[^\s'\",;&]+"
)
MASK = "***"
PLAIN = re.compile(r"[\w.:/@<>+-]+")


@contextmanager
def about(**what: Any) -> Iterator[None]:
    """Every line logged inside the block, in this thread, also says ``what``."""
    token = _about.set({**(_about.get() or {}), **what})
    try:
        yield
    finally:
        _about.reset(token)


def current(name: str) -> Any:
    """What the lines of this thread say under a name; None where they do not."""
    return (_about.get() or {}).get(name)


def masked(text: str) -> str:
    """A text without what looks like a secret."""
    return SECRETS.sub(MASK, text)


def begin() -> None:
    """Log on stderr as the settings say, instead of however it was before; faults of the settings are told later."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if chosen("LOG") == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(str(chosen("LOG_LEVEL")).upper())
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def _told(record: logging.LogRecord) -> dict[str, Any]:
    return {**(_about.get() or {}), **getattr(record, "about", {})}


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, and what the line is about."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            "process": record.process,
        }
        said |= {name: masked(value) if isinstance(value, str) else value for name, value in _told(record).items()}
        if record.exc_info:
            said["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Time, level, logger, message, then ``name=value`` pairs; one line, whatever a request held."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback below it where there is one."""
        pairs = "".join(f" {name}={_value(value)}" for name, value in _told(record).items())
        head = f"{_moment(record)} {record.levelname.lower()} {record.name}: {_line(record.getMessage())}{pairs}"
        tail = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return masked(head + tail)


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _value(value: Any) -> str:
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
