"""The works of the sample: what is done where, what it costs, when it is due and how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from geo.district import District
from geo.programme.catalogue import WorkKind
from geo.sample.frames import Floats, Ints
from geo.sample.housing import Housing
from geo.sample.profile import Slot, apportion
from geo.vocabulary import Stage, WorkPart

_DONE = (Stage.ACCEPTANCE, Stage.LONG_TERM)
_PROGRESS, _PLANNED = 44.7, 48.0
_FEWEST_WORKS, _MOST_WORKS = 14, 20
_PAVING_DAYS = 13
_ROUND_FEN = 10000

_WEIGHT = {
    "roof": 9.0, "facade": 22.0, "stairwell": 6.0, "water": 6.0, "drainage": 8.0, "power": 6.0,
    "heating": 9.0, "gas": 4.0, "ev_charging": 2.0, "telecom": 3.0, "paving": 11.0, "accessibility": 1.6,
    "fire_safety": 3.0, "security": 2.2, "street_light": 1.6, "culture_sports": 1.8, "greening": 3.0,
}  # fmt: skip
_WEIGHT_OF_PART = {WorkPart.BODY: 8.0, WorkPart.INFRASTRUCTURE: 4.0, WorkPart.SERVICE: 3.0}
_PER_HOUSEHOLD = {"m": 2.4, "m2": 6.0, "count": 0.05}
_EARLY = frozenset({"water", "drainage", "power", "heating", "gas", "telecom"})
_LAST = frozenset({"paving", "accessibility", "culture_sports", "greening"})


@dataclass(frozen=True)
class Programme:
    """Rows of ``works`` and, by community, the day by which its present stage should be done."""

    works: pd.DataFrame
    stage_due: list[pd.Timestamp]


def build_programme(
    rng: np.random.Generator,
    district: District,
    as_of: date,
    slots: Sequence[Slot],
    housing: Housing,
    catalogue: Sequence[WorkKind],
    community_ids: Sequence[str],
    paved_from: Mapping[int, date],
) -> Programme:
    """One row for each community and entry in scope; costs add up to the plan to the fen.

    ``paved_from``: the day on which each community's digs are done, and before which its yard is not paved.
    """
    community, item = _scope(rng, len(slots), catalogue, list(paved_from))
    size = np.bincount(housing.community, housing.area_dm2.astype(float)).astype(float)
    cost = _costs(rng, community, item, size, catalogue, district.plan.investment_fen)
    paved = _paved(community, item, catalogue, paved_from)
    due = _late_works(rng, community, slots, ~np.isnat(paved))
    start, end = _windows(rng, district, as_of, slots, community, item, catalogue, cost, due, paved)
    today = np.datetime64(as_of, "D")
    planned = _planned(start, end, today)
    percent = _progress(rng, slots, community, cost, planned, due > 0)
    begun, ended = _actual(rng, percent, start, end, today)
    works = pd.DataFrame(
        {
            "id": [f"work-{i:04d}" for i in range(1, len(community) + 1)],
            "community": np.array(community_ids, dtype=object)[community],
            "code": [catalogue[i].code for i in item],
            "quantity": _quantities(rng, community, item, housing, catalogue),
            "unit": [catalogue[i].unit for i in item],
            "cost_fen": cost,
            "progress_percent": percent,
            "planned_start": start.astype("datetime64[s]"),
            "planned_end": end.astype("datetime64[s]"),
            "actual_start": begun.astype("datetime64[s]"),
            "actual_end": ended.astype("datetime64[s]"),
        }
    )
    return Programme(works, _stage_due(rng, district, as_of, slots, community, end))


def _scope(
    rng: np.random.Generator, communities: int, catalogue: Sequence[WorkKind], paved: Sequence[int]
) -> tuple[Ints, Ints]:
    """Most of body and infrastructure everywhere, a service here and there; every entry somewhere.

    What is dug up in the communities ``paved`` is paved again.
    """
    service = np.array([kind.part is WorkPart.SERVICE for kind in catalogue])
    luck = rng.random((communities, len(catalogue)))
    keen = luck + np.where(service, 0.0, 0.72)
    paving = [kind.code == "paving" for kind in catalogue]
    keen[np.ix_(np.array(paved, dtype=np.int64), np.flatnonzero(paving))] = 2.0
    inside = keen > np.where(service, 0.86, 0.80)
    seldom = np.flatnonzero(~inside.any(axis=0))
    inside[np.arange(len(seldom)) % communities, seldom] = True
    rank = np.argsort(np.argsort(-keen - inside, axis=1, kind="stable"), axis=1)
    inside = (inside | (rank < _FEWEST_WORKS)) & (rank < _MOST_WORKS)
    community, item = np.nonzero(inside)
    return community, item


def _costs(
    rng: np.random.Generator,
    community: Ints,
    item: Ints,
    size: Floats,
    catalogue: Sequence[WorkKind],
    total: int,
) -> Ints:
    """Whole hundreds of yuan; what is left over goes to the dearest row."""
    weight = np.array([_WEIGHT.get(kind.code, _WEIGHT_OF_PART[kind.part]) for kind in catalogue])
    share = weight[item] * size[community] ** 0.93 * rng.uniform(0.82, 1.18, len(item))
    cost = apportion(total // _ROUND_FEN, share) * _ROUND_FEN
    cost[int(np.argmax(cost))] += total % _ROUND_FEN
    return cost


def _quantities(
    rng: np.random.Generator, community: Ints, item: Ints, housing: Housing, catalogue: Sequence[WorkKind]
) -> Floats:
    court, length, depth = housing.community, housing.length_dm / 10, housing.depth_dm / 10
    footprint = np.bincount(court, length * depth)
    walls = np.bincount(court, 2 * (length + depth) * housing.storeys * 2.9)
    units, homes = np.bincount(court, housing.units), np.bincount(court, housing.households)
    measures = {"roof": footprint, "facade": walls, "stairwell": units, "paving": footprint * 1.6}
    rough = rng.uniform(0.85, 1.15, len(item))
    quantity = np.empty(len(item))
    for place, kind in enumerate(catalogue):
        rows = item == place
        if kind.code in measures:
            quantity[rows] = measures[kind.code][community[rows]]
        else:
            quantity[rows] = homes[community[rows]] * _PER_HOUSEHOLD.get(kind.unit, 1.0) * rough[rows]
    return np.asarray(np.maximum(np.rint(quantity), 1.0))


def _paved(
    community: Ints, item: Ints, catalogue: Sequence[WorkKind], paved_from: Mapping[int, date]
) -> np.ndarray:
    """The first day of each row that paves a yard after its digs, missing for all others."""
    paving = np.array([kind.code == "paving" for kind in catalogue])[item]
    days = [
        paved_from.get(int(place)) if is_it else None for place, is_it in zip(community, paving, strict=True)
    ]
    return np.array(days, dtype="datetime64[D]")


def _late_works(
    rng: np.random.Generator, community: Ints, slots: Sequence[Slot], waiting: np.ndarray
) -> Ints:
    """Days overdue of each row: in each late community three rows, the first by all of its days."""
    due = np.zeros(len(community), dtype=np.int64)
    for place, slot in enumerate(slots):
        if slot.delay is None or slot.stage is not Stage.RENOVATION:
            continue
        rows = np.flatnonzero((community == place) & ~waiting)[:10]
        drawn = np.sort(rng.choice(rows, min(3, len(rows)), replace=False))
        due[drawn] = rng.integers(1, slot.delay.days + 1, len(drawn))
        due[drawn[0]] = slot.delay.days
    return due


def _windows(
    rng: np.random.Generator,
    district: District,
    as_of: date,
    slots: Sequence[Slot],
    community: Ints,
    item: Ints,
    catalogue: Sequence[WorkKind],
    cost: Ints,
    due: Ints,
    paved: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each row: pipes first, surfaces last, inside the community's own window.

    Rows with a day in ``paved`` begin on it.
    """
    season = district.stages[Stage.RENOVATION]
    first, last = np.datetime64(season.start, "D"), np.datetime64(season.end, "D")
    today = np.datetime64(as_of, "D")
    opened, closed = _pattern(rng, item, catalogue)
    begin, room = _community_windows(rng, slots, first, last, today)
    underway = np.array([slot.stage is Stage.RENOVATION for slot in slots])
    low, high = np.where(underway, 40.0, room), room.astype(float)

    def dated(length: Floats) -> tuple[np.ndarray, np.ndarray]:
        start = begin[community] + np.rint(opened * length[community]).astype("timedelta64[D]")
        end = begin[community] + np.rint(closed * length[community]).astype("timedelta64[D]")
        start = np.where(due > 0, np.minimum(start, today - due - 12), start)
        start = np.where(due > 0, np.maximum(start, np.minimum(first, today - due - 12)), start)
        end = np.where(due > 0, today - due, end)
        fixed = ~np.isnat(paved)
        return np.where(fixed, paved, start), np.where(fixed, paved + _PAVING_DAYS, end)

    def lengths(aim: float) -> Floats:
        short, long, wanted = low, high, _wanted(slots, community, cost, aim)
        for _ in range(18):
            middle = (short + long) / 2
            ahead = _share(_planned(*dated(middle), today), community, cost, len(slots)) > wanted
            short, long = np.where(ahead, middle, short), np.where(ahead, long, middle)
        return np.asarray((short + long) / 2)

    aim = _PLANNED
    for _ in range(3):
        start, end = dated(lengths(aim))
        aim += _PLANNED - float(np.average(_planned(start, end, today), weights=cost))
    return dated(lengths(aim))


