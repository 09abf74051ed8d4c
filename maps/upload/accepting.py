"""Accepting: the folder of an upload becomes a plan of the workspace by one rename, owned by who brought it in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from maps.language import Say, speaker
from maps.people import access, audit, own
from maps.people.models import stamp
from maps.state import request_language, workspace_folder
from maps.upload.checking import REPORT, Report, current_report, unticked
from maps.upload.making import in_use, text_of
from maps.upload.receiving import told_when_full
from maps.upload.record import FILE, Upload, save, write_whole
from maps.upload.staging import folder_of, locked, uploads_folder
from maps.workspace import PLAN_ID

BROUGHT_IN = "brought-in.json"
"""What is kept in the plan's folder of how its data came in."""


def obstacles(upload: Upload) -> list[str]:
    """Why the upload cannot be accepted yet, in words; empty when it can."""
    say = speaker(request_language())
    report = current_report(upload, folder_of(upload.id))
    if report is None:
        return [say("Check the data first.")]
    found = []
    if report.counts["error"]:
        found.append(say("%(count)s faults must be mended.", count=report.counts["error"]))
    if waiting := unticked(upload, report):
        found.append(say("%(count)s notices are not ticked as read.", count=len(waiting)))
    if unsure := _unconfirmed(upload, report):
        found.append(say("Confirm the coordinates of %(file)s.", file=unsure))
    return [*found, *_name_faults(str(upload.said.get("plan_id") or ""), say)]


def _unconfirmed(upload: Upload, report: Report) -> str:
    """The table of schools, where maps are shifted and nobody has said which datum it is in."""
    schools = [item for item in in_use(upload) if item.role == "schools" and not item.confirmed]
    return schools[0].name if schools and report.shifts else ""


def _name_faults(plan_id: str, say: Say) -> list[str]:
    if not PLAN_ID.fullmatch(plan_id):
        return [say("The plan needs an id: small letters, digits, - and _, starting with a letter or digit.")]
    if taken(plan_id):
        return [say("There is a plan %(plan)s already: choose another id.", plan=plan_id)]
    return []


def taken(plan_id: str) -> bool:
    """Whether a plan, or anything else, has this name in the workspace."""
    return os.path.lexists(workspace_folder() / plan_id)


def accept(upload: Upload) -> list[str]:
    """Make the plan; why it could not be made, or nothing.

    One at a time among all processes: of two uploads that want the same id one becomes the plan, the other is told.
    """
    plan_id = str(upload.said.get("plan_id") or "")
    with locked(".accept.lock"):
        against = obstacles(upload)
        if against:
            return against
        folder, target = folder_of(upload.id), workspace_folder() / plan_id
        with told_when_full():
            write_whole(folder / "plan.toml", text_of(upload))
            save(folder, replace(upload, plan_id=plan_id))
        access.withdraw(plan_id, None)  # what an earlier plan of this name left behind opens nothing
        own(plan_id)
        try:
            _move(folder, target)
        except OSError:
            access.withdraw(plan_id, None)
            return [speaker(request_language())("There is a plan %(plan)s already: choose another id.", plan=plan_id)]
    (uploads_folder() / f".{upload.id}.lock").unlink(missing_ok=True)
    audit("upload", plan_id, files=len(upload.originals), accepted=stamp())
    return []


def _move(folder: Path, target: Path, rename: Callable[[Path, Path], None] = os.rename) -> None:
    """One rename; a folder that stands there already, with anything in it, is never touched."""
    rename(folder, target)
    (target / FILE).rename(target / BROUGHT_IN)
    (target / REPORT).unlink(missing_ok=True)
    target.chmod(0o755)
