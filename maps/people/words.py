"""What cannot be done with people, in words beside the field it is about."""

from __future__ import annotations

from geoplan.errors import PlanError
from maps.language import Say, speaker


class RefusedError(PlanError):
    """A form or command that cannot be carried out: a code, the field it is about, and what fills the sentence."""

    def __init__(self, code: str, field: str = "", **values: object) -> None:
        """Keep the parts; the text of the error is the English sentence."""
        self.code, self.field, self.values = code, field, values
        super().__init__(self.told(speaker("en")))

    def told(self, say: Say) -> str:
        """The sentence in the language of ``say``."""
        return _sentences(say)[self.code] % self.values


def _sentences(say: Say) -> dict[str, str]:
    return {
        "wrong": say("The name or the password is not right."),
        "slow": say("Too many attempts. Try again in %(minutes)s minutes."),
        "name": say("A name has 1 to 64 letters, digits or . _ - @ + and starts with a letter or digit."),
        "taken": say("Somebody has this name already."),
        "unknown": say("Nobody has the name %(name)s."),
        "short": say("A password has at least %(shortest)s characters."),
        "long": say("A password has at most %(longest)s characters."),
        "simple": say("A password is not the name, nor one character or two over and over."),
        "twice": say("The two passwords differ."),
        "current": say("The current password is not right."),
        "elsewhere": say("You log in elsewhere: your password is changed there."),
        "role": say("This role is not known."),
        "last": say("This is the last administrator: make another one first."),
        "token_name": say("A token needs a name of 1 to 64 characters that says what uses it."),
        "token_role": say("A token may not do more than you may."),
        "level": say("This right is not known."),
        "last_entry": say("The last one on the list stays: share the plan with everyone instead."),
        "last_owner": say("A list needs an owner: name another one first."),
        "not_linked": say("The login service knows you, but it gives no name that can be used here."),
        "refused": say("The login service did not confirm who you are. Try again."),
    }
