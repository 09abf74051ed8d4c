"""The pages of coming and going: log in, log out, log in elsewhere."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from maps.language import speaker
from maps.people import accounts, limits, oidc, passwords, sessions
from maps.people.blueprint import pages
from maps.people.guard import needs, person
from maps.people.models import ANYONE, Person, database
from maps.people.trail import audit
from maps.people.words import RefusedError
from maps.state import language_links, request_language

INSIDE = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")  # an address on this server and no other
OUTSIDE = ("/login", "/logout")


def inside(address: str | None) -> str:
    """Where to go after a log-in: an address of this server, else its first page."""
    if address and INSIDE.fullmatch(address) and not address.startswith(OUTSIDE):
        return address
    return url_for("pages.counties", lang=request.args.get("lang"))


@pages.get("/login")
@needs(ANYONE)
def log_in() -> AnyResponse:
    """The log-in page; who is logged in goes on at once."""
    if person().id or current_app.config["AUTH"] == "open":
        return redirect(inside(request.args.get("next")))
    return _page()


@pages.post("/login")
@needs(ANYONE)
def log_in_now() -> AnyResponse:
    """Check name and password, and begin a session with an id of its own."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        who = _checked(name, password)
    except RefusedError as refusal:
        return _page(refusal, name[:64])
    return come_in(who, request.args.get("next"))


def come_in(who: Person, then: str | None, service: str = "") -> AnyResponse:
    """Begin a session of a person, in place of the one this browser had, and go on."""
    if old := sessions.current():
        sessions.end(database(), old)
    audit("login", by=who.name, service=service)
    response = redirect(inside(then), 303)
    sessions.set_cookie(response, sessions.cookie_name(), sessions.start(database(), who))
    return response


def _checked(name: str, password: str) -> Person:
    """Who has this name and password; the same work and words whatever is wrong."""
    address = request.remote_addr or ""
    try:
        attempt = limits.try_login(database(), name, address)
    except RefusedError:
        audit("login_refused", by="?", name=_shown(name))
        raise
    account = accounts.find(database(), name)
    if not passwords.matches(account.password if account else None, password) or account is None:
        audit("login_failed", by="?", name=_shown(name))
        raise RefusedError("wrong", "password")
    limits.take_back(database(), attempt)
    return account.person


def _shown(name: str) -> str:
    """A name for the audit trail; not one that nobody has: people type passwords there by mistake."""
    account = accounts.find(database(), name)
    return account.person.name if account else ""


def _page(refusal: RefusedError | None = None, name: str = "") -> AnyResponse:
    say = speaker(request_language())
    body = render_template(
        "login.html",
        name=name,
        error=refusal.told(say) if refusal else "",
        elsewhere=url_for("people.elsewhere", next=request.args.get("next"), lang=request_language())
        if oidc.is_set(current_app)
        else "",
        nobody=not accounts.any_account(database()),
        languages=language_links(),
    )
    response = make_response(body, 200 if refusal is None else 429 if refusal.code == "slow" else 422)
    if refusal is not None and refusal.code == "slow":
        response.headers["Retry-After"] = str(60 * int(str(refusal.values["minutes"])))
    return response


@pages.post("/logout")
@needs(ANYONE)
def log_out() -> AnyResponse:
    """End the session."""
    if person().id:
        audit("logout")
        sessions.end(database(), sessions.current())
    response = make_response(redirect(url_for("people.log_in", lang=request_language()), 303))
    response.delete_cookie(sessions.cookie_name(), path="/", secure=current_app.config["HTTPS"], httponly=True)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@pages.get("/login/elsewhere")
@needs(ANYONE)
def elsewhere() -> Any:
    """Send a person to the login service of their organisation."""
    return oidc.send_away(current_app, url_for("people.back", _external=True), inside(request.args.get("next")))


@pages.get("/login/back")
@needs(ANYONE)
def back() -> AnyResponse:
    """A person comes back from the login service of their organisation."""
    try:
        claims, then = oidc.come_back(current_app)
        who = oidc.account_of(database(), claims, current_app.config["OIDC_ROLE"])
    except RefusedError as refusal:
        audit("login_failed", by="?", service=refusal.code)
        return _page(refusal)
    return come_in(who, then, str(claims["iss"]))
