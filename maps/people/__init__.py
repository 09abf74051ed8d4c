"""People: who asks, what they may, and what they did."""

from maps.people.guard import may_change, may_see, needs, own, person, visible
from maps.people.models import Person
from maps.people.trail import audit

__all__ = ["Person", "audit", "may_change", "may_see", "needs", "own", "person", "visible"]