def _pattern(rng: np.random.Generator, item: Ints, catalogue: Sequence[WorkKind]) -> tuple[Floats, Floats]:
    """Begin and end of each row as shares of its community's window."""
    phase = np.array(
        [
            0 if k.code in _EARLY else 1 if k.part is WorkPart.BODY else 3 if k.code in _LAST else 2
            for k in catalogue
        ]
    )[item]
    opens, lasts = np.array([0.0, 0.12, 0.36, 0.52])[phase], np.array([0.36, 0.5, 0.34, 0.36])[phase]
    opened = opens + rng.uniform(0.0, 0.14, len(item))
    closed = np.minimum(opened + lasts * rng.uniform(0.8, 1.15, len(item)), 1.0)
    return opened, closed


def _community_windows(
    rng: np.random.Generator,
    slots: Sequence[Slot],
    first: np.datetime64,
    last: np.datetime64,
    today: np.datetime64,
) -> tuple[np.ndarray, Ints]:
    """First day and the most days of each community's works."""
    begin = np.empty(len(slots), dtype="datetime64[D]")
    room = np.empty(len(slots), dtype=np.int64)
    for place, slot in enumerate(slots):
        wait = int(rng.integers(0, 6))
        if slot.stage in _DONE:
            spare = 16 if slot.stage is Stage.LONG_TERM else 7
            begin[place] = min(first + wait, today - 40)
            room[place] = (today - begin[place]).astype(int) - spare
            continue
        if slot.stage is Stage.RENOVATION:
            wait += int((1 - slot.planned) * 44)
            begin[place] = min(first + wait, today - 12)
        else:
            begin[place] = min(max(today + 18 + 3 * wait, first + wait), last - 40)
        room[place] = max((last - begin[place]).astype(int) - int(rng.integers(2, 12)), 30)
    return begin, room


