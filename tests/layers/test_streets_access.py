"""Who may use a way: one line a rule."""

import pytest

from layers.streets.access import ferry_minutes, has_sidewalk, shuts_feet, way_access

H = "highway"


@pytest.mark.parametrize(
    ("tags", "walk", "private"),
    [
        ({H: "residential"}, True, False),
        ({H: "footway", "indoor": "yes"}, True, False),
        ({H: "corridor"}, False, False),
        ({H: "steps"}, True, False),
        ({H: "motorway"}, False, False),
        ({H: "motorway", "foot": "yes"}, False, False),
        ({H: "primary", "motorroad": "yes"}, False, False),
        ({H: "construction"}, False, False),
        ({H: "proposed"}, False, False),
        ({H: "raceway"}, False, False),
        ({H: "cycleway"}, False, False),
        ({H: "cycleway", "foot": "designated"}, True, False),
        ({H: "trunk"}, False, False),
        ({H: "trunk", "sidewalk": "both"}, True, False),
        ({H: "trunk", "sidewalk:right": "yes"}, True, False),
        ({H: "trunk", "foot": "yes"}, True, False),
        ({H: "secondary", "tunnel": "yes"}, False, False),
        ({H: "secondary", "tunnel": "yes", "foot": "yes"}, True, False),
        ({H: "secondary", "tunnel": "yes", "sidewalk": "left"}, True, False),
        ({H: "secondary", "tunnel": "building_passage"}, True, False),
        ({H: "footway", "tunnel": "yes"}, True, False),
        ({H: "service", "access": "no"}, False, False),
        ({H: "service", "access": "no", "foot": "yes"}, True, False),
        ({H: "service", "access": "private"}, True, True),
        ({H: "service", "access": "private", "foot": "permissive"}, True, False),
        ({H: "residential", "access": "permit"}, True, True),
        ({H: "residential", "access": "residents"}, True, True),
        ({H: "service", "access": "customers"}, True, True),
        ({H: "footway", "foot": "private"}, True, True),
        ({H: "footway", "foot": "no"}, False, False),
        ({H: "tertiary", "foot": "use_sidepath"}, False, False),
        ({H: "residential", "access": "destination"}, True, False),
        ({H: "track", "access": "agricultural"}, True, False),
        ({H: "tertiary", "sidewalk": "separate"}, True, False),
        ({H: "residential", "motor_vehicle": "no"}, True, False),
        ({"route": "ferry"}, False, False),
        ({"railway": "rail"}, False, False),
    ],
)
def test_walking(tags, walk, private):
    access = way_access(tags)
    assert (access.walk, access.private) == (walk, private)


def test_ferries_only_on_request():
    assert way_access({"route": "ferry"}, ferries=True).walk
    assert not way_access({"route": "ferry", "foot": "no"}, ferries=True).walk


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({H: "residential"}, True, True),
        ({H: "residential", "oneway": "yes"}, True, False),
        ({H: "residential", "oneway": "-1"}, False, True),
        ({H: "tertiary", "junction": "roundabout"}, True, False),
        ({H: "tertiary", "junction": "roundabout", "oneway": "no"}, True, True),
        ({H: "motorway"}, True, False),
        ({H: "footway"}, False, False),
        ({H: "track"}, False, False),
        ({H: "track", "motor_vehicle": "yes"}, True, True),
        ({H: "service", "access": "private"}, False, False),
        ({H: "service", "access": "private", "motor_vehicle": "yes"}, True, True),
        ({H: "residential", "motor_vehicle": "no"}, False, False),
        ({H: "service", "area": "yes"}, False, False),
        ({H: "pedestrian"}, False, False),
    ],
)
def test_driving(tags, forward, backward):
    access = way_access(tags)
    assert (access.drive_forward, access.drive_backward) == (forward, backward)


@pytest.mark.parametrize(
    ("tags", "shut"),
    [
        ({"barrier": "gate"}, None),
        ({"barrier": "gate", "access": "no"}, "closed"),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, None),
        ({"barrier": "gate", "locked": "yes"}, "closed"),
        ({"barrier": "gate", "access": "private"}, "private"),
        ({"barrier": "bollard", "access": "no"}, None),
        ({"barrier": "bollard", "foot": "no"}, "closed"),
        ({"barrier": "lift_gate", "access": "private"}, None),
        ({"highway": "crossing", "foot": "no"}, None),
    ],
)
def test_gates(tags, shut):
    assert shuts_feet(tags) == shut


@pytest.mark.parametrize(
    ("tags", "minutes"),
    [
        ({"duration": "00:20"}, 20.0),
        ({"duration": "01:30:30"}, 90.5),
        ({"duration": "PT1H5M"}, 65.0),
        ({"duration": "7"}, 7.0),
        ({"duration": "soon"}, 4.0),
        ({}, 4.0),
    ],
)
def test_ferry_minutes_of_one_kilometre(tags, minutes):
    assert ferry_minutes(tags, 1000.0) == pytest.approx(minutes)


def test_sidewalk_mapped_apart_is_not_on_the_way():
    assert not has_sidewalk({"sidewalk": "separate"})
    assert not has_sidewalk({"sidewalk": "no"})
    assert has_sidewalk({"sidewalk:both": "yes"})
