"""Forged requests, rights to plans, tokens, limits, the audit trail, other hosts."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.errors import PlanError
from maps import desk
from maps.app import create_app
from maps.people import accounts, audit, models, needs, own, sessions, tokens
from maps.people.models import database
from maps.people.settings import is_loopback, serving
from tests.maps.people.conftest import PASSWORD, log_in, send, token_of

Enter = Callable[[str], FlaskClient]
Lines = Callable[..., list[tuple[str, str, str | None]]]


@pytest.fixture
def app(app: Flask) -> Flask:
    """With routes as other rooms would add them."""

    @app.post("/api/v1/plans/<plan_id>/thing")
    def thing(plan_id: str) -> str:
        return "done"

    @app.post("/api/v1/reckon/<plan_id>")
    @needs("viewer", costly=True)
    def reckon(plan_id: str) -> str:
        return "reckoned"

    @app.post("/api/v1/bring/<name>")
    @needs("planner")
    def bring(name: str) -> str:
        own(name)
        audit("upload", name, size=3)
        return "brought"

    return app


# requests forged by other sites


def test_a_form_without_the_token_is_refused(enter: Enter) -> None:
    client = enter("vera")
    form = {"do": "token", "token_name": "x", "role": "viewer"}
    for more in ({}, {"csrf_token": "0" * 64}, {"csrf_token": token_of(enter("pia"), "/me")}):
        assert client.post("/me", data={**form, **more}).status_code == 400
    assert client.post("/logout").status_code == 400
    assert client.get("/me").status_code == 200


def test_the_log_in_form_needs_the_token_of_its_visit(app: Flask) -> None:
    form = {"name": "vera", "password": PASSWORD}
    assert app.test_client().post("/login", data=form).status_code == 400
    theirs = token_of(app.test_client())
    victim = app.test_client()
    victim.get("/login")
    assert victim.post("/login", data={**form, "csrf_token": theirs}).status_code == 400


def test_a_token_from_before_the_log_in_is_worth_nothing_after(app: Flask) -> None:
    client = app.test_client()
    before = token_of(client)
    log_in(client, "pia")
    assert client.post("/api/v1/plans/open/thing", headers={"X-CSRFToken": before}).status_code == 400
    after = token_of(client, "/me")
    assert client.post("/api/v1/plans/open/thing", headers={"X-CSRFToken": after}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_other_sites_write_nothing_even_with_the_token(enter: Enter, headers: dict[str, str]) -> None:
    client = enter("pia")
    headers = {**headers, "X-CSRFToken": token_of(client, "/me")}
    assert client.post("/api/v1/plans/open/thing", headers=headers).status_code == 400


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_do(enter: Enter, headers: dict[str, str]) -> None:
    client = enter("pia")
    headers = {**headers, "X-CSRFToken": token_of(client, "/me")}
    assert client.post("/api/v1/plans/open/thing", headers=headers).status_code == 200


def test_the_open_mode_is_safe_from_other_sites_too(two_plans: Path) -> None:
    client = create_app({"WORKSPACE": two_plans, "HOSTS": "localhost"}).test_client()
    assert client.post("/logout", headers={"Origin": "http://evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8000"}).status_code == 200


# rights to plans


def test_planners_change_open_plans_and_their_own(enter: Enter) -> None:
    codes = {}
    for name in ("ada", "pia", "paul", "vera"):
        client = enter(name)
        header = {"X-CSRFToken": token_of(client, "/me")}
        codes[name] = tuple(
            client.post(f"/api/v1/plans/{p}/thing", headers=header).status_code for p in ("open", "secret")
        )
    assert codes == {"ada": (200, 200), "pia": (200, 200), "paul": (200, 404), "vera": (403, 403)}


def test_sharing_opens_a_plan_step_by_step(enter: Enter, lines: Lines) -> None:
    pia, paul = enter("pia"), enter("paul")
    header = {"X-CSRFToken": token_of(paul, "/me")}
    page = "/plans/secret/people"
    assert send(pia, page, {"do": "grant", "name": "paul", "level": "see"}).status_code == 303
    assert paul.get("/api/v1/plans/secret").status_code == 200
    assert paul.post("/api/v1/plans/secret/thing", headers=header).status_code == 403
    assert paul.get(page).status_code == 403, "may see, not share"
    send(pia, page, {"do": "grant", "name": "paul", "level": "change"})
    assert paul.post("/api/v1/plans/secret/thing", headers=header).status_code == 200
    number = re.findall(r'name="person" value="(\d+)"', pia.get(page).get_data(as_text=True))
    names = re.findall(r'<th scope="row">(\w+)</th>', pia.get(page).get_data(as_text=True))
    send(pia, page, {"do": "withdraw", "person": number[names.index("paul")]})
    assert paul.get("/api/v1/plans/secret").status_code == 404
    assert [line for line in lines(plan_id="secret") if line[1] in ("grant", "withdraw")] == [
        ("pia", "grant", "secret"), ("pia", "grant", "secret"), ("pia", "withdraw", "secret"),
    ]  # fmt: skip


def test_a_list_never_empties_by_itself(enter: Enter) -> None:
    pia, ada, paul = enter("pia"), enter("ada"), enter("paul")
    page = "/plans/secret/people"
    number = re.findall(r'name="person" value="(\d+)"', pia.get(page).get_data(as_text=True))[0]
    assert send(pia, page, {"do": "withdraw", "person": number}).status_code == 422
    send(ada, "/people/pia", {"do": "remove"})
    assert paul.get("/api/v1/plans/secret").status_code == 404, "the plan of who left does not open to all"
    accounts.add(database(ada.application.config["WORKSPACE"]), "pia", "planner", password=PASSWORD)  # type: ignore[attr-defined]
    assert enter("pia").get("/api/v1/plans/secret").status_code == 404, "nor to a newcomer of the same name"
    assert send(ada, page, {"do": "open"}).status_code == 303
    assert paul.get("/api/v1/plans/secret").status_code == 200


@pytest.mark.parametrize(
    "form",
    [{"do": "grant", "name": "nobody", "level": "see"}, {"do": "grant", "name": "paul", "level": "all"},
     {"do": "grant", "name": "pia", "level": "see"}],
)  # fmt: skip
def test_sharing_that_will_not_do_is_told(enter: Enter, form: dict[str, str]) -> None:
    answer = send(enter("pia"), "/plans/secret/people", form)
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.get_data(as_text=True)


def test_what_one_brings_in_is_ones_own(enter: Enter) -> None:
    pia, paul = enter("pia"), enter("paul")
    pia.post("/api/v1/bring/open", headers={"X-CSRFToken": token_of(pia, "/me")})
    assert pia.get("/api/v1/plans/open").status_code == 200
    assert paul.get("/api/v1/plans/open").status_code == 404


# tokens


def made_token(client: FlaskClient, name: str = "QGIS", role: str = "viewer") -> str:
    page = send(client, "/me", {"do": "token", "token_name": name, "role": role}).get_data(as_text=True)
    found = re.search(r'<code class="secret">(geoplan_[\w-]+)</code>', page)
    assert found
    return found[1]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_works_until_it_is_revoked(app: Flask, enter: Enter, two_plans: Path) -> None:
    pia, script = enter("pia"), app.test_client()
    token = made_token(pia)
    assert token not in pia.get("/me").get_data(as_text=True)
    raw = b"".join(file.read_bytes() for file in (two_plans / ".geoplan").glob("desk.sqlite*"))
    assert token.encode() not in raw
    assert [plan["id"] for plan in script.get("/api/v1/plans", headers=bearer(token)).get_json()] == [
        "open",
        "secret",
    ]
    assert script.get("/api/v1/plans", auth=("anything", token)).status_code == 200
    account = accounts.find(database(two_plans), "pia")
    assert account and [one.used is not None for one in tokens.listed(database(two_plans), account.person)] == [True]
    number = re.findall(r'name="token" value="(\d+)"', pia.get("/me").get_data(as_text=True))[0]
    assert send(enter("paul"), "/me", {"do": "revoke", "token": number}).status_code == 303
    assert script.get("/api/v1/plans", headers=bearer(token)).status_code == 200, "not paul's to revoke"
    send(pia, "/me", {"do": "revoke", "token": number})
    assert script.get("/api/v1/plans", headers=bearer(token)).status_code == 401


def test_a_token_is_never_above_its_owner(app: Flask, enter: Enter) -> None:
    pia, ada, script = enter("pia"), enter("ada"), app.test_client()
    assert send(pia, "/me", {"do": "token", "token_name": "x", "role": "administrator"}).status_code == 422
    viewer, planner = made_token(pia), made_token(pia, role="planner")
    assert script.post("/api/v1/plans/open/thing", headers=bearer(viewer)).status_code == 403
    assert script.post("/api/v1/plans/open/thing", headers=bearer(planner)).status_code == 200, (
        "and needs no form token"
    )
    send(ada, "/people/pia", {"do": "role", "role": "viewer"})
    assert script.post("/api/v1/plans/open/thing", headers=bearer(planner)).status_code == 403
    send(ada, "/people/pia", {"do": "remove"})
    assert script.get("/api/v1/plans", headers=bearer(planner)).status_code == 401


def test_a_token_opens_no_page_of_people(app: Flask, enter: Enter) -> None:
    script, token = app.test_client(), made_token(enter("ada"), role="administrator")
    for path in ("/me", "/people", "/people/audit.csv", "/plans/open/people"):
        assert script.get(path, headers=bearer(token)).status_code == 403, path
    assert script.post("/people", headers=bearer(token), data={"name": "eve"}).status_code == 403


@pytest.mark.parametrize(
    "header", ["Bearer ", "Bearer geoplan_x", "Bearer " + "x" * 5000, "Basic eDp5", "Digest a=b", "junk"]
)
def test_a_wrong_token_is_told_even_beside_a_session(enter: Enter, header: str) -> None:
    assert enter("vera").get("/api/v1/plans", headers={"Authorization": header}).status_code in (200, 401)
    if header.startswith(("Bearer", "Basic")):
        assert enter("vera").get("/api/v1/plans", headers={"Authorization": header}).status_code == 401


# limits


def test_costly_requests_are_limited_by_person(app: Flask, enter: Enter) -> None:
    app.config["COSTLY_PER_MINUTE"] = 3
    vera, pia = enter("vera"), enter("pia")
    header = {"X-CSRFToken": token_of(vera, "/me")}
    answers = [vera.post("/api/v1/reckon/open", headers=header) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert pia.post("/api/v1/reckon/open", headers={"X-CSRFToken": token_of(pia, "/me")}).status_code == 200


# the audit trail


def test_it_is_written_for_what_says_nothing_itself(enter: Enter, lines: Lines) -> None:
    pia = enter("pia")
    header = {"X-CSRFToken": token_of(pia, "/me")}
    pia.post("/api/v1/plans/open/thing", headers=header)
    pia.post("/api/v1/bring/open", headers=header)
    pia.post("/api/v1/reckon/open", headers=header)
    pia.get("/api/v1/plans/secret/runs/latest/layers/schools.csv")
    pia.get("/api/v1/plans/secret")
    assert lines(person="pia") == [
        ("pia", "login", None),
        ("pia", "change", "open"),
        ("pia", "upload", "open"),
        ("pia", "export", "secret"),
    ]


def test_nobody_rewrites_it(app: Flask, enter: Enter, two_plans: Path) -> None:
    enter("pia")
    with sqlite3.connect(two_plans / ".geoplan" / "desk.sqlite") as connection:
        for statement in ("DELETE FROM audit", "UPDATE audit SET person = 'eve'"):
            with pytest.raises(sqlite3.DatabaseError, match="only added to"):
                connection.execute(statement)
    connection.close()


def test_its_page_filters_escapes_and_comes_as_a_table(app: Flask, enter: Enter) -> None:
    ada = enter("ada")
    with app.test_request_context():
        audit("run", "open", note="<script>alert(1)</script>", by="pia")
        audit("run", "open", note="x", by="=cmd")
    page = ada.get("/people/audit?action=run&plan_id=open").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and page.count("<tr>") == 3
    assert "Nothing fits" in ada.get("/people/audit?until=2001-01-01").get_data(as_text=True)
    answer = ada.get("/people/audit.csv?action=run")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert [row[1] for row in rows[1:]] == ["'=cmd", "pia"]
    assert ("ada", "export") in [
        (row[1], row[2]) for row in csv.reader(io.StringIO(ada.get("/people/audit.csv").get_data(as_text=True)))
    ]


def test_it_turns_pages(app: Flask, enter: Enter) -> None:
    ada = enter("ada")
    with app.test_request_context():
        for number in range(205):
            audit("run", "open", number=number, by="pia")
    seen: list[str] = []
    path = "/people/audit?person=pia"
    while path:
        page = ada.get(path).get_data(as_text=True)
        seen += re.findall(r">number</span> (\d+)", page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == [str(number) for number in reversed(range(205))]


def test_script_in_names_is_text(app: Flask, enter: Enter) -> None:
    pia = enter("pia")
    made_token(pia, name='"><script>alert(1)</script>')
    page = pia.get("/me").get_data(as_text=True)
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    ada = enter("ada")
    answer = send(ada, "/people", {"name": "<b>eve</b>", "password": PASSWORD, "role": "viewer"})
    assert answer.status_code == 422 and "<b>eve" not in answer.get_data(as_text=True)
    assert "<img" not in app.test_client().get("/login?next=<img>&name=<img>").get_data(as_text=True)


# the database


def test_without_its_database_the_service_says_so_and_opens_nothing(enter: Enter, two_plans: Path) -> None:
    client = enter("vera")
    for file in (two_plans / ".geoplan").glob("desk.sqlite*"):
        file.rename(file.with_name(f"moved-{file.name}"))
    for path in ("/", "/api/v1/plans", "/login"):
        answer = client.get(path)
        assert answer.status_code == 503 and "restore" in answer.get_data(as_text=True), path
    assert client.get("/healthz").status_code in (200, 503)


def test_what_cannot_be_noted_is_not_handed_out(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter("vera")

    def full(*_: Any, **__: Any) -> None:
        raise desk.DeskError("the disk is full: make room")

    monkeypatch.setattr("maps.people.trail.record", full)
    answer = client.get("/api/v1/plans/open/runs/latest/layers/schools.csv")
    assert answer.status_code == 503 and b"make room" in answer.data and b"lon" not in answer.data


def test_many_threads_use_it_at_once(app: Flask, enter: Enter, lines: Lines) -> None:
    clients = [enter("pia") for _ in range(8)]
    header = [{"X-CSRFToken": token_of(client, "/me")} for client in clients]

    def work(number: int) -> set[int]:
        client = clients[number]
        return {client.post("/api/v1/plans/open/thing", headers=header[number]).status_code for _ in range(15)}

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(work, range(8))) == {200}
    assert lines(action="change") == [("pia", "change", "open")] * 100, "the newest hundred of 120"


# settings


def test_the_open_mode_knows_one_planner_or_a_viewer(two_plans: Path) -> None:
    for read_only, code in (("", 200), ("yes", 403)):
        app = create_app({"WORKSPACE": two_plans, "READ_ONLY": read_only})
        app.add_url_rule("/thing", "thing", lambda: "done", methods=["POST"])
        assert app.test_client().post("/thing").status_code == code
        assert app.test_client().get("/people").status_code == 403
        assert app.test_client().get("/me").status_code == 200


def test_read_only_makes_viewers_of_all(app: Flask, enter: Enter) -> None:
    ada = enter("ada")
    app.config["READ_ONLY"] = True
    assert ada.get("/people").status_code == 403
    assert ada.get("/plans/open").status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False),
     ("192.168.1.4", False), ("localhost.evil.example", False), ("desk", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_open(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_serve_asks_for_a_first_person_before_others_reach_it(tmp_path: Path) -> None:
    assert serving(tmp_path, "127.0.0.1")["AUTH"] == "open"
    with pytest.raises(PlanError, match="user add NAME --role administrator"):
        serving(tmp_path, "0.0.0.0")
    accounts.add(database(tmp_path), "ada", "administrator", password=PASSWORD)
    assert serving(tmp_path, "0.0.0.0")["AUTH"] == "login"


def test_serve_is_never_more_open_than_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOPLAN_AUTH", "login")
    monkeypatch.setenv("GEOPLAN_READ_ONLY", "yes")
    with pytest.raises(PlanError, match="GEOPLAN_AUTH asks for a login"):
        serving(tmp_path, "127.0.0.1")
    accounts.add(database(tmp_path), "ada", "administrator", password=PASSWORD)
    config = create_app(serving(tmp_path, "127.0.0.1")).config
    assert config["AUTH"] == "login" and config["READ_ONLY"] is True


@pytest.mark.parametrize(
    "config",
    [{"AUTH": "maybe"}, {"HTTPS": "perhaps"}, {"IDLE_MINUTES": "0"}, {"PASSWORD_LENGTH": "3"}, {"PROXIES": "-1"},
     {"AUTH": "login", "SECRET": "short"}, {"AUTH": "login", "OIDC_ISSUER": "https://login.example"}],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, config: dict[str, str]) -> None:
    name = list(config)[-1]
    with pytest.raises(PlanError, match=f"GEOPLAN_{name}"):
        create_app({"WORKSPACE": tmp_path, **config})


def test_every_setting_is_documented() -> None:
    from maps.people.settings import DEFAULTS

    text = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert not [name for name in DEFAULTS if f"`GEOPLAN_{name}`" not in text]


def test_a_proxy_is_believed_only_where_there_is_one(two_plans: Path, app: Flask) -> None:
    for proxies, seen in (("0", "127.0.0.1"), ("1", "10.1.2.3")):
        behind = create_app({"WORKSPACE": two_plans, "AUTH": "login", "PROXIES": proxies})
        behind.add_url_rule("/who", "who", needs("anyone")(lambda: __import__("flask").request.remote_addr))
        assert behind.test_client().get("/who", headers={"X-Forwarded-For": "10.1.2.3"}).text == seen


def test_answers_stay_out_of_shared_and_later_caches(enter: Enter) -> None:
    client = enter("vera")
    assert client.get("/plans/open").headers["Cache-Control"] == "no-store"
    answer = client.get("/api/v1/plans")
    assert answer.headers["Cache-Control"] == "private, no-store" and "Cookie" in answer.headers["Vary"]


def test_the_last_administrator_stays(enter: Enter) -> None:
    ada = enter("ada")
    for form in ({"do": "remove"}, {"do": "role", "role": "viewer"}):
        assert send(ada, "/people/ada", form).status_code == 422
    send(ada, "/people/pia", {"do": "role", "role": "administrator"})
    assert send(ada, "/people/ada", {"do": "role", "role": "viewer"}).status_code == 303
    assert ada.get("/people").status_code == 403


def test_models_sort_times_as_texts() -> None:
    assert models.stamp().endswith("+00:00") and len(sessions.session_id("x")) == 64
