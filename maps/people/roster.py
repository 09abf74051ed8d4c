"""The pages of administrators: everybody, one person, the audit trail."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from flask import Response, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.exports.flat import inert
from maps.language import day, speaker
from maps.people import accounts, passwords, sessions, tokens, trail
from maps.people.accounts import Account
from maps.people.blueprint import pages
from maps.people.guard import needs, person
from maps.people.models import ADMINISTRATOR, ROLES, VIEWER, database
from maps.people.telling import action_names, notice, role_names, role_notes
from maps.people.trail import audit
from maps.people.words import RefusedError
from maps.state import language_links, request_language

A_PAGE = 100
COLUMNS = ("at", "person", "action", "plan_id", "detail", "address")


@pages.get("/people")
@needs(ADMINISTRATOR)
def everybody() -> AnyResponse:
    """Everybody with their role and last log-in, and the form for one more."""
    return _everybody()


@pages.post("/people")
@needs(ADMINISTRATOR)
def add_person() -> AnyResponse:
    """Add a person."""
    form = request.form
    try:
        name = accounts.proper_name(form.get("name", ""))
        passwords.check_new(form.get("password", ""), name, current_app.config["PASSWORD_LENGTH"])
        made = accounts.add(database(), name, form.get("role", ""), password=form["password"])
    except RefusedError as refusal:
        return _everybody(refusal)
    audit("person", of=made.name, role=made.role)
    return redirect(url_for("people.somebody", name=made.name, lang=request_language()), 303)


def _everybody(refusal: RefusedError | None = None) -> AnyResponse:
    language = request_language()
    body = render_template(
        "people.html",
        everybody=[_row(account, language) for account in accounts.listed(database())],
        roles=_roles(language),
        shortest=current_app.config["PASSWORD_LENGTH"],
        **_said(refusal),
    )
    return make_response(body, 422 if refusal else 200)


@pages.get("/people/<name>")
@needs(ADMINISTRATOR)
def somebody(name: str) -> AnyResponse:
    """One person: role, password, tokens."""
    return _somebody(_account(name))


@pages.post("/people/<name>")
@needs(ADMINISTRATOR)
def change_somebody(name: str) -> AnyResponse:
    """Change a role or password, revoke a token, remove: what ``do`` says."""
    account = _account(name)
    actions = {"role": _role, "password": _password, "revoke": _revoke, "remove": _remove}
    action = actions.get(request.form.get("do", ""))
    if action is None:
        return _somebody(account)
    try:
        return action(account)
    except RefusedError as refusal:
        return _somebody(account, refusal)


def _role(account: Account) -> AnyResponse:
    role = request.form.get("role", "")
    accounts.set_role(database(), account.person, role, keep=_own_session(account))
    audit("role", of=account.person.name, role=role, before=account.person.role)
    return _again(account, "role")


def _password(account: Account) -> AnyResponse:
    if account.subject is not None:
        raise RefusedError("elsewhere", "password")
    new = request.form.get("password", "")
    passwords.check_new(new, account.person.name, current_app.config["PASSWORD_LENGTH"])
    accounts.set_password(database(), account.person, new, keep=_own_session(account))
    audit("password", of=account.person.name)
    return _again(account, "password")


def _revoke(account: Account) -> AnyResponse:
    number = request.form.get("token", type=int)
    if number is not None and tokens.revoke(database(), account.person, number):
        audit("token_revoked", of=account.person.name, token=number)
    return _again(account, "revoked")


def _remove(account: Account) -> AnyResponse:
    accounts.remove(database(), account.person)
    audit("removed", of=account.person.name)
    return redirect(url_for("people.everybody", done="removed", lang=request_language()), 303)


def _own_session(account: Account) -> str:
    return sessions.session_id(sessions.current()) if account.person.id == person().id else ""


def _account(name: str) -> Account:
    return accounts.find(database(), name) or abort(404, f"there is nobody with the name {name!r}")


def _again(account: Account, done: str) -> AnyResponse:
    return redirect(url_for("people.somebody", name=account.person.name, done=done, lang=request_language()), 303)


def _somebody(account: Account, refusal: RefusedError | None = None) -> AnyResponse:
    language = request_language()
    names = role_names(language)
    body = render_template(
        "somebody.html",
        who=_row(account, language),
        roles=_roles(language),
        shortest=current_app.config["PASSWORD_LENGTH"],
        held=[
            {"id": one.id, "name": one.name, "role": names[one.role], "used": day(one.used or "", language)}
            for one in tokens.listed(database(), account.person)
        ],
        **_said(refusal),
    )
    return make_response(body, 422 if refusal else 200)


def _said(refusal: RefusedError | None) -> dict[str, Any]:
    language = request_language()
    return {
        "given": request.form if refusal else {},
        "errors": {refusal.field: refusal.told(speaker(language))} if refusal else {},
        "notice": notice(request.args.get("done"), language),
        "languages": language_links(),
    }


def _row(account: Account, language: str) -> dict[str, Any]:
    return {
        "name": account.person.name,
        "role": account.person.role,
        "role_name": role_names(language)[account.person.role],
        "created": day(account.created, language),
        "seen": day(account.seen, language) if account.seen else "",
        "elsewhere": account.subject is not None,
    }


def _roles(language: str) -> list[tuple[str, str, str]]:
    names, notes = role_names(language), role_notes(language)
    return [(role, names[role], notes[role]) for role in ROLES[ROLES.index(VIEWER) :]]


@pages.get("/people/audit")
@needs(ADMINISTRATOR)
def audit_page() -> str:
    """The audit trail, newest first, by person, action, plan and days."""
    language, asked = request_language(), _asked()
    found = trail.entries(database(), asked, before=request.args.get("before", type=int), count=A_PAGE + 1)
    names = action_names(language)
    query: dict[str, Any] = {**asked, "lang": language}
    older = url_for("people.audit_page", **query, before=found[A_PAGE - 1].id) if len(found) > A_PAGE else ""
    return render_template(
        "audit.html",
        lines=[{"line": line, "did": names.get(line.action, line.action)} for line in found[:A_PAGE]],
        asked=asked,
        actions=[(name, names.get(name, name)) for name in trail.actions(database())],
        older=older,
        as_csv=url_for("people.audit_csv", **query),
        languages=language_links(),
    )


@pages.get("/people/audit.csv")
@needs(ADMINISTRATOR)
def audit_csv() -> Response:
    """The audit trail as a table, with what the page was asked for."""
    response = Response(_csv(database(), _asked()), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _csv(engine: Any, asked: dict[str, str]) -> Iterator[str]:
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(COLUMNS)
    for line in trail.every(engine, asked):
        detail = json.dumps(line.detail, ensure_ascii=False, sort_keys=True)
        cells = (line.at, line.person, line.action, line.plan_id or "", detail, line.address)
        table.writerow([inert(cell) for cell in cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _asked() -> dict[str, str]:
    names = (*trail.EXACT, trail.FIRST, trail.LAST)
    return {name: request.args[name].strip()[:64] for name in names if request.args.get(name, "").strip()}