def _wanted(slots: Sequence[Slot], community: Ints, cost: Ints, aim: float) -> Floats:
    """Planned percent of each community such that all together come to ``aim``."""
    weight = np.bincount(community, cost.astype(float), len(slots))
    weight = weight / weight.sum()
    done = np.array([slot.stage in _DONE for slot in slots])
    underway = np.array([slot.stage is Stage.RENOVATION for slot in slots])
    shape = np.array([slot.planned for slot in slots])
    low, high = 0.0, 4.0
    for _ in range(40):
        factor = (low + high) / 2
        share = np.where(done, 1.0, np.where(underway, np.clip(shape * factor, 0.05, 0.96), 0.0))
        low, high = (factor, high) if (share * weight).sum() * 100 < aim else (low, factor)
    return np.asarray(100 * share)


def _planned(start: np.ndarray, end: np.ndarray, today: np.datetime64) -> Floats:
    """Percent of each window gone by the end of ``today``: linear, both days included."""
    length = (end - start).astype(float) + 1
    return np.asarray(np.clip(100 * ((today - start).astype(float) + 1) / length, 0, 100))


def _share(percent: Floats, community: Ints, cost: Ints, count: int) -> Floats:
    return np.asarray(
        np.bincount(community, percent * cost, count) / np.bincount(community, cost.astype(float), count)
    )


