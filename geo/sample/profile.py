"""Which communities the sample has: towns, names, sizes, stages and delays, out of the plan's totals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.district import District
from geo.errors import BadDistrict
from geo.sample.frames import Ints
from geo.sample.words import DELAY_REASONS, SAMPLE_NAME
from geo.vocabulary import Stage

_SURVEY, _SELECTION, _PREPARATION = Stage.SURVEY, Stage.SELECTION, Stage.PREPARATION
_RENOVATION, _ACCEPTANCE, _LONG_TERM = Stage.RENOVATION, Stage.ACCEPTANCE, Stage.LONG_TERM

FEWEST, MOST = 2, 6
STAGE_WEIGHTS = {
    _SURVEY: 1,
    _SELECTION: 2,
    _PREPARATION: 4,
    _RENOVATION: 13,
    _ACCEPTANCE: 3,
    _LONG_TERM: 2,
}


@dataclass(frozen=True)
class Delay:
    """A community that is late: by how many days, why, and in which stage."""

    stage: Stage
    days: int
    reason: str


@dataclass(frozen=True)
class Slot:
    """One community before it is drawn; ``planned`` is the share of its works due by now, 0…1."""

    buildings: int
    columns: int
    stage: Stage
    planned: float = 0.5
    town: str = ""
    name: str = ""
    delay: Delay | None = None


DELAYS = tuple(
    Delay(stage, days, reason)
    for stage, days, reason in zip(
        (_RENOVATION, _RENOVATION, _PREPARATION, _RENOVATION), (21, 14, 12, 9), DELAY_REASONS, strict=True
    )
)
_TEMPLATES: tuple[tuple[Slot, ...], ...] = (
    (
        Slot(4, 2, _RENOVATION, 0.62),
        Slot(3, 2, _RENOVATION, 0.74),
        Slot(2, 1, _ACCEPTANCE),
        Slot(5, 2, _RENOVATION, 0.45, delay=DELAYS[0]),
        Slot(3, 2, _LONG_TERM),
        Slot(6, 2, _RENOVATION, 0.50),
        Slot(2, 1, _SELECTION),
        Slot(3, 2, _RENOVATION, 0.85),
        Slot(4, 2, _PREPARATION),
        Slot(2, 1, _RENOVATION, 0.52, delay=DELAYS[3]),
        Slot(3, 2, _RENOVATION, 0.56),
        Slot(4, 2, _PREPARATION),
        Slot(3, 2, _SURVEY),
    ),
    (
        Slot(6, 3, _RENOVATION, 0.66),
        Slot(2, 1, _ACCEPTANCE),
        Slot(3, 2, _RENOVATION, 0.60, delay=DELAYS[1]),
        Slot(4, 2, _PREPARATION),
        Slot(2, 1, _RENOVATION, 0.82),
        Slot(3, 2, _RENOVATION, 0.35),
        Slot(5, 2, _RENOVATION, 0.60),
        Slot(2, 1, _LONG_TERM),
        Slot(3, 2, _PREPARATION, delay=DELAYS[2]),
        Slot(4, 2, _RENOVATION, 0.69),
        Slot(2, 1, _ACCEPTANCE),
        Slot(2, 1, _SELECTION),
    ),
)


def apportion(total: int, weights: Sequence[float] | np.ndarray) -> Ints:
    """``total`` split over ``weights`` in whole numbers by largest remainder; ties go to the first."""
    shares = np.asarray(weights, dtype=float)
    exact = total * (shares / shares.sum())
    whole = np.floor(exact).astype(np.int64)
    rest = int(total - whole.sum())
    order = np.argsort(whole - exact, kind="stable")
    whole[order[:rest]] += 1
    return np.asarray(whole)


def slots(district: District) -> tuple[Slot, ...]:
    """One slot per community of the plan, town by town, in the order in which they are numbered.

    Raises ``BadDistrict`` where a community cannot have between two and six buildings.
    """
    chosen = _in_towns(district)
    chosen = _with_buildings(chosen, district)
    chosen = _with_stages(chosen)
    chosen = _with_delays(chosen)
    return tuple(_with_names(chosen, district))


def _in_towns(district: District) -> list[Slot]:
    counts = apportion(district.plan.communities, np.ones(len(district.towns)))
    chosen = []
    for place, (town, count) in enumerate(zip(district.towns, counts, strict=True)):
        template = _TEMPLATES[place % len(_TEMPLATES)]
        chosen += [replace(template[i % len(template)], town=town.code) for i in range(count)]
    return chosen


def _with_buildings(chosen: list[Slot], district: District) -> list[Slot]:
    wanted = district.plan.buildings
    if not FEWEST * len(chosen) <= wanted <= MOST * len(chosen):
        raise BadDistrict("sample_buildings", buildings=wanted, communities=len(chosen))
    counts = np.array([slot.buildings for slot in chosen])
    place = 0
    while (rest := wanted - int(counts.sum())) != 0:
        counts[place] = np.clip(counts[place] + np.sign(rest), FEWEST, MOST)
        place = (place + 1) % len(counts)
    return [_resized(slot, int(count)) for slot, count in zip(chosen, counts, strict=True)]


def _resized(slot: Slot, count: int) -> Slot:
    if count == slot.buildings:
        return slot
    return replace(slot, buildings=count, columns=1 if count == FEWEST else 2)


def _with_stages(chosen: list[Slot]) -> list[Slot]:
    quota = dict(zip(STAGE_WEIGHTS, _stage_counts(len(chosen)), strict=True))
    waiting, out = [], list(chosen)
    for place, slot in enumerate(chosen):
        if quota[slot.stage] > 0:
            quota[slot.stage] -= 1
        else:
            waiting.append(place)
    left = [stage for stage, count in quota.items() for _ in range(count)]
    for place, stage in zip(waiting, left, strict=True):
        out[place] = replace(out[place], stage=stage)
    return out


def _stage_counts(total: int) -> list[int]:
    counts = apportion(total, list(STAGE_WEIGHTS.values()))
    if total >= len(counts):
        for stage in np.flatnonzero(counts == 0):
            counts[np.argmax(counts)] -= 1
            counts[stage] += 1
    return [int(count) for count in counts]


def _with_delays(chosen: list[Slot]) -> list[Slot]:
    out = [replace(slot, delay=None) for slot in chosen]
    for delay in DELAYS:
        open_places = [i for i, slot in enumerate(out) if slot.stage is delay.stage and slot.delay is None]
        spare = 1 if delay.stage is _RENOVATION else 0
        if len(open_places) <= spare:
            continue
        marked = [i for i in open_places if chosen[i].delay is delay]
        place = (marked or open_places[::-1])[0]
        out[place] = replace(out[place], delay=delay)
    return out


def _with_names(chosen: list[Slot], district: District) -> list[Slot]:
    waiting: dict[str, list[str]] = {town: [] for town in district.town_codes()}
    for town, name in district.sample.named_communities if district.sample else ():
        if town not in waiting:
            raise BadDistrict("sample_town", town=town, name=name)
        waiting[town].append(name)
    out, number = [], 0
    for slot in chosen:
        if waiting.get(slot.town):
            out.append(replace(slot, name=waiting[slot.town].pop(0)))
        else:
            number += 1
            out.append(replace(slot, name=f"{SAMPLE_NAME} {number:02d}"))
    return out
