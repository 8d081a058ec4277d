"""Where lines cross or join: what that exempts from the horizontal table, and the vertical table at
crossings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Floats, Ints, Shapes, ranges
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.limits import VERTICAL, Limits
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import SNAP_M, touches
from geo.coordination.things import Things, describe
from geo.shapes import spots
from geo.vocabulary import FindingKind, Verdict

_FLATTEST_ENTRY = 0.2


@dataclass(frozen=True, eq=False)
class Places:
    """Places where thing i and thing j cross or join; ``joint`` where they belong together there.

    ``sine`` of the angle, 1 where two ends meet straight on; ``along_i``, ``along_j`` the fraction of the
    length.
    """

    i: Ints
    j: Ints
    xy: Floats
    sine: Floats
    along_i: Floats
    along_j: Floats
    joint: Bools


def places(things: Things, i: Ints, j: Ints) -> Places:
    """Every place where the things i (lines) and j (lines and kerbs) of near pairs cross or join.

    A joint is where the one is connected to the other, where an end of a line of one owner and utility meets
    another of them, or where a connection to a main that goes meets the line that takes its place.
    """
    found = touches(things.chains, things.chains, i, j)
    of_i, of_j = i[found.pair], j[found.pair]
    joined = (things.connects[of_i] == of_j) | (things.connects[of_j] == of_i)
    same = things.series[of_i] == things.series[of_j]
    end = np.asarray(found.end_a | found.end_b)
    sine = np.where(found.sine > 0, found.sine, 1.0)
    joint = ((joined | same) & end) | (same & (_inherits(things, of_i, of_j) | _inherits(things, of_j, of_i)))
    return Places(of_i, of_j, found.xy, sine, found.along_a, found.along_b, joint)


def _inherits(things: Things, new: Ints, branch: Ints) -> Bools:
    """Whether ``new`` replaces a main and ``branch`` is connected to one that goes."""
    main = things.connects[branch]
    return (things.replaces[new] >= 0) & (main >= 0) & things.leaving[main]


@dataclass(frozen=True, eq=False)
class Discs:
    """What is exempt: circles (x, y, r) of pairs, sorted by ``pair``, and the reason."""

    pair: Ints
    circles: Floats
    joint: Bools


def discs(things: Things, at: Places, i: Ints, j: Ints, radius: Floats) -> Discs:
    """The discs of the pairs (i, j) whose limit, centre to centre, is ``radius``.

    Around each crossing, and around each joint, the approach: radius / sin(angle). Where a line goes on in
    another of its series (survey segments stay segments), the crossings of the next segment count for it
    too. The last stretch of a house connection and of a branch, around the end that enters.
    """
    near_i, near_j, source = _with_neighbours(things, at, float(radius.max(initial=0.0)))
    pair = _pair_of(i, j, near_i, near_j, len(things))
    known = pair >= 0
    pair, source = pair[known], source[known]
    reach = radius[pair] / at.sine[source]
    circles = np.column_stack([at.xy[source], reach])
    more_pair, more_circles = _entries(things, i, j, radius)
    pair = np.concatenate([pair, more_pair])
    order = np.argsort(pair, kind="stable")
    joint = np.concatenate([at.joint[source], np.ones(len(more_pair), dtype=bool)])
    return Discs(pair[order], np.concatenate([circles, more_circles])[order], joint[order])


def _pair_of(i: Ints, j: Ints, near_i: Ints, near_j: Ints, count: int) -> Ints:
    """The number of the pair (i, j) that is (near_i, near_j) either way round, -1 where there is none."""
    key = i * count + j
    order = np.argsort(key)
    out = np.full(len(near_i), -1, dtype=np.int64)
    if not len(key):
        return out
    for wanted in (near_j * count + near_i, near_i * count + near_j):
        slot = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
        hit = key[order][slot] == wanted
        out[hit] = order[slot[hit]]
    return out


def _with_neighbours(things: Things, at: Places, radius: float) -> tuple[Ints, Ints, Ints]:
    """Pairs that a place counts for: its own two lines, and the segments in which either goes on near it."""
    start, neighbour = _next_segments(things)
    reach = radius / at.sine
    spot = spots(at.xy)
    first, source = _spread(things, at.i, spot, reach, start, neighbour)
    second, of_second = _spread(things, at.j, spot, reach, start, neighbour)
    begin = np.searchsorted(of_second, np.arange(len(at.i) + 1))
    inner, offsets = ranges(begin[source].astype(np.int64), begin[source + 1].astype(np.int64))
    repeats = np.diff(offsets)
    return np.repeat(first, repeats), second[inner], np.repeat(source, repeats)


def _spread(
    things: Things, rows: Ints, spot: Shapes, reach: Floats, start: Ints, neighbour: Ints
) -> tuple[Ints, Ints]:
    """Lines reached from ``rows`` segment by segment within ``reach`` of each place, and the place of
    each."""
    source = np.arange(len(rows), dtype=np.int64)
    seen = source * len(things) + rows
    front_source, front = source, rows
    while len(front):
        inner, offsets = ranges(start[front], start[front + 1])
        next_source, following = np.repeat(front_source, np.diff(offsets)), neighbour[inner]
        key = np.unique(next_source * len(things) + following)
        key = key[~np.isin(key, seen)]
        next_source, following = key // len(things), key % len(things)
        near = shapely.distance(spot[next_source], things.shapes[following]) <= reach[next_source]
        front_source, front = next_source[near], following[near]
        seen = np.concatenate([seen, key[near]])
    seen = np.sort(seen)
    return seen % len(things), seen // len(things)


def _next_segments(things: Things) -> tuple[Ints, Ints]:
    """CSR: for each thing the lines of its series that share an end with it (to the millimetre)."""
    rows = np.arange(things.lines, dtype=np.int64)
    chains = things.chains
    first, last = chains.part[chains.shape[:-1][rows]], chains.part[chains.shape[1:][rows]] - 1
    ends = np.concatenate([chains.xy[first], chains.xy[last]])
    table = pd.DataFrame(np.round(ends / SNAP_M).astype(np.int64), columns=["x", "y"])
    table["series"] = np.tile(things.series[rows], 2)
    knot = table.groupby(["x", "y", "series"], sort=False).ngroup().to_numpy()
    both = np.tile(rows, 2)
    order = np.argsort(knot, kind="stable")
    knots, members = knot[order], both[order]
    size = np.bincount(knots)
    begin = np.concatenate([[0], np.cumsum(size)])
    busy = size[knots] > 1
    low, high = begin[knots[busy]].astype(np.int64), begin[knots[busy] + 1].astype(np.int64)
    inner, offsets = ranges(low, high)
    owner, neighbour = np.repeat(members[busy], np.diff(offsets)), members[inner]
    differ = owner != neighbour
    owner, neighbour = owner[differ], neighbour[differ]
    by_owner = np.argsort(owner, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(things)))]).astype(np.int64)
    return start, neighbour[by_owner]


def _entries(things: Things, i: Ints, j: Ints, radius: Floats) -> tuple[Ints, Floats]:
    """Discs around the end of a line that serves building j, or that is connected to line j."""
    pairs, circles = [], []
    for a, b in ((i, j), (j, i)):
        enters = np.flatnonzero((things.serves[a] == b) | (things.connects[a] == b))
        if len(enters):
            pairs.append(enters)
            circles.append(_end_discs(things.shapes[a[enters]], things.shapes[b[enters]], radius[enters]))
    if not pairs:
        return np.empty(0, np.int64), np.empty((0, 3))
    return np.concatenate(pairs), np.concatenate(circles)


def _end_discs(lines: np.ndarray, into: np.ndarray, radius: Floats) -> Floats:
    """Around the end that is nearer: as far as a straight approach at its angle stays within ``radius``."""
    ends = (
        shapely.line_interpolate_point(lines, 0.0),
        shapely.line_interpolate_point(lines, 1.0, normalized=True),
    )
    gaps = shapely.distance(ends[0], into), shapely.distance(ends[1], into)
    at_start = gaps[0] <= gaps[1]
    end, gap = np.where(at_start, ends[0], ends[1]), np.where(at_start, gaps[0], gaps[1])
    step = np.minimum(np.maximum(radius, 0.1), shapely.length(lines))
    along = np.where(at_start, step, shapely.length(lines) - step)
    back = shapely.line_interpolate_point(lines, along)
    way = np.maximum(shapely.distance(back, end), 1e-9)
    sine = np.clip((shapely.distance(back, into) - gap) / way, _FLATTEST_ENTRY, 1.0)
    return np.column_stack([shapely.get_x(end), shapely.get_y(end), radius / sine])


def find_vertical(things: Things, at: Places, limits: Limits, parameters: Parameters) -> Rows:
    """Findings of kind 2: one per pair of lines that cross, at the crossing with the least clearance.

    The clearance is from the underside of the upper line to the top of the lower one, each depth
    interpolated by
    length over the whole line. It fails when it is too small whatever a missing depth or height may be,
    and is unknown when it may be.
    """
    crossing = ~at.joint & things.is_line[at.i] & things.is_line[at.j]
    i, j = at.i[crossing], at.j[crossing]
    least, most = _clearance(things, i, j, at.along_i[crossing], at.along_j[crossing])
    found = limits.vertical_of(things.group[i], things.group[j])
    tolerance = parameters.tolerance_m
    fails = most < found.low - tolerance
    passes = least >= found.high - tolerance
    verdict = np.where(fails, Verdict.FAIL, np.where(passes, Verdict.PASS, Verdict.UNKNOWN)).astype(object)
    verdict[~found.applies] = Verdict.NOT_APPLICABLE
    reason = exemption(things, i, j)
    verdict[reason != ""] = Verdict.EXEMPT
    rows = pd.DataFrame(
        {
            "i": i,
            "j": j,
            "verdict": verdict.astype(str),
            "reason": reason,
            "row": found.row,
            "measured": np.where(
                np.isfinite(most), np.where(fails, most, np.where(np.isfinite(least), least, np.nan)), np.nan
            ),
            "required": np.where(fails, found.low, found.high),
            "short": np.where(np.isfinite(most), most, np.inf),
            "x": at.xy[crossing, 0],
            "y": at.xy[crossing, 1],
        }
    )
    return _one_per_pair(things, rows, limits)


def _one_per_pair(things: Things, rows: pd.DataFrame, limits: Limits) -> Rows:
    """The worst verdict of each pair at the worst of its crossings; all of its crossings as geometry."""
    rank = {
        Verdict.FAIL: 0,
        Verdict.UNKNOWN: 1,
        Verdict.PASS: 2,
        Verdict.EXEMPT: 3,
        Verdict.NOT_APPLICABLE: 4,
    }
    rows["rank"] = rows["verdict"].map({str(verdict): place for verdict, place in rank.items()})
    rows = rows.sort_values(["i", "j", "rank", "short", "x", "y"], kind="stable").reset_index(drop=True)
    lead = ~rows.duplicated(["i", "j"])
    if rows.empty:
        return NOTHING
    number = lead.cumsum().to_numpy() - 1
    rank_of = rows["rank"].to_numpy()
    same = rank_of == rank_of[lead.to_numpy()][number]
    worst = spots(rows[["x", "y"]].to_numpy(dtype=np.float64))
    all_of: Any = shapely.multipoints(worst[same], indices=number[same])
    single: Any = shapely.get_geometry(all_of, 0)
    places_of = np.where(shapely.get_num_geometries(all_of) == 1, single, all_of)
    first = rows[lead]
    provenance, reference = sources(limits.vertical, first["row"].to_numpy(dtype=np.int64))
    columns = {
        **describe(things, first["i"].to_numpy(), first["j"].to_numpy()),
        **{name: first[name].to_numpy() for name in ("verdict", "reason", "measured", "required")},
        "rule": VERTICAL,
        "clause": VERTICAL,
        "unit": "m",
        "provenance": provenance,
        "reference": reference,
        "worst": worst[lead.to_numpy()],
        "geometry": places_of,
    }
    return draft(FindingKind.VERTICAL, columns, len(first))


def sources(table: pd.DataFrame, row: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Provenance and reference of rows of a table; no provenance at all for a pair that it does not have."""
    known = row >= 0
    out = []
    for name in ("provenance", "reference"):
        values = table[name].to_numpy(dtype=object)[np.maximum(row, 0)]
        out.append(np.where(known, values, "none" if name == "provenance" else ""))
    return out[0], out[1]


