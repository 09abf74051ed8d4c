"""Settings from the environment: brought into their types at the start, and all that cannot be used told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from geoplan.errors import PlanError

PREFIX = "GEOPLAN_"
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off", "none")

Read = Callable[[str], Any]  # ValueError says what is expected


def flag(text: str) -> bool:
    """Yes or no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise ValueError("it is yes or no")


def whole(smallest: int = 1) -> Read:
    """A whole number of at most six digits, from ``smallest`` on."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= smallest):
            raise ValueError(f"it is a whole number from {smallest} on")
        return int(text)

    return read


def one_of(*names: str) -> Read:
    """One of the names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"it is one of {', '.join(names)}")
        return text

    return read


def read(name: str, value: object, reader: Read) -> Any:
    """The value of one setting; PlanError names the setting and what is expected."""
    try:
        return reader(str(value).strip())
    except ValueError as error:
        raise PlanError(f"{PREFIX}{name}={value!r}: {error}") from None


def settle(config: MutableMapping[str, Any], readers: dict[str, Read]) -> None:
    """Bring settings into their types; PlanError names every one that cannot be used."""

    def one(name: str) -> None:
        config[name] = read(name, config[name], readers[name])

    all_at_once(*((lambda name=name: one(name)) for name in readers))


def all_at_once(*checks: Callable[[], object]) -> None:
    """Make every check, then raise one PlanError with what all of them had to say."""
    said: list[str] = []
    for check in checks:
        try:
            check()
        except PlanError as error:
            if type(error) is not PlanError:  # the disk, the database: nothing a setting mends
                raise
            said.append(str(error))
    if said:
        raise PlanError("\n".join(said))


def unknown(environment: Iterable[str], known: Iterable[str]) -> list[str]:
    """Names in the environment that look like settings and are none."""
    names = set(known)
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in names)
