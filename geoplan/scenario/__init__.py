"""What-ifs: a scenario's steps applied to the layers of a plan, and proposals turned into steps."""

from geoplan.scenario.applied import applied, identity_of
from layers.scenariofile import Scenario

__all__ = ["Scenario", "applied", "identity_of"]
