"""The buildings' sizes: slabs in decimetres whose storeys x length x depth add up to the plan exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from geo.errors import BadDistrict
from geo.sample.frames import Ints
from geo.sample.profile import Slot, apportion

SHORTEST_DM, LONGEST_DM = 400, 800
_USUAL_DM = {1: (440, 700), 2: (410, 580), 3: (400, 465)}
_FEWEST_STOREYS, _MOST_STOREYS = 4, 7
_NUDGE_DM = 14


@dataclass(frozen=True)
class Housing:
    """One value per building, community by community: place in the courtyard, size, households.

    ``length_dm`` and ``depth_dm`` are tenths of a metre, so that ``area_dm2 = storeys x length x depth`` is
    the floor area in 0.01 m2, exactly.
    """

    community: Ints
    row: Ints
    column: Ints
    length_dm: Ints
    depth_dm: Ints
    storeys: Ints
    units: Ints
    households: Ints
    area_dm2: Ints
    year: Ints
    structure: Ints

    def of(self, community: int) -> Ints:
        """Places of the community's buildings."""
        return np.flatnonzero(self.community == community)


def build_housing(rng: np.random.Generator, slots: Sequence[Slot], area_dm2: int, households: int) -> Housing:
    """Buildings for ``slots`` with exactly ``area_dm2`` of floor area and ``households``.

    Raises ``BadDistrict`` where slabs of 40-80 m and 4-7 storeys cannot hold that area.
    """
    community = np.repeat(np.arange(len(slots)), [slot.buildings for slot in slots])
    columns = np.array([slot.columns for slot in slots])
    place = np.concatenate([np.arange(slot.buildings) for slot in slots])
    depth = rng.integers(114, 129, len(slots))[community]
    low, high = np.array([_USUAL_DM[int(c)] for c in columns[community]]).T
    share = rng.uniform(0.35, 0.75, len(slots))[community] + rng.uniform(-0.12, 0.12, len(community))
    length = np.rint(low + (high - low) * share).astype(np.int64)
    storeys = _storeys(rng, community, length * depth, area_dm2)
    length = _fitted(rng, length, storeys * depth, low, high, area_dm2)
    area = storeys * depth * length
    return Housing(
        community=community,
        row=place // columns[community],
        column=place % columns[community],
        length_dm=length,
        depth_dm=depth,
        storeys=storeys,
        units=np.clip(np.rint(length / 160), 2, 4).astype(np.int64),
        households=apportion(households, area),
        area_dm2=area,
        year=_years(rng, len(slots), community),
        structure=np.where(rng.random(len(slots)) < 0.8, 0, 1)[community],
    )


def _years(rng: np.random.Generator, count: int, community: Ints) -> Ints:
    first = rng.integers(1985, 2002, count)[community]
    return np.asarray(np.minimum(first + rng.integers(0, 3, len(community)), 2003))


def _storeys(rng: np.random.Generator, community: Ints, footprint: Ints, wanted: int) -> Ints:
    """Storeys that bring the total near ``wanted``; whole communities move together as far as possible."""
    storeys = rng.choice([5, 6, 6, 6, 7], int(community[-1]) + 1)[community]
    single = rng.random(len(community)) < 0.12
    storeys = np.where(single, np.maximum(storeys - 1, _FEWEST_STOREYS), storeys)
    for place in np.tile(rng.permutation(len(community)), _MOST_STOREYS - _FEWEST_STOREYS):
        gap = wanted - int((storeys * footprint).sum())
        if abs(gap) <= int(footprint[place]):
            break
        storeys[place] = np.clip(storeys[place] + np.sign(gap), _FEWEST_STOREYS, _MOST_STOREYS)
    return np.asarray(storeys, dtype=np.int64)


def _fitted(rng: np.random.Generator, length: Ints, per_dm: Ints, low: Ints, high: Ints, wanted: int) -> Ints:
    for _ in range(8):
        gap = wanted - int((length * per_dm).sum())
        free = (length < high) if gap > 0 else (length > low)
        if not free.any():
            break
        share = gap / (length * per_dm)[free].sum()
        length = np.where(free, np.clip(np.rint(length * (1 + share)), low, high), length).astype(np.int64)
    for place in rng.permutation(len(length)):
        rest = wanted - int((length * per_dm).sum())
        step = round(rest / int(per_dm[place]))
        length[place] = np.clip(length[place] + np.clip(step, -_NUDGE_DM, _NUDGE_DM), SHORTEST_DM, LONGEST_DM)
    return _exact(length, per_dm, wanted)


def _exact(length: Ints, per_dm: Ints, wanted: int) -> Ints:
    """Nudge four buildings so that nothing is left over: two pairs whose sums meet."""
    rest = wanted - int((length * per_dm).sum())
    if rest == 0:
        return length
    steps = np.arange(-_NUDGE_DM, _NUDGE_DM + 1)
    first, second = (grid.ravel() for grid in np.meshgrid(steps, steps))
    distinct = np.unique(per_dm, return_index=True)[1]
    for four in combinations(distinct.tolist(), 4):
        if rest % int(np.gcd.reduce(per_dm[list(four)])):
            continue
        a, b, c, d = four
        left = first * per_dm[a] + second * per_dm[b]
        right = first * per_dm[c] + second * per_dm[d]
        order = np.argsort(right, kind="stable")
        spot = np.searchsorted(right[order], rest - left)
        met = (spot < len(right)) & (right[order[np.minimum(spot, len(right) - 1)]] == rest - left)
        for one in np.flatnonzero(met):
            other = order[spot[one]]
            nudged = length.copy()
            nudged[[a, b, c, d]] += [first[one], second[one], first[other], second[other]]
            if nudged.min() >= SHORTEST_DM and nudged.max() <= LONGEST_DM:
                return nudged
    raise BadDistrict("sample_floor_area", floor_area_dm2=wanted, rest_dm2=rest, buildings=len(length))
