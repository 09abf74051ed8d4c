"""What exists is documented: commands, plan keys, table columns, results, pages, settings, profiles."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from geoplan.__main__ import cli
from geoplan.standards import document, profiles
from layers.document import document as keys_and_tables
from layers.errors import catalogue
from maps.app import DEFAULTS, ELSEWHERE, create_app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_reference(name: str) -> None:
    text = _text("commands.md")
    assert f"`{name}" in text
    for option in cli.commands[name].params:
        if isinstance(option, click.Option) and option.name not in {"language", "help"}:
            assert any(flag in text for flag in option.opts), f"{name} {option.opts}"


def test_keys_and_input_tables_are_current() -> None:
    assert keys_and_tables() in _text("data-preparation.md"), "refresh it from layers.document.document()"


def test_every_result_column_is_described(made_run) -> None:  # type: ignore[no-untyped-def]
    text = _text("results.md") + _text("data-preparation.md")
    stages = tuple(made_run.summary["stages"])
    missing = set()
    for name, table in made_run.tables.items():
        assert f"## {name}" in text, f"table {name}"
        for column in table.columns:
            plain = column
            for stage in stages:
                plain = re.sub(rf"_{stage}(?=$|_\d{{4}}$)", "_<stage>", plain)
            plain = re.sub(r"_\d{4}$", "_<year>", plain)
            if f"`{plain}`" not in text and not plain.startswith("checklist_"):
                missing.add(f"{name}.{plain}")
    assert not missing


def test_every_summary_key_is_described(made_run) -> None:  # type: ignore[no-untyped-def]
    text = _text("results.md")
    first = next(iter(made_run.summary["stages"].values()))
    missing = [key for key in (*made_run.summary, *first) if f"`{key}`" not in text]
    assert not missing


def test_every_page_and_api_route_is_in_the_web_guide(tmp_path: Path) -> None:
    text = _text("web-guide.md")
    rules = create_app({"WORKSPACE": tmp_path}).url_map.iter_rules()
    found = {re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule) for rule in rules}
    doubled = {route for route in found if route.endswith("/") and route.rstrip("/") in found}
    wanted = {route for route in found - doubled if not route.startswith("/static")}
    missing = sorted(route for route in wanted if f"`{route}`" not in text)
    assert not missing


def test_every_environment_setting_is_in_the_deployment_guide() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "maps").rglob("*.py"))
    settings = set(re.findall(r"\bGEOPLAN_[A-Z_]+\b", code)) | {f"GEOPLAN_{name}" for name in (*DEFAULTS, *ELSEWHERE)}
    settings -= {"GEOPLAN_DATA", "GEOPLAN_ORACLES"}  # of tests only
    missing = sorted(name for name in settings if f"`{name}`" not in _text("deployment.md"))
    assert not missing


def test_the_table_of_standards_is_current() -> None:
    assert _text("standards.md") == document()
    assert len(tuple(profiles())) >= 5


def test_every_fault_speaks_two_languages() -> None:
    for code, entry in catalogue().items():
        wanted = {"message_en", "remedy_en", "message_zh", "remedy_zh"}
        assert wanted <= set(entry), code


def test_nothing_written_names_a_machine() -> None:
    pattern = re.compile(r"(/root/|/work/|/tmp/|pypi\.org|registry\.npmjs)")
    texts = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "package-lock.json", ROOT / "Makefile"]
    guilty = [path.name for path in texts if path.exists() and pattern.search(path.read_text(encoding="utf-8"))]
    assert not guilty


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name} -> {target}")
    assert not broken
