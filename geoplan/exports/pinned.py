"""Zipped documents (Word, Excel) whose bytes do not depend on the clock: the same run gives the same file."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the first day a zip can name
CORE = "docProps/core.xml"
STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def moment(created: str) -> datetime:
    """When a run was computed, in UTC; the first day a zip knows where that was not recorded."""
    try:
        found = datetime.fromisoformat(created)
    except ValueError:
        return EPOCH
    return max(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC), EPOCH)


def pinned(package: bytes, created: str) -> bytes:
    """The same package with every date set to the run's, members in order of name after the first."""
    when = moment(created)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        for name in [*names[:1], *sorted(names[1:])]:
            content = old.read(name)
            if name == CORE:
                content = STAMP.sub(rb"\g<1>" + f"{when:%Y-%m-%dT%H:%M:%SZ}".encode() + rb"\g<3>", content)
            member = zipfile.ZipInfo(name, when.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            new.writestr(member, content)
    return out.getvalue()
