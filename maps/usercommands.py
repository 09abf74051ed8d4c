"""The commands ``user …``: people added, listed, changed and removed on the machine itself."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from maps.people.accounts import Account

ROLES = click.Choice(["viewer", "planner", "administrator"])  # here too, so that other commands load no web library
workspace_option = click.option(
    "--workspace", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True
)
stdin_option = click.option("--password-stdin", is_flag=True, help="read the password from stdin instead of asking")


@click.group()
def user() -> None:
    """People who may log in: add, list, password, role, remove, token."""


@user.command()
@click.argument("name")
@click.option("--role", type=ROLES, default="viewer", show_default=True)
@stdin_option
@workspace_option
def add(name: str, role: str, password_stdin: bool, workspace: Path) -> None:
    """Add a person; asks for the password. The first one should be an administrator."""
    from maps.people import accounts

    engine, name = _database(workspace), accounts.proper_name(name)
    if accounts.find(engine, name):
        accounts.add(engine, name, role)  # refused, before anybody is asked for a password
    made = accounts.add(engine, name, role, password=_password(name, password_stdin))
    _note(engine, "person", of=made.name, role=role)
    click.echo(f"{made.name} is now {role}")


@user.command(name="list")
@workspace_option
def list_people(workspace: Path) -> None:
    """Everybody with role and last log-in."""
    from maps.people import accounts

    for account in accounts.listed(_database(workspace)):
        seen = account.seen[:10] if account.seen else "never logged in"
        click.echo(f"{account.person.name}\t{account.person.role}\t{seen}")


@user.command()
@click.argument("name")
@stdin_option
@workspace_option
def password(name: str, password_stdin: bool, workspace: Path) -> None:
    """Set a password; ends the person's sessions."""
    from maps.people import accounts

    engine, account = _somebody(workspace, name)
    accounts.set_password(engine, account.person, _password(account.person.name, password_stdin))
    _note(engine, "password", of=account.person.name)
    click.echo(f"{account.person.name} has a new password and logs in again")


@user.command()
@click.argument("name")
@click.argument("new", type=ROLES)
@workspace_option
def role(name: str, new: str, workspace: Path) -> None:
    """Give another role; ends the person's sessions."""
    from maps.people import accounts

    engine, account = _somebody(workspace, name)
    accounts.set_role(engine, account.person, new)
    _note(engine, "role", of=account.person.name, role=new, before=account.person.role)
    click.echo(f"{account.person.name} is now {new}")


@user.command()
@click.argument("name")
@workspace_option
def remove(name: str, workspace: Path) -> None:
    """Remove a person: sessions and tokens end; plans that were theirs stay closed to others."""
    from maps.people import accounts

    engine, account = _somebody(workspace, name)
    accounts.remove(engine, account.person)
    _note(engine, "removed", of=account.person.name)
    click.echo(f"{account.person.name} is removed")


@user.command()
@click.argument("name")
@click.option("--name", "label", default="command line", show_default=True, help="what uses the token")
@click.option("--role", type=ROLES, help="what the token may do; the person's own role when absent")
@workspace_option
def token(name: str, label: str, role: str | None, workspace: Path) -> None:
    """Make a token for scripts and print it; it is shown this once."""
    from maps.people import tokens

    engine, account = _somebody(workspace, name)
    text = tokens.make(engine, account.person, label, role or account.person.role)
    _note(engine, "token", of=account.person.name, name=label, role=role or account.person.role)
    click.echo(text)


def _database(workspace: Path) -> Engine:
    from maps.people.models import database

    return database(workspace)


def _somebody(workspace: Path, name: str) -> tuple[Engine, Account]:
    from maps.people import accounts

    engine = _database(workspace)
    return engine, accounts.existing(engine, name)


def _password(name: str, from_stdin: bool) -> str:
    from maps.people.passwords import check_new
    from maps.people.settings import password_length

    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    check_new(given, name, password_length())
    return given


def _note(engine: Engine, action: str, **detail: Any) -> None:
    from maps.people.trail import record

    record(engine, at_the_command_line(), action, detail=detail)


def at_the_command_line() -> str:
    """Who works on the machine itself, as the audit trail names them."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container without a name for its user
        return "command line (unnamed)"
