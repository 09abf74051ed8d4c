"""Roles, rights, actions and what was done, in words."""

from __future__ import annotations

from maps.language import speaker


def role_names(language: str) -> dict[str, str]:
    """What roles are called."""
    say = speaker(language)
    return {
        "anyone": say("not logged in"),
        "viewer": say("viewer"),
        "planner": say("planner"),
        "administrator": say("administrator"),
    }


def role_notes(language: str) -> dict[str, str]:
    """What each role may do."""
    say = speaker(language)
    return {
        "viewer": say("sees plans and takes exports away"),
        "planner": say("also uploads, edits, computes and saves scenarios"),
        "administrator": say("also looks after people, the audit trail and backups, and sees every plan"),
    }


def level_names(language: str) -> dict[str, str]:
    """What rights to a plan are called."""
    say = speaker(language)
    return {"see": say("may see"), "change": say("may see and change"), "own": say("owner: also shares it")}


def action_names(language: str) -> dict[str, str]:
    """What the audit trail's actions are called; others go by their own name."""
    say = speaker(language)
    return {
        "login": say("logged in"),
        "logout": say("logged out"),
        "login_failed": say("failed to log in"),
        "login_refused": say("was refused after too many attempts"),
        "password": say("set a password"),
        "role": say("gave a role"),
        "person": say("added a person"),
        "removed": say("removed a person"),
        "token": say("made a token"),
        "token_revoked": say("revoked a token"),
        "grant": say("shared a plan"),
        "withdraw": say("took a right to a plan away"),
        "open": say("opened a plan to everyone"),
        "export": say("exported"),
        "change": say("changed"),
        "run": say("computed"),
        "batch": say("computed a batch"),
        "upload": say("uploaded"),
        "backup": say("made a backup"),
        "restore": say("brought the workspace back from a backup"),
    }


def notice(done: str | None, language: str) -> str:
    """What was done, as the page says it after it was."""
    say = speaker(language)
    said = {
        "password": say("The password is changed. Sessions elsewhere are ended."),
        "revoked": say("The token is revoked."),
        "role": say("The role is changed. The person logs in again."),
        "removed": say("The person is removed."),
        "shared": say("The list is changed."),
        "opened": say("The plan is open to everyone who logs in."),
    }
    return said.get(done or "", "")
