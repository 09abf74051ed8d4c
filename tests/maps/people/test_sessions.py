"""Log in and out: nothing fixed beforehand, nothing guessed, nothing left over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from maps.app import create_app
from maps.people import accounts, limits, models, passwords, sessions
from maps.people.doors import inside
from maps.people.models import database
from tests.maps.people.conftest import PASSWORD, log_in, send, token_of

Enter = Callable[[str], FlaskClient]


def cookie(client: FlaskClient, name: str = "geoplan_session") -> str:
    found = client.get_cookie(name)
    return found.value if found else ""


def test_log_in_leads_on_and_out_again(app: Flask) -> None:
    client = app.test_client()
    sent = client.get("/plans/open?stage=junior&lang=zh", headers={"Accept": "text/html"})
    assert sent.status_code == 302
    answer = send(client, sent.location, {"name": "VERA", "password": PASSWORD}, read="/login")
    assert (answer.status_code, answer.location) == (303, "/plans/open?stage=junior&lang=zh")
    page = client.get(answer.location)
    assert page.status_code == 200 and "vera" in page.get_data(as_text=True)
    held = cookie(client)
    assert send(client, "/logout", {}).status_code == 303
    assert client.get("/me").status_code == 401
    client.set_cookie("geoplan_session", held)
    assert client.get("/me").status_code == 401, "a copy of the cookie is worth nothing after the log-out"


def test_the_cookie_is_not_for_scripts_and_other_sites(app: Flask) -> None:
    header = log_in(app.test_client(), "vera").headers["Set-Cookie"]
    assert "HttpOnly" in header and "SameSite=Lax" in header and "Secure" not in header and "Expires" not in header


def test_behind_tls_the_cookie_stays_there(two_plans: Path, app: Flask) -> None:
    behind = create_app({"WORKSPACE": two_plans, "AUTH": "login", "HTTPS": "yes"})
    client = behind.test_client()
    page = client.get("/login", base_url="https://localhost")
    token = re.search(r'csrf-token" content="(\w+)"', page.get_data(as_text=True))
    assert token
    form = {"name": "vera", "password": PASSWORD, "csrf_token": token[1]}
    answer = client.post("/login", data=form, base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-geoplan=") and "; Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_session_fixed_beforehand_is_not_the_one_after(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("geoplan_session", "chosen-by-somebody-else")
    assert log_in(client, "vera").status_code == 303
    first = cookie(client)
    assert first and first != "chosen-by-somebody-else"
    other = app.test_client()
    other.set_cookie("geoplan_session", "chosen-by-somebody-else")
    assert other.get("/me").status_code == 401
    page = client.get("/login?next=/me")
    assert page.status_code == 302, "who is logged in goes on"


def test_what_is_stored_opens_nothing(app: Flask, two_plans: Path) -> None:
    client = app.test_client()
    log_in(client, "vera")
    raw = b"".join(file.read_bytes() for file in (two_plans / ".geoplan").glob("desk.sqlite*"))
    assert cookie(client).encode() not in raw and PASSWORD.encode() not in raw


@pytest.mark.parametrize("late", [{"minutes": 61}, {"hours": 13}])
def test_a_session_ends_by_idling_and_by_age(
    enter: Enter, monkeypatch: pytest.MonkeyPatch, late: dict[str, int]
) -> None:
    client = enter("vera")
    real = models.now
    if "hours" in late:  # used every half hour all along
        for half_hours in range(1, 24):
            later = timedelta(minutes=30 * half_hours)
            for module in (sessions, models):
                monkeypatch.setattr(module, "now", lambda later=later: real() + later)
            assert client.get("/me").status_code == 200
    for module in (sessions, models):
        monkeypatch.setattr(module, "now", lambda: real() + timedelta(**late))
    assert client.get("/me").status_code == 401
    monkeypatch.undo()
    assert client.get("/me").status_code == 401, "over is over"


def test_a_new_password_ends_the_other_sessions(enter: Enter) -> None:
    here, there = enter("vera"), enter("vera")
    before = cookie(here)
    form = {"do": "password", "current": PASSWORD, "password": "a new long one", "again": "a new long one"}
    assert send(here, "/me", form).status_code == 303
    assert here.get("/me").status_code == 200 and cookie(here) != before
    assert there.get("/me").status_code == 401
    assert log_in(there, "vera").status_code == 422
    assert log_in(there, "vera", "a new long one").status_code == 303


def test_a_new_role_and_removal_end_sessions(enter: Enter) -> None:
    admin, pia, vera = enter("ada"), enter("pia"), enter("vera")
    assert send(admin, "/people/pia", {"do": "role", "role": "viewer"}).status_code == 303
    assert send(admin, "/people/vera", {"do": "remove"}).status_code == 303
    assert pia.get("/me").status_code == vera.get("/me").status_code == 401
    assert log_in(vera, "vera").status_code == 422
    assert admin.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "wrong", "password": "a new long one", "again": "a new long one"}, "current"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "password"),
        ({"current": PASSWORD, "password": "abababababab", "again": "abababababab"}, "password"),
        ({"current": PASSWORD, "password": "a new long one", "again": "another long one"}, "again"),
    ],
)
def test_a_password_that_will_not_do_is_told_beside_its_field(enter: Enter, form: dict[str, str], field: str) -> None:
    client = enter("vera")
    answer = send(client, "/me", {"do": "password", **form})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    box = re.search(rf'<input id="{field}"[^>]*>', page)
    assert box and 'aria-invalid="true"' in box[0] and f'aria-describedby="{field}-note"' in box[0]
    assert page.count('aria-invalid="true"') == 1
    assert not [value for value in form.values() if f'value="{value}"' in page], "no password comes back in the page"


def test_brute_force_is_limited_for_known_and_unknown_names_alike(
    app: Flask, lines: Callable[..., list[object]]
) -> None:
    client = app.test_client()
    for name in ("vera", "nobody"):
        codes = [log_in(client, name, "wrong").status_code for _ in range(7)]
        assert codes == [422] * 5 + [429] * 2, name
    refused = log_in(client, "vera")
    assert refused.status_code == 429, "the right password does not help either"
    assert int(refused.headers["Retry-After"]) > 600
    assert log_in(client, "pia").status_code == 303, "others are not kept out"
    assert ("?", "login_failed", None) in lines() and ("?", "login_refused", None) in lines()


def test_a_name_is_limited_from_many_addresses_and_the_wait_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context():
        engine = database()
        for number in range(limits.PER_NAME):
            limits.try_login(engine, "vera", f"10.0.0.{number}")
        with pytest.raises(accounts.RefusedError):
            limits.try_login(engine, "Vera ", "10.0.1.1")
        for number in range(limits.PER_ADDRESS):
            limits.try_login(engine, f"name{number}", "10.9.9.9")
        with pytest.raises(accounts.RefusedError):
            limits.try_login(engine, "another", "10.9.9.9")
        real = models.now
        monkeypatch.setattr(limits, "now", lambda: real() + timedelta(minutes=16))
        assert limits.try_login(engine, "vera", "10.0.1.1")


def test_an_unknown_name_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords.check_password_hash
    monkeypatch.setattr(
        passwords, "check_password_hash", lambda stored, given: checked.append(stored) or real(stored, given)
    )
    assert not passwords.matches(None, "nobody"), "not even the password of the stand-in"
    assert passwords.matches(passwords.hashed("one of mine"), "one of mine")
    assert [stored.split("$")[0] for stored in checked] == [passwords.METHOD] * 2


def test_the_real_hash_needs_much_memory() -> None:
    from werkzeug.security import check_password_hash, generate_password_hash

    stored = generate_password_hash("x", "scrypt:32768:8:3")
    assert stored.startswith("scrypt:32768:8:3$") and check_password_hash(stored, "x")


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
     "\\\\e", "", "/\n/evil", "evil.example", "/a\\b", "/login?next=/x", "/logout"],
)  # fmt: skip
def test_next_never_leads_elsewhere(app: Flask, address: str) -> None:
    with app.test_request_context():
        assert inside(address) == "/"
    client = app.test_client()
    from urllib.parse import quote

    assert log_in(client, "vera", query=f"?next={quote(address)}").location == "/"


def test_next_keeps_an_address_of_ours(app: Flask) -> None:
    with app.test_request_context():
        assert inside("/plans/a?x=1&b=//c") == "/plans/a?x=1&b=//c"


def test_while_nobody_can_log_in_the_page_says_how_to_begin(tmp_path: Path) -> None:
    client = create_app({"WORKSPACE": tmp_path, "AUTH": "login"}).test_client()
    assert "user add NAME --role administrator" in client.get("/login").get_data(as_text=True)
    assert (tmp_path / ".geoplan" / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_speak_their_language(enter: Enter, language: str) -> None:
    client = enter("ada")
    for path in ("/me", "/people", "/people/vera", "/people/audit", "/plans/secret/people"):
        answer = client.get(path, query_string={"lang": language})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200 and page.count("<h1") == 1 and "%(" not in page, path
        assert ("密码" in page or "权限" in page or "操作" in page) == (language == "zh"), path
        ids = re.findall(r'<(?:input|select) id="([^"]+)"', page)
        assert all(f'<label for="{one}"' in page for one in ids) and len(ids) == len(set(ids)), path


def test_the_form_token_is_the_sessions_own(enter: Enter) -> None:
    one, two = enter("vera"), enter("vera")
    assert token_of(one, "/me") != token_of(two, "/me")
    assert token_of(one, "/me") == token_of(one, "/plans/open")