def _progress(
    rng: np.random.Generator,
    slots: Sequence[Slot],
    community: Ints,
    cost: Ints,
    planned: Floats,
    late: np.ndarray,
) -> Ints:
    """Whole percents: what is past its window is done unless it is late; the rest lags to ``_PROGRESS``."""
    stage = np.array([str(slot.stage) for slot in slots], dtype=object)[community]
    done = np.isin(stage, [str(each) for each in _DONE])
    underway = stage == str(Stage.RENOVATION)
    rough, behind = rng.uniform(0.8, 1.2, len(cost)), rng.uniform(0.35, 0.75, len(cost))

    def percent(pace: float) -> Ints:
        going = np.clip(np.rint(planned * rough * pace), 0, 99)
        going = np.where((planned > 0) & (going < 1), 1, going)
        going = np.where(late, np.clip(np.rint(100 * behind * min(pace + 0.2, 1.2)), 5, 90), going)
        going = np.where((planned >= 100) & ~late, 100, going)
        return np.asarray(np.where(done, 100, np.where(underway, going, 0)), dtype=np.int64)

    low, high = 0.1, 1.6
    for _ in range(24):
        pace = (low + high) / 2
        reached = float((percent(pace) * cost).sum() / cost.sum())
        low, high = (pace, high) if reached < _PROGRESS else (low, pace)
    return percent((low + high) / 2)


def _actual(
    rng: np.random.Generator, percent: Ints, start: np.ndarray, end: np.ndarray, today: np.datetime64
) -> tuple[np.ndarray, np.ndarray]:
    nothing = np.datetime64("NaT", "D")
    begun = np.minimum(start + rng.integers(0, 4, len(start)), today)
    ended = np.maximum(np.minimum(end + rng.integers(-3, 3, len(end)), today), begun)
    return np.where(percent > 0, begun, nothing), np.where(percent >= 100, ended, nothing)


def _stage_due(
    rng: np.random.Generator,
    district: District,
    as_of: date,
    slots: Sequence[Slot],
    community: Ints,
    end: np.ndarray,
) -> list[pd.Timestamp]:
    """The day by which each community's stage should be done: past only for one late in preparation."""
    today = np.datetime64(as_of, "D")
    out = []
    for place, slot in enumerate(slots):
        wait = today + int(rng.integers(10, 34))
        if slot.delay is not None and slot.stage is not Stage.RENOVATION:
            day = today - slot.delay.days
        elif slot.stage is Stage.RENOVATION:
            day = max(end[community == place].max(), today)
        elif slot.stage is Stage.LONG_TERM:
            day = max(np.datetime64(district.stages[Stage.LONG_TERM].end, "D"), wait)
        else:
            day = wait
        out.append(pd.Timestamp(day))
    return out
