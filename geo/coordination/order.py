"""The order of lines in a yard, and yards too narrow for the stack of lines that they are to hold."""

import re
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Floats, Ints, Shapes
from geo.coordination.classes import GROUPS, place_of
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.limits import Limits
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import stretches
from geo.coordination.things import Things, describe, given
from geo.kinds import read_table
from geo.shapes import along, segments, spots
from geo.vocabulary import FindingKind, Verdict

YARD = "4.1.4"
STACK = "stack"
_DRAINS = {"WS": "S(foul)", "HS": "S(foul)", "YS": "S(storm)"}
_PARALLEL = 0.9
_MOST_LINES = 9


def find_order(things: Things, parameters: Parameters, rows: Ints | None = None) -> Rows:
    """Kind 8, clause 4.1.4: a planned line and a line beside it stand in another order from the building
    outward.

    ``measured`` is how much farther from the building the line is that ought to be nearer.
    """
    rank = ranks(things)
    i, j = _beside(things, parameters, rank, rows)
    found = stretches(things.chains, things.chains, i, j, np.full(len(i), parameters.order_within_m))
    long = found.length >= parameters.least_length_m
    i, j, runs = i[long], j[long], found.geometry()[long]
    middle = shapely.line_interpolate_point(shapely.get_geometry(runs, 0), 0.5, normalized=True)
    beside, wall = _facing(things, middle, parameters)
    i, j, runs, middle = i[beside], j[beside], runs[beside], middle[beside]
    opposite = shapely.get_point(shapely.shortest_line(middle, things.shapes[j]), 1)
    near, far = shapely.distance(middle, wall), shapely.distance(opposite, wall)
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
        "length_m": shapely.length(runs),
        "worst": middle,
        "geometry": runs,
    }
    return draft(FindingKind.ORDER, columns, len(i))


def ranks(things: Things) -> Floats:
    """Place of each thing in the order of a courtyard, NaN where the order does not name it."""
    order = yard_order()
    family = [_family(group) for group in GROUPS]
    out = np.array([order.get(name, np.nan) for name in family])[things.group]
    drains = np.flatnonzero(things.group[: things.lines] == place_of(("S",)))
    out[drains] = [order[_DRAINS.get(str(kind), "S(foul)")] for kind in things.kind[drains]]
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
    ranked = ~np.isnan(rank[: things.lines]) & (yards >= 0)
    lines = np.flatnonzero(ranked)
    asked = np.flatnonzero(ranked & things.planned[: things.lines]) if rows is None else rows[ranked[rows]]
    if not len(asked):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    chains = things.chains
    a, b = near_pairs(
        chains.take(asked),
        chains.take(lines),
        parameters.order_within_m,
        traits_a=Traits(owner=rank[asked].astype(np.int64)),
        traits_b=Traits(owner=rank[lines].astype(np.int64)),
    )
    i, j = asked[a], lines[b]
    keep = (yards[i] == yards[j]) & ~(
        things.planned[j] & (things.ids[j].astype(str) < things.ids[i].astype(str))
    )
    keep &= _same_way(things, i, j)
    return i[keep], j[keep]


def _same_way(things: Things, i: Ints, j: Ints) -> Bools:
    shapes = things.chains
    first, last = shapes.part[shapes.shape[:-1]], shapes.part[shapes.shape[1:]] - 1
    way = shapes.xy[last] - shapes.xy[first]
    way = way / np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None]
    return np.asarray(np.abs((way[i] * way[j]).sum(axis=1)) >= _PARALLEL)


def _facing(things: Things, spots: Shapes, parameters: Parameters) -> tuple[Ints, Shapes]:
    """Which spots have a building near enough, and that building."""
    walls = things.shapes[things.layer == "buildings"]
    if not len(walls) or not len(spots):
        return np.empty(0, np.int64), np.empty(0, dtype=object)
    spot, wall = shapely.STRtree(walls).query_nearest(
        spots, max_distance=parameters.order_from_building_m, all_matches=False
    )
    return spot.astype(np.int64), walls[wall]


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
    walls = things.shapes[things.layer == "buildings"]
    if not len(rows) or not len(walls):
        return NOTHING
    number, section = _sections(things.shapes[rows], walls, parameters)
    rows = rows[number]
    which, line = shapely.STRtree(things.shapes[: things.lines]).query(section, predicate="intersects")
    across = pd.DataFrame({"section": which, "line": line})
    width = shapely.length(section)
    need = np.zeros(len(section))
    gaps: dict[tuple[int, ...], float] = {}
    for part in across.groupby("section"):
        need[part[1]["section"].iloc[0]] = _stack(things, limits, part[1]["line"].to_numpy(), gaps)
    table = pd.DataFrame(
        {"row": rows, "community": things.community[rows], "short": need - width}
    ).sort_values(["community", "short", "row"], ascending=[True, False, True])
    worst = table[~table["community"].duplicated()].index.to_numpy()
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


def _sections(lines: Shapes, walls: Shapes, parameters: Parameters) -> tuple[Ints, Shapes]:
    """Segments across the middle of lines from the nearest wall on one side to that on the other."""
    ends = [shapely.get_coordinates(along(lines, share)) for share in (0.49, 0.5, 0.51)]
    way = ends[2] - ends[0]
    normal = (
        np.stack([-way[:, 1], way[:, 0]], axis=1) / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None]
    )
    tree, hits = shapely.STRtree(walls), []
    for side in (1.0, -1.0):
        rays = segments(ends[1], ends[1] + side * parameters.yard_width_m * normal)
        ray, wall = tree.query(rays, predicate="intersects")
        gap = shapely.distance(spots(ends[1][ray]), shapely.intersection(rays[ray], walls[wall]))
        nearest = np.full(len(lines), np.inf)
        np.minimum.at(nearest, ray, gap)
        hits.append(nearest)
    good = np.flatnonzero(np.isfinite(hits[0]) & np.isfinite(hits[1]) & (hits[0] > 0) & (hits[1] > 0))
    left = ends[1][good] + hits[0][good, None] * normal[good]
    right = ends[1][good] - hits[1][good, None] * normal[good]
    return good.astype(np.int64), segments(left, right)


def _stack(things: Things, limits: Limits, lines: Ints, known: dict[tuple[int, ...], float]) -> float:
    """Least width in metres in which the lines can lie between two buildings; ``known`` gaps are kept."""
    key = tuple(np.sort(things.group[lines]).tolist())
    if key not in known:
        groups = np.array([place_of(("B",)), *key])
        a, b = np.meshgrid(groups, groups, indexing="ij")
        known[key] = _shortest(limits.horizontal_of(a.ravel(), b.ravel()).low.reshape(a.shape))
    return known[key] + 2 * float(np.nan_to_num(things.half[lines]).sum())


def _shortest(gaps: Floats) -> float:
    """Least sum of gaps over every order of the lines 1.. between two walls 0 (in the given order past
    nine)."""
    count = len(gaps) - 1
    if count > _MOST_LINES:
        ring = [0, *range(1, count + 1), 0]
        return float(sum(gaps[one, two] for one, two in pairwise(ring)))
    best = np.full((1 << count, count), np.inf)
    for line in range(count):
        best[1 << line, line] = gaps[0, line + 1]
    for laid in range(1, 1 << count):
        for line in range(count):
            if laid & (1 << line):
                continue
            reached = (best[laid] + gaps[1:, line + 1]).min()
            best[laid | 1 << line, line] = min(best[laid | 1 << line, line], reached)
    return float((best[-1] + gaps[1:, 0]).min()) if count else 0.0
