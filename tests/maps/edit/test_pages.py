"""The page of settings: shown, checked, compared, saved, in conflict, brought back; nothing entered is lost."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from maps import desk
from maps.app import create_app
from maps.edit import kept

PAGE = "/plans/toytown/edit"
Form = dict[str, list[str]]


def form_of(page: str, name: str = "settings") -> Form:
    """Fields of a form of a page as a browser would send them."""
    forms = [form for form in html.fromstring(page).forms if name in (form.get("class") or "") or form.get("action")]
    found: Form = {}
    for key, value in next(form for form in forms if "before" in form.fields).form_values():
        found.setdefault(key, []).append(value.removeprefix("\n").replace("\n", "\r\n"))
    return found


def opened(client: FlaskClient, query: str = "") -> Form:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return form_of(answer.get_data(as_text=True))


def send(client: FlaskClient, form: Form, do: str, **changed: str) -> Any:
    answer = client.post(PAGE, data={**form, **changed, "do": do})
    return answer.status_code, answer.get_data(as_text=True), answer


def save(client: FlaskClient, form: Form, **changed: str) -> None:
    status, page, _ = send(client, form, "check", **changed)
    assert status == 200, page
    status, page, answer = send(client, form_of(page), "save")
    assert status == 303 and "saved=plan-" in answer.location


def computed_with(folder: Path) -> None:
    """Let the run know the plan.toml it was made from, as runs made from files do."""
    file = next((folder / "runs").glob("*/manifest.json"))
    manifest = json.loads(file.read_text(encoding="utf-8"))
    sha256 = hashlib.sha256((folder / "plan.toml").read_bytes()).hexdigest()
    manifest["sources"] = [{"role": "plan", "file": "plan.toml", "sha256": sha256}]
    file.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_untouched_form_changes_nothing(client: FlaskClient, language: str) -> None:
    form = opened(client, f"?lang={language}")
    assert form["region.boundary"] and form["plan.years"]
    answer = client.post(f"{PAGE}?lang={language}", data={**form, "do": "check"})
    assert answer.status_code == 200
    assert {"en": "Nothing was changed", "zh": "没有任何修改"}[language] in answer.get_data(as_text=True)


def test_a_change_is_compared_then_saved_and_can_be_brought_back(client: FlaskClient, folder: Path) -> None:
    before = kept.read_text(folder)
    computed_with(folder)
    form = opened(client)
    status, page, _ = send(client, form, "check", **{"siting.max_new": "3", "coverage.enrolment": "nearest"})
    assert status == 200 and "Most new schools" in page and "nearest school" in page
    assert kept.read_text(folder) == before, "nothing is saved before it was seen"
    status, _, answer = send(client, form_of(page), "save")
    assert status == 303
    assert "max_new = 3" in kept.read_text(folder)
    shown = client.get(answer.location).get_data(as_text=True)
    assert "is kept below" in shown and "belong to the settings of the last run" in shown and "local" in shown
    first = kept.versions(folder)[-1]
    assert first.person is None and kept.version_text(folder, first.name) == before
    look = client.get(f"{PAGE}/versions/{first.name}").get_data(as_text=True)
    assert "Bring it back" in look and "Most new schools" in look
    status, _, _ = send(client, form_of(look), "save")
    assert status == 303 and kept.read_text(folder) == before
    assert "belong to the settings" not in client.get(PAGE).get_data(as_text=True)
    assert [version.person for version in kept.versions(folder)] == ["local", "local", None]


def test_every_fault_stands_beside_its_field_and_nothing_entered_is_lost(client: FlaskClient, folder: Path) -> None:
    wrong = {
        "plan.name": "Not A Name",
        "siting.max_new": "many",
        "population.display_m": "-3",
        "schools.table": "absent.csv",
        "standards.on": "yesterday",
        "plan.years": "2025, soon",
        "demand.control": "2030 510000",
        "value:plan.snap.town": "far",
    }
    status, page, _ = send(client, opened(client), "check", **wrong)
    assert status == 422 and not (folder / ".history").exists()
    again = form_of(page)
    for name, text in wrong.items():
        assert again[name] == [text] and f'id="{name}-fault"' in page, name
    assert "there is no file absent.csv" in page and "a whole number is needed" in page
    chinese = client.post(f"{PAGE}?lang=zh", data={**again, "do": "check"}).get_data(as_text=True)
    assert "应为整数" in chinese and "不是日期" in chinese and "形式不符" in chinese


def test_titles_are_shown_never_run(client: FlaskClient) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    form = opened(client)
    for page in (
        send(client, form, "check", **{"plan.title": evil})[1],
        send(client, form, "check", **{"plan.title": evil, "plan.name": "!"})[1],
    ):
        assert "<script>alert" not in page and "<img src=x" not in page and evil in unescape(page)
    save(client, form, **{"plan.title": evil})
    assert "<script>alert" not in client.get(PAGE).get_data(as_text=True)


def test_two_people_at_once_see_both_values_and_lose_nothing(client: FlaskClient, folder: Path) -> None:
    mine, theirs = opened(client), opened(client)
    save(client, theirs, **{"siting.max_new": "5", "plan.title": "Theirs"})
    changed = {"siting.max_new": "3", "coverage.enrolment": "nearest"}
    status, page, _ = send(client, mine, "check", **changed)
    assert status == 409 and "local saved them on" in page
    rows = [row.text_content() for row in html.fromstring(page).xpath("//tr[@class='crossing']")]
    assert len(rows) == 1 and "3" in rows[0] and "5" in rows[0], "both values of the setting both changed"
    assert "Theirs" in page, "what they changed besides"
    status, page, _ = send(client, form_of(page), "onto")
    assert status == 200
    status, _, _ = send(client, form_of(page), "save")
    text = kept.read_text(folder)
    assert status == 303 and "max_new = 3" in text and 'enrolment = "nearest"' in text and 'title = "Theirs"' in text


def test_what_cannot_be_written_is_said_and_kept_in_the_form(
    client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.read_text(folder)
    _, page, _ = send(client, opened(client), "check", **{"siting.max_new": "3"})

    def full(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    status, page, _ = send(client, form_of(page), "save")
    assert status == 503 and "the disk is full" in page and "max_new = 3" in unescape(page)
    monkeypatch.undo()
    assert kept.read_text(folder) == before and kept.versions(folder) == []
    status, _, _ = send(client, form_of(page), "save")
    assert status == 303 and "max_new = 3" in kept.read_text(folder)


def test_of_many_who_save_at_once_one_is_first(folder: Path) -> None:
    before = kept.read_text(folder)

    def save_one(number: int) -> str | None:
        try:
            return kept.save(folder, f"{before}# {number}\n", over=kept.etag_of(before), person=f"p{number}").person
        except kept.ChangedError as error:
            return None if error.now.person else "nobody"

    with ThreadPoolExecutor(8) as pool:
        saved = [name for name in pool.map(save_one, range(8)) if name]
    assert len(saved) == 1 and kept.read_text(folder) == f"{before}# {saved[0][1:]}\n"
    assert [version.person for version in kept.versions(folder)] == [saved[0], None]


def test_a_torn_line_of_the_index_hides_no_other(folder: Path) -> None:
    text = kept.read_text(folder)
    kept.save(folder, text + "# one\n", over=kept.etag_of(text), person="a")
    with (folder / ".history" / "saved.jsonl").open("a", encoding="utf-8") as index:
        index.write('{"name": "plan-')
    now = kept.read_text(folder)
    kept.save(folder, now + "# two\n", over=kept.etag_of(now), person="b")
    assert [version.person for version in kept.versions(folder)] == ["b", "a", None]


def test_a_change_made_outside_is_a_conflict_too(client: FlaskClient, folder: Path) -> None:
    form = opened(client)
    status, page, _ = send(client, form, "check", **{"siting.max_new": "3"})
    file = folder / "plan.toml"
    file.write_text(file.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    status, page, _ = send(client, form_of(page), "save")
    assert status == 409 and "outside these pages" in page and "by hand" in file.read_text(encoding="utf-8")


def test_the_text_is_held_against_the_same_checks(client: FlaskClient, folder: Path) -> None:
    form = opened(client, "?as=text")
    status, page, _ = send(client, form, "check", text="[plan\nname = 3")
    assert (
        status == 422
        and "cannot be read" in page
        and "[plan\nname = 3" in html.fromstring(page).get_element_by_id("text").text
    )
    text = form["text"][0] + "\r\n[sitting]\r\nx = 1\r\n"
    status, page, _ = send(client, form, "check", text=text)
    assert status == 422 and "sitting: there is no such key" in page
    status, page, _ = send(client, form, "check", text=form["text"][0] + "\r\n# a thought\r\n")
    assert status == 200 and "no setting does" in page
    status, _, _ = send(client, form_of(page), "save")
    assert status == 303 and kept.read_text(folder).endswith("# a thought\n")


def test_a_plan_that_cannot_be_read_is_mended_as_text(client: FlaskClient, folder: Path) -> None:
    (folder / "plan.toml").write_text("[plan\n", encoding="utf-8")
    page = client.get(PAGE).get_data(as_text=True)
    assert 'name="text"' in page and "cannot be read" in page
    status, _, _ = send(client, form_of(page), "check", text="[plan]\nname = 'x'\n")
    assert status == 422


def test_norms_are_found_and_replaced(client: FlaskClient, folder: Path) -> None:
    form = opened(client)
    status, page, _ = send(client, form, "search", norms="snap rural", **{"plan.title": "Kept"})
    assert status == 200 and "plan.snap.rural" in page and "geoplan planning assumption" in page
    found = form_of(page)
    assert found["plan.title"] == ["Kept"] and found["value:plan.snap.rural"] == [""]
    save(client, found, **{"value:plan.snap.rural": "450", "source:plan.snap.rural": "council"})
    assert '"plan.snap.rural" = {value = 450, source = "council"}' in kept.read_text(folder)
    again = opened(client)
    assert again["value:plan.snap.rural"] == ["450"] and again["source:plan.snap.rural"] == ["council"]


def test_line_ends_of_the_file_stay(client: FlaskClient, folder: Path) -> None:
    file = folder / "plan.toml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    save(client, opened(client), **{"siting.max_new": "2"})
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") > 5


@pytest.fixture
def people(folder: Path) -> Callable[[str], FlaskClient]:
    """Clients with tokens: pia plans, vera views, paul is not on the plan's list."""
    from maps.people import access, accounts, tokens
    from maps.people.models import database

    app = create_app({"WORKSPACE": folder.parent, "AUTH": "login", "TESTING": True})
    engine, secrets = database(folder.parent), {}
    with app.test_request_context():
        for name, role in {"pia": "planner", "vera": "viewer", "paul": "planner"}.items():
            accounts.add(engine, name, role)
            account = accounts.find(engine, name)
            assert account
            secrets[name] = tokens.make(engine, account.person, "test", role)
            if name != "paul":
                access.grant("toytown", account.person.id, "own" if name == "pia" else "see")

    def enter(name: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secrets[name]}"
        return client

    return enter


