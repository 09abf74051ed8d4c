"""The documents there are: ``docs/*.md``, and ``docs/zh/*.md`` where one is written in Chinese too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from maps.language import speaker

FOLDER = Path(__file__).resolve().parents[2] / "docs"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
PICTURE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.(png|svg)")
HEADING = re.compile(r"^# +(.+?) *$", re.MULTILINE)
FIRST = ("web-guide", "documents", "data-preparation", "commands", "results", "method", "standards", "deployment")


@dataclass(frozen=True)
class Document:
    """A document as it is shown: in the language asked for where it is written in it."""

    name: str
    path: Path
    title: str
    about: str
    language: str


def there() -> bool:
    """Whether the documents came with this copy of the program."""
    return FOLDER.is_dir() and any(FOLDER.glob("*.md"))


def documents(language: str) -> list[Document]:
    """Every document, the guides first."""
    names = sorted(path.stem for path in FOLDER.glob("*.md") if NAME.fullmatch(path.stem)) if there() else []
    ordered = [name for name in FIRST if name in names] + [name for name in names if name not in FIRST]
    return [_document(name, language) for name in ordered]


def find(name: str, language: str) -> Document | None:
    """One document; None where there is none of that name."""
    if not NAME.fullmatch(name) or not (FOLDER / f"{name}.md").is_file():
        return None
    return _document(name, language)


def picture(name: str) -> Path | None:
    """A picture of the documents; None where there is none of that name."""
    path = FOLDER / name
    return path if PICTURE.fullmatch(name) and path.is_file() else None


def _document(name: str, language: str) -> Document:
    chinese = FOLDER / "zh" / f"{name}.md"
    if language == "zh" and chinese.is_file():
        path, written = chinese, "zh"
    else:
        path, written = FOLDER / f"{name}.md", "en"
    heading = HEADING.search(path.read_text(encoding="utf-8"))
    own = heading[1] if heading else name
    title, about = _told(language).get(name, (own, ""))
    return Document(name, path, own if written == language else title, about, written)


def _told(language: str) -> dict[str, tuple[str, str]]:
    """What each document is called and what is in it."""
    say = speaker(language)
    return {
        "web-guide": (say("Web guide"), say("Every page: what it says, what one can do there, for whom.")),
        "documents": (say("Documents"), say("The siting proposal and map sheets, and templates of one's own.")),
        "data-preparation": (say("Preparing data"), say("The plan file, every input table, coordinates.")),
        "commands": (say("Commands"), say("Everything that can be done without the pages.")),
        "results": (say("Results"), say("Every table, column and figure of a run.")),
        "method": (say("Method"), say("Definitions, formulas and where they come from.")),
        "standards": (say("Standards in force"), say("Every norm with value, unit, source and confidence.")),
        "deployment": (say("Deployment"), say("Servers, settings, people, backups.")),
        "architecture": (say("Architecture"), say("How the program is built, for who works on it.")),
    }
