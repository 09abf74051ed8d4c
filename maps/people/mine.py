"""A person's own page: password, tokens for scripts."""

from __future__ import annotations

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from maps.language import day, speaker
from maps.people import accounts, limits, passwords, sessions, tokens
from maps.people.blueprint import pages
from maps.people.guard import needs, person
from maps.people.models import ROLES, VIEWER, Person, database
from maps.people.telling import notice, role_names
from maps.people.trail import audit
from maps.people.words import RefusedError
from maps.state import language_links, request_language


@pages.get("/me")
def me() -> AnyResponse:
    """Who is logged in, their password and tokens."""
    return _page()


@pages.post("/me")
@needs(VIEWER)
def change_me() -> AnyResponse:
    """Change the password, make or revoke a token: what ``do`` says."""
    if current_app.config["AUTH"] == "open":
        return _page()
    action = {"password": _password, "token": _token, "revoke": _revoke}.get(request.form.get("do", ""))
    if action is None:
        return _page()
    try:
        return action(person())
    except RefusedError as refusal:
        return _page(refusal)


def _password(who: Person) -> AnyResponse:
    engine, form = database(), request.form
    account = accounts.existing(engine, who.name)
    if account.password is None:
        raise RefusedError("elsewhere", "current")
    attempt = limits.try_login(engine, who.name, request.remote_addr or "")
    if not passwords.matches(account.password, form.get("current", "")):
        audit("login_failed", where="/me")
        raise RefusedError("current", "current")
    limits.take_back(engine, attempt)
    new = form.get("password", "")
    passwords.check_new(new, who.name, current_app.config["PASSWORD_LENGTH"])
    if new != form.get("again", ""):
        raise RefusedError("twice", "again")
    accounts.set_password(engine, who, new)
    audit("password", of=who.name)
    response = _again("password")
    sessions.set_cookie(response, sessions.cookie_name(), sessions.start(engine, who))
    return response


def _token(who: Person) -> AnyResponse:
    role = request.form.get("role", VIEWER)
    name = request.form.get("token_name", "")
    text = tokens.make(database(), who, name, role if role in ROLES[1:] else ROLES[-1])
    audit("token", of=who.name, name=name.strip(), role=role)
    return _page(token=text)


def _revoke(who: Person) -> AnyResponse:
    number = request.form.get("token", type=int)
    if number is not None and tokens.revoke(database(), who, number):
        audit("token_revoked", of=who.name, token=number)
    return _again("revoked")


def _again(done: str) -> AnyResponse:
    return redirect(url_for("people.me", done=done, lang=request_language()), 303)


def _page(refusal: RefusedError | None = None, token: str = "") -> AnyResponse:
    language, who = request_language(), person()
    known = bool(who.id)
    names = role_names(language)
    body = render_template(
        "me.html",
        who=who,
        role=names[who.role],
        roles=[(role, names[role]) for role in ROLES[1:] if who.has(role)],
        own_password=known and accounts.existing(database(), who.name).password is not None,
        shortest=current_app.config["PASSWORD_LENGTH"],
        held=[
            {
                "id": one.id,
                "name": one.name,
                "role": names[one.role],
                "created": day(one.created, language),
                "used": day(one.used, language) if one.used else "",
            }
            for one in (tokens.listed(database(), who) if known else [])
        ],
        made=token,
        given=request.form if refusal else {},
        errors={refusal.field: refusal.told(speaker(language))} if refusal else {},
        notice=notice(request.args.get("done"), language),
        languages=language_links(),
    )
    return make_response(body, 422 if refusal else 200)