def exemption(things: Things, i: Ints, j: Ints) -> np.ndarray:
    """Why a pair is no clash at all, or ``""``: one replaces the other, or is gone before the other is
    laid."""
    replaced = (things.replaces[i] == j) | (things.replaces[j] == i)
    gone = (things.gone[j] < things.start[i]) | (things.gone[i] < things.start[j])
    return np.where(replaced, "replaced", np.where(gone, "gone_before", "")).astype(object)


def _clearance(things: Things, i: Ints, j: Ints, along_i: Floats, along_j: Floats) -> tuple[Floats, Floats]:
    """Least and greatest clearance that the known figures leave open; both equal where all are known."""
    tops, bottoms = [], []
    for rows, along in ((i, along_i), (j, along_j)):
        top, bottom = extents(_depth(things, rows, along), things.invert[rows], things.height[rows])
        tops.append(top)
        bottoms.append(bottom)
    greatest = np.maximum(tops[0][1] - bottoms[1][0], tops[1][1] - bottoms[0][0])
    least = np.maximum(tops[0][0] - bottoms[1][1], tops[1][0] - bottoms[0][1])
    return least, greatest


def _depth(things: Things, rows: Ints, along: Floats) -> Floats:
    """Depth at a fraction of the length; at an end only that end has to be known."""
    first, last = things.depth[rows, 0], things.depth[rows, 1]
    between = first + (last - first) * along
    return np.asarray(np.where(along <= 0, first, np.where(along >= 1, last, between)))


def extents(
    depth: Floats, invert: Bools, height: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Depth of top and of underside, each as (least, greatest) that it may be; metres below the ground.

    An invert is taken as the underside, a top as the top; the outer height lies between them.
    """
    known_depth, known_height = ~np.isnan(depth), ~np.isnan(height)
    d, h = np.nan_to_num(depth), np.nan_to_num(height)
    top = np.where(invert, d - h, d)
    bottom = np.where(invert, d, d + h)
    top_low = np.where(known_depth & (known_height | ~invert), top, -np.inf)
    top_high = np.where(known_depth, top, np.inf)
    bottom_low = np.where(known_depth, bottom, -np.inf)
    bottom_high = np.where(known_depth & (known_height | invert), bottom, np.inf)
    return (top_low, top_high), (bottom_low, bottom_high)
