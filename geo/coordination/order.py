"""The order of lines in a yard, and yards too narrow for the stack of lines that they are to hold."""

import re
from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, points, segments
from geo.coordination.classes import GROUPS, place_of
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.limits import Limits
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import gaps, nearest, stretches, touches
from geo.coordination.tables import numbered
from geo.coordination.things import Things, describe, given
from geo.kinds import read_table
from geo.shapes import places_along
from geo.vocabulary import FindingKind, Verdict

YARD = "4.1.4"
STACK = "stack"
_DRAINS = {"WS": "S(foul)", "HS": "S(foul)", "YS": "S(storm)"}
_PARALLEL = 0.9
_MOST_LINES = 9
_AT_ONCE = 1000
# what may touch, and what does
_CLOSE_M, _HAIR_M = 2e-6, 1e-9


def find_order(things: Things, parameters: Parameters, rows: Ints | None = None) -> Rows:
    """Kind 8, clause 4.1.4: a planned line and a line beside it stand in another order from the building
    outward.

    ``measured`` is how much farther from the building the line is that ought to be nearer.
    """
    rank = ranks(things)
    i, j = _beside(things, parameters, rank, rows)
    found = stretches(things.chains, things.chains, i, j, np.full(len(i), parameters.order_within_m))
    long = found.length >= parameters.least_length_m
    i, j, found = i[long], j[long], found.where(long)
    middle = found.middles()
    beside, wall, near = _facing(things, middle, parameters)
    i, j, middle = i[beside], j[beside], middle[beside]
    far = gaps(things.chains, wall, nearest(things.chains, j, middle))
    first = rank[i] < rank[j]
    farther = np.where(first, near - far, far - near)
    wrong = farther > parameters.order_margin_m
    columns = {
        **describe(things, i, j),
        "rule": YARD,
        "clause": YARD,
        "unit": "m",
        "verdict": np.where(wrong, str(Verdict.NEEDS_REVIEW), str(Verdict.PASS)).astype(object),
        "measured": np.maximum(farther, 0.0),
        "required": 0.0,
        "provenance": "secondary",
        "length_m": lambda at: shapely.length(found.geometry(beside[at])),
        "worst": lambda at: shapely.points(middle[at]),
        "geometry": lambda at: found.geometry(beside[at]),
    }
    return draft(FindingKind.ORDER, columns, len(i))


def ranks(things: Things) -> Floats:
    """Place of each thing in the order of a courtyard, NaN where the order does not name it."""
    order = yard_order()
    family = [_family(group) for group in GROUPS]
    out = np.array([order.get(name, np.nan) for name in family])[things.group]
    drains = np.flatnonzero(things.group[: things.lines] == place_of(("S",)))
    places = [order[name] for name in _DRAINS.values()]
    number = numbered(things.kind[drains], {kind: place for place, kind in enumerate(_DRAINS)})
    out[drains] = np.array([*places, order["S(foul)"]])[number]
    return out


@cache
def yard_order() -> dict[str, int]:
    """From the building outward: what clause 4.1.4 recommends, by family (``E``, ``T``, ``S(foul)`` …)."""
    row = next(row for row in read_table("order") if row["clause"] == YARD)
    return {name: place for place, name in enumerate(row["order"].split())}


def _family(group: tuple[str, ...]) -> str:
    names = {re.sub(r"\d", "", code) for code in group}
    return names.pop() if len(names) == 1 else ""


def _beside(things: Things, parameters: Parameters, rank: Floats, rows: Ints | None) -> tuple[Ints, Ints]:
    """Pairs of a planned line and another line of the same yard that run the same way and differ in rank."""
    yards, _ = pd.factorize(things.community[: things.lines])
    rank = rank[: things.lines]
    ranked = ~np.isnan(rank) & (yards >= 0)
    asked = np.flatnonzero(ranked & things.planned[: things.lines]) if rows is None else rows[ranked[rows]]
    if not len(asked):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    owner = np.nan_to_num(rank).astype(np.int64)
    a, j = near_pairs(
        things.chains.take(asked),
        things.chains.head(things.lines),
        np.array([[parameters.order_within_m, -1.0]]),
        traits_a=Traits(owner=owner[asked]),
        traits_b=Traits(owner=owner, group=(~ranked).astype(np.int64)),
    )
    i = asked[a]
    keep = yards[i] == yards[j]
    i, j = i[keep], j[keep]
    keep = _same_way(things, i, j)
    twice = np.flatnonzero(keep & things.planned[j])
    keep[twice] = things.ids[j[twice]] >= things.ids[i[twice]]
    return i[keep], j[keep]


