"""An instance from JSON: every fault at once, each with its place, or an instance that can be trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from geoplan.siting.location.instance import F64, I64, MODELS, NEED_P, Instance, Pairs, pairs_of_points
from layers.errors import Fault, InputError

KEYS = (
    "demand",
    "pairs",
    "points",
    "capacity",
    "opening_cost",
    "existing",
    "p",
    "limit",
    "model",
    "single_source",
    "time_limit_s",
)
MOST_PAIRS = 30_000_000
"""Pairs that are made from points at most: beyond, a limit must be given."""
TIME_LIMIT_S = 60.0
Data = Mapping[str, Any]


def read_instance(text: str, file: str = "") -> Instance:
    """An instance from JSON text.

    Raises
    ------
    InputError
        Everything that is wrong with it.
    """
    try:
        given = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        why, line = getattr(error, "msg", "nested too deeply"), getattr(error, "lineno", None)
        raise InputError([Fault("location_json", file=file, row=line, params={"why": why})]) from None
    return instance_of(given, file)


def instance_of(given: object, file: str = "") -> Instance:
    """An instance from parsed JSON (docs/commands.md, `locate`).

    Raises
    ------
    InputError
        Everything that is wrong with it.
    """
    if not isinstance(given, dict):
        raise InputError([Fault("location_object", file=file, value=type(given).__name__)])
    faults = [
        Fault(one.code, file=file, column=one.column, value=one.value, params=one.params) for one in _faults(given)
    ]
    if faults:
        raise InputError(faults)
    return _instance(given)


def _instance(given: Data) -> Instance:
    limit = None if given.get("limit") is None else float(given["limit"])
    unit_xy = site_xy = None
    if given.get("points") is not None:
        unit_xy, site_xy = (_xy(given["points"][side]) for side in ("demand", "sites"))
        pairs = pairs_of_points(unit_xy, site_xy, limit)
    else:
        pairs = _pairs(given["pairs"])
    return Instance(
        model=given["model"],
        demand=np.array(given["demand"], np.float64),
        n_sites=_n_sites(given),
        pairs=pairs,
        capacity=_column(given, "capacity"),
        opening_cost=_column(given, "opening_cost"),
        existing=np.array(given.get("existing") or [], np.int64),
        p=given.get("p"),
        limit=limit,
        single_source=bool(given.get("single_source")),
        time_limit_s=float(given.get("time_limit_s") or TIME_LIMIT_S),
        unit_xy=unit_xy,
        site_xy=site_xy,
    )


def _pairs(given: list[list[float]]) -> Pairs:
    table = np.array(given, np.float64).reshape(-1, 3)
    return Pairs(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), np.ascontiguousarray(table[:, 2]))


def _xy(points: list[list[float]]) -> F64:
    return np.array(points, np.float64).reshape(-1, 2)


def _column(given: Data, name: str) -> F64 | None:
    return None if given.get(name) is None else np.array(given[name], np.float64)


def _n_sites(given: Data) -> int:
    """How many sites there are: as many as points, capacities or costs, else up to the last row that is named."""
    if given.get("points") is not None:
        return len(given["points"]["sites"])
    for name in ("capacity", "opening_cost"):
        if given.get(name) is not None:
            return len(given[name])
    named = chain((pair[1] for pair in given["pairs"]), given.get("existing") or [])
    return int(max(named, default=-1)) + 1


def _faults(given: Data) -> Iterator[Fault]:
    """Faults of the keys, then of what they hold; rows are compared only where lengths are known."""
    for key in sorted(set(given) - set(KEYS)):
        yield Fault("location_key", column=key, params={"known": ", ".join(KEYS)})
    found = [*_key_faults(given)]
    yield from found
    if not found:
        yield from _row_faults(given)


def _key_faults(given: Data) -> Iterator[Fault]:
    yield from _model_faults(given)
    if (given.get("pairs") is None) == (given.get("points") is None):
        yield Fault("location_pairs_or_points", column="pairs")
    if given.get("demand") is None:
        yield Fault("location_missing", column="demand")
    elif not given["demand"]:
        yield Fault("location_empty", column="demand")
    for name in ("demand", "capacity", "opening_cost"):
        yield from _listed(given.get(name), name, NUMBER)
    yield from _listed(given.get("existing"), "existing", ROW)
    yield from _listed(given.get("pairs"), "pairs", PAIR)
    yield from _point_faults(given.get("points"))


def _model_faults(given: Data) -> Iterator[Fault]:
    model, p = given.get("model"), given.get("p")
    if model is None:
        yield Fault("location_missing", column="model")
    elif model not in MODELS:
        yield Fault("location_model", column="model", value=_shown(model), params={"known": ", ".join(MODELS)})
    if model in NEED_P and p is None:
        yield Fault("location_p_missing", column="p", params={"model": model})
    if p is not None and not _row_number(p):
        yield Fault("location_whole", column="p", value=_shown(p))
    if given.get("limit") is not None and not _amount(given["limit"]):
        yield Fault("location_number", column="limit", value=_shown(given["limit"]))
    time_limit_s = given.get("time_limit_s")
    if time_limit_s is not None and not (_amount(time_limit_s) and time_limit_s > 0):
        yield Fault("location_time_limit", column="time_limit_s", value=_shown(time_limit_s))
    if not isinstance(given.get("single_source") or False, bool):
        yield Fault("location_bool", column="single_source", value=_shown(given["single_source"]))


def _point_faults(points: object) -> Iterator[Fault]:
    if points is None:
        return
    if not isinstance(points, dict) or set(points) != {"demand", "sites"}:
        yield Fault("location_points", column="points")
        return
    for side in ("demand", "sites"):
        if points[side] is None:
            yield Fault("location_list", column=f"points.{side}", value=_shown(None))
        yield from _listed(points[side], f"points.{side}", POINT)


def _row_faults(given: Data) -> Iterator[Fault]:
    """Lengths that do not fit, rows that do not exist, pairs named twice, more pairs than can be held."""
    units, points = len(given["demand"]), given.get("points")
    sites = _n_sites(given)
    lengths = {name: len(given[name]) for name in ("capacity", "opening_cost") if given.get(name) is not None}
    wanted = dict.fromkeys(lengths, sites)
    if points is not None:
        lengths["points.demand"], wanted["points.demand"] = len(points["demand"]), units
    for name, length in lengths.items():
        if length != wanted[name]:
            yield Fault("location_length", column=name, params={"length": length, "wanted": wanted[name]})
    existing = np.array(given.get("existing") or [], np.int64)
    yield from _outside(existing, sites, "existing[{}]")
    yield from _twice(existing, "existing[{}]")
    if points is None:
        yield from _pair_faults(given, units, sites)
    elif given.get("limit") is None and units * sites > MOST_PAIRS:
        yield Fault("location_too_many_pairs", column="limit", params={"pairs": units * sites, "most": MOST_PAIRS})


def _pair_faults(given: Data, units: int, sites: int) -> Iterator[Fault]:
    pairs = _pairs(given["pairs"])
    yield from _outside(pairs.unit, units, "pairs[{}][0]")
    yield from _outside(pairs.site, sites, "pairs[{}][1]")
    yield from _twice(pairs.unit * max(sites, int(pairs.site.max(initial=0)) + 1) + pairs.site, "pairs[{}]")


def _outside(rows: I64, count: int, place: str) -> Iterator[Fault]:
    for at in np.flatnonzero(rows >= count).tolist():
        yield Fault("location_row", column=place.format(at), value=str(rows[at]), params={"last": count - 1})


def _twice(keys: I64, place: str) -> Iterator[Fault]:
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    for at in np.flatnonzero(first[inverse] != np.arange(len(keys))).tolist():
        yield Fault("location_twice", column=place.format(at), params={"first": place.format(first[inverse[at]])})


@dataclass(frozen=True)
class Entry:
    """What the entries of a list must be: a test, the fault of one that fails it, and numbers an entry."""

    good: Callable[[object], bool]
    code: str
    width: int = 1


def _listed(values: object, name: str, entry: Entry) -> Iterator[Fault]:
    """Entries of a list that are not as they should be; long lists of plain numbers are looked at as one array."""
    if values is None:
        return
    if not isinstance(values, list):
        yield Fault("location_list", column=name, value=_shown(values))
        return
    if _all_amounts(values, entry):
        return
    for at, value in enumerate(values):
        if not entry.good(value):
            yield Fault(entry.code, column=f"{name}[{at}]", value=_shown(value))


def _all_amounts(values: list[Any], entry: Entry) -> bool:
    """Whether a list holds nothing but plain numbers as they should be; False says only that one has to look."""
    flat = values
    if entry.width > 1:
        if set(map(type, values)) - {list} or set(map(len, values)) - {entry.width}:
            return False
        flat = list(chain.from_iterable(values))
    if set(map(type, flat)) - {int, float} or not _all_finite(flat):
        return False
    columns = [flat[at :: entry.width] for at in range(entry.width)]
    if entry is PAIR and any(set(map(type, column)) - {int} for column in columns[:2]):
        return False
    ends = [[pick(column, default=0) for column in columns] for pick in (min, max)]
    return all(entry.good(end if entry.width > 1 else end[0]) for end in ends)


def _all_finite(values: list[float]) -> bool:
    try:
        return bool(np.isfinite(np.array(values, np.float64)).all())
    except OverflowError:
        return False


def _amount(value: object) -> bool:
    return _finite(value) and value >= 0  # type: ignore[operator]


def _finite(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < math.inf and abs(value) < 1e300  # type: ignore[arg-type]


def _row_number(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 31


def _triple(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_row_number, value[:2])) and _amount(value[2])


def _point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_finite, value))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


NUMBER = Entry(_amount, "location_number")
ROW = Entry(_row_number, "location_whole")
PAIR = Entry(_triple, "location_pair", 3)
POINT = Entry(_point, "location_point", 2)
