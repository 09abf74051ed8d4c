"""How far a batch has come: every finished plan written down at once, so that it can be taken up again."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from geoplan.batch.work import Outcome
from geoplan.errors import PlanError
from geoplan.identity import plain
from geoplan.store import aside_file

STATE = "batch.json"
LOCK = ".batch.lock"
FORM = 1


@dataclass(frozen=True)
class Entry:
    """A plan and what became of it; ``checksum`` is that of everything it was made of."""

    folder: Path
    checksum: str
    outcome: Outcome

    @property
    def stands(self) -> bool:
        """Whether the run is there, whole."""
        run = self.outcome.run
        return self.outcome.state == "done" and run is not None and (run / "manifest.json").is_file()


Ledger = dict[str, Entry]


@contextmanager
def held(out: Path) -> Iterator[None]:
    """The folder for one batch at a time; PlanError when another one is at it."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlanError(f"another batch is writing to {out}; wait for it, or name another folder") from None
        yield


def write_ledger(out: Path, ledger: Mapping[str, Entry]) -> None:
    """Write ``batch.json`` whole, or leave the old one."""
    plans = {key: plain(asdict(entry)) for key, entry in sorted(ledger.items())}
    text = json.dumps({"form": FORM, "plans": plans}, ensure_ascii=False, indent=1, sort_keys=True)
    with aside_file(out / STATE) as aside:
        aside.write_text(f"{text}\n", encoding="utf-8")


def read_ledger(out: Path) -> Ledger:
    """The ledger of a folder, empty where there is none; PlanError when it is damaged."""
    path = out / STATE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {key: _entry(found) for key, found in data["plans"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"{path} is damaged ({error}); run the batch again without --resume") from None


def _entry(found: Mapping[str, Any]) -> Entry:
    outcome = Outcome(**found["outcome"])
    run = Path(outcome.run) if outcome.run else None
    return Entry(
        Path(found["folder"]), str(found["checksum"]), replace(outcome, run=run, faults=tuple(outcome.faults))
    )
