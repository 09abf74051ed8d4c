"""The secret that signs forms: from the setting, else made once and kept in ``.geoplan/secret``."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from flask import current_app

from geoplan.errors import PlanError
from maps.desk import DeskError, desk_folder

FILE, SHORTEST = "secret", 32


def secret_key(workspace: Path, given: str = "") -> str:
    """The secret; PlanError where the one given is too short to be one."""
    if given:
        if len(given) < SHORTEST:
            raise PlanError(f"GEOPLAN_SECRET has fewer than {SHORTEST} characters: give a long random text")
        return given
    file = desk_folder(workspace) / FILE
    try:
        if not file.exists():
            _make(file)
        found = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{file} cannot be read ({error}): let the service read it, or delete it") from None
    if len(found) < SHORTEST:
        raise DeskError(f"{file} is damaged: delete it and start again; everybody logs in anew")
    return found


def _make(file: Path) -> None:
    """Write a secret whole or not at all; of two processes that start together the first one's stays."""
    part = file.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(48) + "\n")
    try:
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()


def signed(text: str, purpose: str) -> str:
    """A signature of a text that only this service can make."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
