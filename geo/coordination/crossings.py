"""Where lines cross or join: what that exempts from the horizontal table, and the vertical table at
crossings."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination import machine
from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes
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
    joint |= _same_knot(things, of_i, of_j, found.xy, joined & end)
    return Places(of_i, of_j, found.xy, sine, found.along_a, found.along_b, joint)


def _same_knot(things: Things, i: Ints, j: Ints, xy: Floats, joined: Bools) -> Bools:
    """Where a line joins a main at a knot, the main's next segment that begins there is part of the joint."""
    if not joined.any():
        return joined
    at, out = knots(xy), joined.copy()
    series = things.series - things.series.min()
    for branch, main in ((i, j), (j, i)):
        here, _ = pd.factorize(at * len(things) + branch)
        key = here * (series.max() + 1) + series[main]
        out |= np.isin(key, key[joined & (things.connects[branch] == main)])
    return out


def knots(xy: Floats) -> Ints:
    """A number for each place, the same for places in one cell of a grid of ``SNAP_M``."""
    cell = np.round(xy / SNAP_M)
    codes, _ = pd.factorize(cell[:, 0] + 1j * cell[:, 1])
    return codes.astype(np.int64)


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
    if not len(i):
        return Discs(i, np.empty((0, 3)), np.empty(0, dtype=bool))
    pair, source = _counting(things, at, i, j, float(radius.max(initial=0.0)))
    reach = radius[pair] / at.sine[source]
    circles = np.column_stack([at.xy[source], reach])
    more_pair, more_circles = _entries(things, i, j, radius)
    pair = np.concatenate([pair, more_pair])
    order = np.argsort(pair, kind="stable")
    joint = np.concatenate([at.joint[source], np.ones(len(more_pair), dtype=bool)])
    return Discs(pair[order], np.concatenate([circles, more_circles])[order], joint[order])


def _counting(things: Things, at: Places, i: Ints, j: Ints, radius: float) -> tuple[Ints, Ints]:
    """The pairs (i, j) that a place counts for, and the place of each: the place's own two lines, and the
    segments in which either goes on near it."""
    begin, following = things.keep("next", lambda: next_segments(things.series, things.chains, things.lines))
    both, other = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.argsort(both, kind="stable")
    start = np.searchsorted(both[order], np.arange(len(things) + 1)).astype(np.int64)
    chains = things.chains
    found: tuple[Ints, Ints] = machine.code(machine.APPROACHES).approaches(
        at.i, at.j, np.ascontiguousarray(at.xy), radius / at.sine, begin, following,
        np.ascontiguousarray(chains.xy), chains.part, chains.shape,
        start, other[order], order % max(len(i), 1),
    )  # fmt: skip
    return found


def next_segments(series: Ints, chains: Chains, lines: int) -> tuple[Ints, Ints]:
    """The lines of each thing's series that share an end with it (to the millimetre), and where each thing's
    begin among them (first)."""
    parts = chains.shape[: lines + 1]
    ends = np.hstack([chains.xy[chains.part[parts[:-1]]], chains.xy[chains.part[parts[1:]] - 1]])
    cells = np.round(ends / SNAP_M).astype(np.int64)
    begin, following = machine.code(machine.APPROACHES).goes_on(cells, np.ascontiguousarray(series[:lines]))
    return np.concatenate([begin, np.full(len(series) - lines, begin[-1])]), following


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
    least_known = np.where(np.isfinite(least), least, np.nan)
    rows = {
        "i": i,
        "j": j,
        "verdict": verdict,
        "reason": reason,
        "row": found.row,
        "measured": np.where(np.isfinite(most), np.where(fails, most, least_known), np.nan),
        "required": np.where(fails, found.low, found.high),
        "short": np.where(np.isfinite(most), most, np.inf),
        "x": at.xy[crossing, 0],
        "y": at.xy[crossing, 1],
    }
    return _one_per_pair(things, rows, limits)


_RANK = {
    str(verdict): place
    for place, verdict in enumerate(
        (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.EXEMPT, Verdict.NOT_APPLICABLE)
    )
}


def _one_per_pair(things: Things, rows: dict[str, np.ndarray], limits: Limits) -> Rows:
    """The worst verdict of each pair at the worst of its crossings; all of its crossings as geometry."""
    if not len(rows["i"]):
        return NOTHING
    rank = np.array([_RANK[str(verdict)] for verdict in rows["verdict"]])
    order = np.lexsort((rows["y"], rows["x"], rows["short"], rank, rows["j"], rows["i"]))
    rows, rank = {name: values[order] for name, values in rows.items()}, rank[order]
    lead = np.concatenate([[True], (np.diff(rows["i"]) != 0) | (np.diff(rows["j"]) != 0)])
    number = np.cumsum(lead) - 1
    same = rank == rank[lead][number]
    xy = np.column_stack([rows["x"], rows["y"]])
    first = {name: values[lead] for name, values in rows.items()}

    def all_of(at: Ints) -> Shapes:
        place = np.full(len(first["i"]), -1, dtype=np.int64)
        place[at] = np.arange(len(at))
        ours = np.flatnonzero(same & (place[number] >= 0))
        several: Any = shapely.multipoints(spots(xy[ours]), indices=place[number[ours]])
        single: Any = shapely.get_geometry(several, 0)
        return np.asarray(np.where(shapely.get_num_geometries(several) == 1, single, several))

    columns = {
        **describe(things, first["i"], first["j"]),
        **{name: first[name] for name in ("verdict", "reason", "measured", "required")},
        "rule": VERTICAL,
        "clause": VERTICAL,
        "unit": "m",
        **sources(limits.vertical, first["row"]),
        "worst": lambda at: spots(xy[lead][at]),
        "geometry": all_of,
    }
    return draft(FindingKind.VERTICAL, columns, len(first["i"]))


def sources(table: pd.DataFrame, row: Ints) -> dict[str, Any]:
    """Provenance and reference of rows of a table, as functions of those asked for; no provenance at all for
    a pair that it does not have."""

    def of(name: str, none: str, at: Ints) -> np.ndarray:
        values = table[name].to_numpy(dtype=object)[np.maximum(row[at], 0)]
        return np.where(row[at] >= 0, values, none)

    return {
        "provenance": partial(of, "provenance", "none"),
        "reference": partial(of, "reference", ""),
    }


def exemption(things: Things, i: Ints, j: Ints) -> np.ndarray:
    """Why a pair is no clash at all, or ``""``: one replaces the other, or is gone before the other is
    laid.

    A line names one segment that it replaces; the others of that main in its yard are on their way out with
    it.
    """
    replaced = (things.replaces[i] == j) | (things.replaces[j] == i)
    run = (things.leaving[j] & (things.replaces[i] >= 0)) | (things.leaving[i] & (things.replaces[j] >= 0))
    run &= things.series[i] == things.series[j]
    rows = np.flatnonzero(run & ~replaced)
    replaced[rows] = things.community[i[rows]] == things.community[j[rows]]
    gone = (things.gone[j] < things.start[i]) | (things.gone[i] < things.start[j])
    reasons = np.array(["", "gone_before", "replaced"], dtype=object)
    return np.asarray(reasons[np.where(replaced, 2, gone.astype(np.int64))])


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