def _same_way(things: Things, i: Ints, j: Ints) -> Bools:
    shapes = things.chains
    first, last = shapes.part[shapes.shape[:-1]], shapes.part[shapes.shape[1:]] - 1
    one, two = shapes.xy[last[i]] - shapes.xy[first[i]], shapes.xy[last[j]] - shapes.xy[first[j]]
    one, two = (way / np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None] for way in (one, two))
    return np.asarray(np.abs((one * two).sum(axis=1)) >= _PARALLEL)


def _facing(things: Things, spots: Floats, parameters: Parameters) -> tuple[Ints, Ints, Floats]:
    """Which spots have a building near enough, the nearest one, and how far it is."""
    walls = np.flatnonzero(things.layer == "buildings")
    spot, place = near_pairs(points(spots), things.chains.take(walls), parameters.order_from_building_m)
    wall, far = walls[place], gaps(things.chains, walls[place], spots[spot])
    # of two that are equally near the western one: the order of rows tells nothing
    west, south, *_ = shapely.bounds(things.shapes[wall]).T
    order = np.lexsort((south, west, far, spot))
    chosen = order[np.flatnonzero(np.diff(spot[order], prepend=-1))]
    return spot[chosen], wall[chosen], far[chosen]


def find_narrow_yards(
    things: Things, limits: Limits, parameters: Parameters, rows: Ints | None = None
) -> Rows:
    """Kind 8, rule ``stack``: the widest gap that a yard has is too narrow for the lines that cross it.

    A section across each long planned line from wall to wall. ``measured`` is its width, ``required`` the
    least
    width of the stack: clearances and known outer sizes in the best order. One finding per community, at its
    worst section.
    """
    if rows is None:
        rows = np.flatnonzero(things.planned)
    rows = rows[
        (shapely.length(things.shapes[rows]) >= parameters.least_length_m) & given(things.community[rows])
    ]
    walls = np.flatnonzero(things.layer == "buildings")
    if not len(rows) or not len(walls):
        return NOTHING
    number, section = _sections(things, rows, walls, parameters)
    rows = rows[number]
    which, line = near_pairs(section, things.chains.head(things.lines), 0.0)
    width = shapely.length(section)
    need = _stacks(things, limits, which, line, len(section))
    court, _ = pd.factorize(things.community[rows])
    order = np.lexsort((rows, width - need, court))
    worst = order[np.flatnonzero(np.diff(court[order], prepend=-1))]
    narrow = need[worst] > width[worst] + parameters.tolerance_m
    columns = {
        "rule": STACK,
        "clause": YARD,
        "unit": "m",
        "thing_a": things.community[rows[worst]],
        "layer_a": "communities",
        "community": things.community[rows[worst]],
        "verdict": np.where(narrow, str(Verdict.NEEDS_REVIEW), str(Verdict.PASS)).astype(object),
        "measured": width[worst],
        "required": need[worst],
        "provenance": "secondary",
        "worst": shapely.line_interpolate_point(section[worst], 0.5, normalized=True),
        "geometry": section[worst],
    }
    return draft(FindingKind.ORDER, columns, len(worst))


def _sections(things: Things, rows: Ints, walls: Ints, parameters: Parameters) -> tuple[Ints, Shapes]:
    """Segments across the middle of lines from the nearest wall on one side to that on the other."""
    first, middle, last = (places_along(things.shapes[rows], share) for share in (0.49, 0.5, 0.51))
    way = last - first
    normal = (
        np.stack([-way[:, 1], way[:, 0]], axis=1) / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None]
    )
    beside = things.chains.take(walls)
    hits = [
        _to_walls(beside, middle, middle + side * parameters.yard_width_m * normal) for side in (1.0, -1.0)
    ]
    good = np.flatnonzero(np.isfinite(hits[0]) & np.isfinite(hits[1]) & (hits[0] > 0) & (hits[1] > 0))
    left = middle[good] + hits[0][good, None] * normal[good]
    right = middle[good] - hits[1][good, None] * normal[good]
    return good.astype(np.int64), np.asarray(shapely.linestrings(np.stack([left, right], axis=1)))


