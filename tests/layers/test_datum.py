"""Shifted datums and back, where they hold, and the metric CRS of a region."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import box

from layers.datum import SHIFTED, from_wgs84, mainland, metric_crs, suspect_shift, to_wgs84

INSIDE = {
    "Beijing": (116.39, 39.91), "Shanghai": (121.47, 31.23), "Luohu": (114.12, 22.55), "Shekou": (113.92, 22.49),
    "Zhuhai": (113.567, 22.27), "Hengqin": (113.52, 22.13), "Dandong": (124.36, 40.13), "Heihe": (127.49, 50.24),
    "Manzhouli": (117.43, 49.59), "Suifenhe": (131.15, 44.40), "Hunchun": (130.36, 42.86), "Hekou": (103.96, 22.53),
    "Dongxing": (107.97, 21.545), "Pingxiang": (106.75, 22.10), "Ruili": (97.85, 24.01), "Erenhot": (111.97, 43.65),
    "Khorgos": (80.42, 44.21), "Kashgar": (75.99, 39.47), "Yadong": (88.90, 27.48), "Lhasa": (91.13, 29.65),
    "Sanya": (109.51, 18.25), "Xiamen": (118.09, 24.48), "Pingtan": (119.79, 25.50), "Mohe": (122.54, 52.97),
    "Fuyuan": (134.29, 48.36), "Yongzhou": (111.61, 26.42), "Urumqi": (87.62, 43.82), "Zhoushan": (122.2, 30.0),
    "Dalian": (121.61, 38.91), "Weihai": (122.12, 37.51), "Tumen": (129.84, 42.97), "Taxkorgan": (75.23, 37.77),
}  # fmt: skip
OUTSIDE = {
    "Hong Kong": (114.158, 22.28), "Yuen Long": (114.03, 22.44), "Sheung Shui": (114.128, 22.502),
    "Macau": (113.543, 22.19), "Taipei": (121.56, 25.04), "Kinmen": (118.32, 24.44), "Seoul": (126.98, 37.57),
    "Pyongyang": (125.75, 39.03), "Hanoi": (105.85, 21.03), "Lang Son": (106.76, 21.85), "Lao Cai": (103.97, 22.48),
    "Vientiane": (102.6, 17.97), "Mandalay": (96.1, 21.97), "Kathmandu": (85.32, 27.72), "Thimphu": (89.64, 27.47),
    "Leh": (77.58, 34.16), "Almaty": (76.9, 43.25), "Bishkek": (74.6, 42.87), "Ulaanbaatar": (106.9, 47.92),
    "Vladivostok": (131.9, 43.12), "Khabarovsk": (135.07, 48.48), "Blagoveshchensk": (127.53, 50.28),
    "Tokyo": (139.7, 35.7), "Monaco": (7.42, 43.74), "Porto Alegre": (-51.2, -30.0), "Delhi": (77.2, 28.6),
}  # fmt: skip


@pytest.mark.parametrize("name", INSIDE)
def test_the_mainland_holds(name: str) -> None:
    assert shapely.contains_xy(mainland(), *INSIDE[name])


@pytest.mark.parametrize("name", OUTSIDE)
def test_the_mainland_leaves_out(name: str) -> None:
    lon, lat = OUTSIDE[name]
    assert not shapely.contains_xy(mainland(), lon, lat)
    for datum in SHIFTED:
        assert from_wgs84(lon, lat, datum) == (lon, lat)
        if mainland().distance(shapely.Point(lon, lat)) > 0.02:  # nearer, it could be a shifted mainland place
            assert to_wgs84(lon, lat, datum) == (lon, lat)


def test_known_places() -> None:
    """The Gate of Heavenly Peace as Amap and Baidu show it, to about a metre."""
    lon, lat = from_wgs84(116.3912757, 39.9074733, "gcj02")
    assert (round(float(lon), 4), round(float(lat), 4)) == (116.3975, 39.9089)
    lon, lat = from_wgs84(116.3912757, 39.9074733, "bd09")
    assert (round(float(lon), 4), round(float(lat), 4)) == (116.4039, 39.9152)


@settings(max_examples=60, deadline=None)
@given(st.floats(73.5, 135.0), st.floats(18.0, 53.5), st.sampled_from(SHIFTED))
def test_there_and_back(lon: float, lat: float, datum: str) -> None:
    there = from_wgs84(lon, lat, datum)
    if not shapely.contains_xy(mainland(), lon, lat):
        assert there == (lon, lat)
        return
    moved_m = Geod(ellps="WGS84").inv(lon, lat, float(there[0]), float(there[1]))[2]
    assert 10 < moved_m < 2_500
    back = to_wgs84(*there, datum)
    assert max(abs(back[0] - lon), abs(back[1] - lat)) < 1e-8


def test_arrays_keep_their_shape_and_unknown_stays_unknown() -> None:
    lon, lat = to_wgs84(np.array([[116.4, np.nan], [2.0, 116.4]]), np.array([[39.9, 39.9], [48.0, 39.9]]), "gcj02")
    assert lon.shape == lat.shape == (2, 2)
    assert np.isnan(lon[0, 1]) and lon[1, 0] == 2.0 and lon[0, 0] == lon[1, 1] != 116.4


def test_other_datums() -> None:
    assert to_wgs84(116.4, 39.9, "cgcs2000") == to_wgs84(116.4, 39.9, "wgs84") == (116.4, 39.9)
    with pytest.raises(ValueError, match="unknown datum"):
        to_wgs84(116.4, 39.9, "nad27")


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ((113.2, 26.0, 114.4, 27.0), 4547),  # 114 E
        ((75.0, 38.0, 76.4, 39.0), 4534),  # clipped to 75 E
        ((133.6, 47.0, 134.4, 47.8), 4554),  # 134 E rounds to 135 E
        ((7.40, 43.72, 7.44, 43.75), 32632),
        ((-51.3, -30.2, -51.0, -29.9), 32722),
        ((126.8, 37.4, 127.2, 37.7), 32652),
        ((114.1, 22.25, 114.2, 22.32), 32650),
    ],
)
def test_one_metric_crs_a_region(bounds: tuple[float, float, float, float], code: int) -> None:
    assert metric_crs(box(*bounds)).to_epsg() == code


def test_wide_regions_keep_areas() -> None:
    crs = metric_crs(box(97, 21, 106, 29))  # a province of nine degrees
    assert "Lambert" in crs.coordinate_operation.method_name and crs.axis_info[0].unit_name == "metre"
    assert "Lambert" in metric_crs(box(10, 85, 12, 86)).coordinate_operation.method_name


def _streets(lonlat: np.ndarray) -> np.ndarray:
    """Streets every 0.004 degrees of latitude: the distance to the nearest, metres."""
    return np.abs((lonlat[:, 1] / 0.004) - np.round(lonlat[:, 1] / 0.004)) * 0.004 * 111_000


@pytest.mark.parametrize("true", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("declared", ["wgs84", "gcj02", "bd09"])
def test_a_wrong_datum_is_told_by_streets(declared: str, true: str) -> None:
    rng = np.random.default_rng(1)
    place = np.column_stack(
        [rng.uniform(113.4, 114.0, 80), 0.004 * rng.integers(8000, 8100, 80) + rng.normal(0, 1e-4, 80)]
    )
    file = np.column_stack(from_wgs84(place[:, 0], place[:, 1], true))
    read = np.column_stack(to_wgs84(file[:, 0], file[:, 1], declared))
    guess = suspect_shift(read, _streets, declared)
    assert guess.best == true
    assert guess.suspected == (true != declared)
    assert guess.schools == 80 and set(guess.median_m) == {"wgs84", "gcj02", "bd09"}


def test_no_datum_is_named_by_chance() -> None:
    rng = np.random.default_rng(2)
    anywhere = np.column_stack([rng.uniform(113.4, 114.0, 60), rng.uniform(32.0, 32.4, 60)])
    assert not suspect_shift(anywhere, _streets).suspected
    assert not suspect_shift(anywhere[:2], _streets).suspected  # two schools prove nothing
    assert not suspect_shift(anywhere - [100, 0], _streets).suspected  # nothing is shifted outside China
    assert not suspect_shift(np.empty((0, 2)), _streets).suspected
    assert not suspect_shift(anywhere, lambda points: np.full(len(points), np.inf)).suspected
