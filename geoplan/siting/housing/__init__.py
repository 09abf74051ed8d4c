"""New housing: what it owes by law (obligation) and what it needs by count (need), two independent answers."""

from geoplan.siting.housing.need import needs
from geoplan.siting.housing.obligation import Obligation, Owed, obligations
from geoplan.siting.housing.phases import project_of
from geoplan.siting.housing.pools import Pool, pools
from geoplan.siting.housing.projects import Project, projects
from geoplan.siting.housing.table import HousingNeed, Supply, housing_need, unknown_supply
from geoplan.siting.housing.yields import yields

__all__ = [
    "HousingNeed",
    "Obligation",
    "Owed",
    "Pool",
    "Project",
    "Supply",
    "housing_need",
    "needs",
    "obligations",
    "pools",
    "project_of",
    "projects",
    "unknown_supply",
    "yields",
]
