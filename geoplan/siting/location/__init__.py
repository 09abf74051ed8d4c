"""Location models by name, on sparse pairs, each answer with what is proven about it."""

from geoplan.siting.location.answer import as_data, locate
from geoplan.siting.location.instance import MODELS, Instance, Pairs, Reason, Solution, pairs_of_points
from geoplan.siting.location.reading import instance_of, read_instance

__all__ = [
    "MODELS",
    "Instance",
    "Pairs",
    "Reason",
    "Solution",
    "as_data",
    "instance_of",
    "locate",
    "pairs_of_points",
    "read_instance",
]