def test_only_who_may_change_the_plan_sees_and_saves(people: Callable[[str], FlaskClient], folder: Path) -> None:
    for name, status in {"vera": 403, "paul": 404, "pia": 200}.items():
        client = people(name)
        assert client.get(PAGE).status_code == status
        assert client.get("/api/v1/plans/toytown/settings").status_code == status
        if name != "pia":
            assert client.post(PAGE, data={"do": "save", "before": "", "text": ""}).status_code == status
            assert client.put("/api/v1/plans/toytown/settings", json={"toml": ""}).status_code == status
    save(people("pia"), opened(people("pia")), **{"siting.max_new": "2"})
    assert kept.versions(folder)[0].person == "pia"
    from maps.people import trail
    from maps.people.models import database

    (line,) = trail.entries(database(folder.parent), {"action": "change"})
    assert (line.person, line.plan_id, line.detail["settings"]) == ("pia", "toytown", "siting.max_new")


def test_no_file_outside_the_folder_is_named_where_people_log_in(
    people: Callable[[str], FlaskClient], folder: Path
) -> None:
    secret = folder.parent / "secret.csv"
    secret.write_text("id\n1\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(secret)
    client = people("pia")
    page = client.get(PAGE).get_data(as_text=True)
    assert "secret.csv" not in page and "link.csv" not in page, "not even offered"
    for name in ("../secret.csv", str(secret), "link.csv", "/vsicurl/http://x/y.csv", "http://x/y.csv"):
        status, told, _ = send(client, form_of(page), "check", **{"costs.table": name})
        assert status == 422 and "is not the name of a file a plan may use" in told, name
    for version in ("..%2fplan", "plan", "../../plan", "plan-20250101T000000Z-" + "0" * 16):
        assert client.get(f"{PAGE}/versions/{version}").status_code == 404
    desk.forget(folder.parent)


def test_the_form_names_the_files_of_the_folder(client: FlaskClient, folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "costs.csv").write_text("item,unit,cost\n", encoding="utf-8")
    page = client.get(PAGE).get_data(as_text=True)
    select = html.fromstring(page).get_element_by_id("costs.table")
    assert "more/costs.csv" in select.value_options
    assert not any(name.startswith(("runs/", "cache/", ".")) for name in select.value_options)
    assert re.search(r'<option value="">not set', page)