def _to_walls(walls: Chains, start: Floats, end: Floats) -> Floats:
    """How far it is along each way from ``start`` to ``end`` to the first of the walls, 0 where it starts in
    one, infinite where there is none."""
    rays = segments(start, end)
    # only boundaries count: a way that starts inside a wall meets its boundary, if it leaves it at all
    ray, wall = near_pairs(rays, replace(walls, areal=np.zeros(len(walls), dtype=bool)), _CLOSE_M)
    met = touches(rays, walls, ray, wall, _HAIR_M)
    way = met.xy - start[ray[met.pair]]
    first = np.full(len(start), np.inf)
    np.minimum.at(first, ray[met.pair], np.sqrt(way[:, 0] ** 2 + way[:, 1] ** 2))
    first[ray[gaps(walls, wall, start[ray]) == 0]] = 0.0
    return first


def _stacks(things: Things, limits: Limits, section: Ints, line: Ints, count: int) -> Floats:
    """Least width in metres in which the lines of each section can lie between two buildings."""
    group, half = things.group[line], np.nan_to_num(things.half[line])
    order = np.lexsort((half, group, section))
    begin = np.searchsorted(section[order], np.arange(count + 1)).tolist()
    ordered = group[order].tobytes()
    keys = np.array([ordered[8 * low : 8 * high] for low, high in pairwise(begin)], dtype=object)
    key, stacks = pd.factorize(keys)
    known = _widths(limits)
    new = [stack for stack in stacks if stack not in known]
    known.update(zip(new, _least_widths(limits, new), strict=True))
    least = np.array([known[stack] for stack in stacks])
    outer = np.bincount(section[order], weights=half[order], minlength=count)
    return np.asarray(least[key] + 2 * outer)


@lru_cache(maxsize=4)
def _widths(limits: Limits) -> dict[bytes, float]:
    """Least widths already known, by the groups of the lines."""
    return {}


def _least_widths(limits: Limits, stacks: list[bytes]) -> Floats:
    """The gaps of each stack of groups between two walls, outer sizes not counted."""
    codes = np.arange(len(GROUPS))
    gaps = limits.horizontal_of(np.repeat(codes, len(codes)), np.tile(codes, len(codes))).low
    table, wall = gaps.reshape(len(codes), -1), place_of(("B",))
    members = [np.array([wall, *np.frombuffer(stack, dtype=np.int64)]) for stack in stacks]
    sizes, out = np.array([len(each) for each in members]), np.zeros(len(stacks))
    for size in np.unique(sizes[sizes > 1]):
        same = np.flatnonzero(sizes == size)
        for part in np.array_split(same, len(same) // _AT_ONCE + 1):
            rows = np.stack([members[stack] for stack in part])
            out[part] = _shortest(table[rows[:, :, None], rows[:, None, :]])
    return out


def _shortest(gaps: Floats) -> Floats:
    """Least sum of gaps over every order of the lines 1.. between two walls 0 (in the given order past
    nine); ``gaps`` is (n, lines + 1, lines + 1)."""
    count = gaps.shape[1] - 1
    if count > _MOST_LINES:
        ring = np.array([*range(count + 1), 0])
        return np.asarray(np.cumsum(gaps[:, ring[:-1], ring[1:]], axis=1)[:, -1])
    best = np.full((len(gaps), 1 << count, count), np.inf)
    for line in range(count):
        best[:, 1 << line, line] = gaps[:, 0, line + 1]
    for laid in range(1, 1 << count):
        reached = (best[:, laid, :, None] + gaps[:, 1:, 1:]).min(axis=1)
        for line in range(count):
            if not laid & (1 << line):
                row = best[:, laid | 1 << line, line]
                np.minimum(row, reached[:, line], out=row)
    return np.asarray((best[:, -1] + gaps[:, 1:, 0]).min(axis=1))
