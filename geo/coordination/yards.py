"""What adds up in one community: many small digs of one owner, and every gate blocked on one day."""

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Floats, Ints, Shapes
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.gates import AtGates, Shut, shut_days
from geo.coordination.pairs import EARLIEST, LATEST
from geo.coordination.parameters import Parameters
from geo.coordination.tables import Table, Texts, among, table
from geo.coordination.things import dates_of, given
from geo.coordination.trenches import Trenches
from geo.vocabulary import FindingKind, GroundKind, Verdict

GATES = "gates"
_LANE_AT_GATE_M = 3.0
_THROUGH = 0.7


def find_many_digs(digs: Trenches, parameters: Parameters) -> Rows:
    """Kind 10: small digs of one owner in one community whose number and length reach the thresholds.

    ``measured`` is their length together in metres; thing_a is the owner, thing_b the community.
    """
    length = shapely.length(digs.path)
    small = length <= digs.figures("small_dig_m", parameters)
    known = given(digs.owner) & given(digs.community)
    rows, first = _together(digs, np.flatnonzero(small & known))
    least, limit = (
        digs.figures(name, parameters)[rows[first]] for name in ("small_digs", "small_digs_total_m")
    )
    count = np.diff(first, append=len(rows))
    total = np.array([length[part].sum() for part in np.split(rows, first[1:])])
    many = (count >= least) & (total >= limit)
    kept = rows[np.repeat(many, count)]
    return _many(digs, kept, count[many], total[many], limit[many])


def _together(digs: Trenches, rows: Ints) -> tuple[Ints, Ints]:
    """The digs ``rows`` by owner and community, and where each owner and community begins among them."""
    owner, _ = pd.factorize(digs.owner[rows], sort=True)
    community, names = pd.factorize(digs.community[rows], sort=True)
    key = owner * (len(names) + 1) + community
    order = np.argsort(key, kind="stable")
    return rows[order], np.flatnonzero(np.diff(key[order], prepend=-1))


def _many(digs: Trenches, rows: Ints, count: Ints, total: Floats, limit: Floats) -> Rows:
    """Findings on digs that belong together, ``count`` of ``rows`` at a time."""
    if not len(rows):
        return NOTHING
    group, first = np.repeat(np.arange(len(count)), count), rows[np.cumsum(count) - count]
    parts, path = shapely.get_parts(digs.path[rows], return_index=True)
    shapes = shapely.multilinestrings(parts, indices=group[path])
    dated = digs.dated[rows]
    start, end = np.full(len(count), LATEST, dtype=np.int64), np.full(len(count), EARLIEST, dtype=np.int64)
    np.minimum.at(start, group[dated], digs.start[rows[dated]])
    np.maximum.at(end, group[dated], digs.end[rows[dated]])
    columns = {
        "verdict": str(Verdict.NEEDS_REVIEW),
        "thing_a": digs.owner[first],
        "thing_b": digs.community[first],
        "layer_a": "owners",
        "layer_b": "communities",
        "owner_a": digs.owner[first],
        "community": digs.community[first],
        "unit": "m",
        "measured": total,
        "required": limit,
        "provenance": "parameter",
        "reason": count.astype(str).astype(object),
        "length_m": total,
        "window_start": dates_of(start),
        "window_end": dates_of(end),
        "worst": shapely.centroid(shapes),
        "geometry": shapes,
    }
    return draft(FindingKind.MANY_DIGS, columns, len(count))


def find_blocked_gates(digs: Trenches, ground: pd.DataFrame | Table | None, parameters: Parameters) -> Rows:
    """Kind 5, rule ``gates``: days on which open trenches leave no gate of a community passable.

    A trench that runs through a gate along its lane leaves what is beside it; a gate is passable while a
    strip of ``gate_clear_m`` is left. ``measured`` is the number of such days; thing_a is the community.
    """
    rows = table(ground, "ground")
    gates = rows.take((rows.texts("kind") == GroundKind.GATE) & given(rows.texts("community")))
    if not len(gates) or not len(digs):
        return NOTHING
    shapes, width, courts = gates.shapes, gates.reals("width_m"), gates.texts("community")
    reach = np.where(np.isnan(width), parameters.gate_m, np.maximum(width / 2, 0.5))
    tree = shapely.STRtree(digs.path)
    gate, dig = tree.query(shapes, predicate="dwithin", distance=reach + digs.half.max(initial=0.0))
    near = shapely.distance(shapes[gate], digs.path[dig]) <= reach[gate] + digs.half[dig]
    near &= digs.dated[dig]
    court, names = pd.factorize(courts)
    gate, dig = _all_met(gate[near], dig[near], court)
    if not len(gate):
        return NOTHING
    low, high = _taken(shapes[gate], digs, dig, rows)
    met = AtGates(court[gate], gate, dig, reach[gate], low, high, digs.start[dig], digs.end[dig])
    return _blocked(digs, met, shut_days(met, parameters.gate_clear_m), names, shapes)


def _all_met(gate: Ints, dig: Ints, court: Ints) -> tuple[Ints, Ints]:
    """Of the gates that trenches come to, those of communities each of whose gates has one."""
    met = np.bincount(court[np.unique(gate)], minlength=court.max() + 1)
    keep = (met == np.bincount(court))[court[gate]]
    return gate[keep].astype(np.int64), dig[keep].astype(np.int64)


def _taken(gates: Shapes, digs: Trenches, dig: Ints, ground: Table) -> tuple[Floats, Floats]:
    """The part of each gate's width that a trench takes, in metres from its middle; all of it where the
    trench lies across the lane, or no lane tells."""
    low, high = np.full(len(gates), -np.inf), np.full(len(gates), np.inf)
    ways = ground.shapes[among(ground.texts("kind"), (GroundKind.LANE, GroundKind.STREET))]
    ways = ways[shapely.get_type_id(ways) == 1]
    if not len(ways) or not len(gates):
        return low, high
    spot, way = shapely.STRtree(ways).query_nearest(gates, max_distance=_LANE_AT_GATE_M, all_matches=False)
    lane = _direction(ways[way], gates[spot])
    trench = _direction(digs.path[dig[spot]], gates[spot])
    through = np.abs((lane * trench).sum(axis=1)) >= _THROUGH
    spot, lane = spot[through], lane[through]
    nearest = shapely.get_point(shapely.shortest_line(gates[spot], digs.path[dig[spot]]), 1)
    off = shapely.get_coordinates(nearest) - shapely.get_coordinates(shapely.centroid(gates[spot]))
    across = off[:, 1] * lane[:, 0] - off[:, 0] * lane[:, 1]
    low[spot], high[spot] = across - digs.half[dig[spot]], across + digs.half[dig[spot]]
    return low, high


def _direction(paths: Shapes, near: Shapes) -> Floats:
    """Unit vectors of paths where they are nearest to ``near``."""
    at = shapely.line_locate_point(paths, shapely.centroid(near))
    ends = [shapely.line_interpolate_point(paths, np.maximum(at + step, 0.0)) for step in (-0.5, 0.5)]
    way = shapely.get_coordinates(ends[1]) - shapely.get_coordinates(ends[0])
    return np.asarray(way / np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None])


def _blocked(digs: Trenches, met: AtGates, shut: Shut, names: Texts, shapes: Shapes) -> Rows:
    """One finding for each community that is shut, at its gates; ``names`` are those of the communities."""
    if not len(shut.court):
        return NOTHING
    place = np.full(len(names), -1, dtype=np.int64)
    place[shut.court] = np.arange(len(shut.court))
    gates, at = np.unique(met.gate, return_index=True)
    number = place[met.court[at]]
    gates, number = gates[number >= 0], number[number >= 0]
    order = np.argsort(number, kind="stable")
    spots = shapely.centroid(shapes[gates[order]])
    begin = np.searchsorted(number[order], np.arange(len(shut.court)))
    columns = {
        "rule": GATES,
        "verdict": str(Verdict.NEEDS_REVIEW),
        "thing_a": names[shut.court],
        "layer_a": "communities",
        "community": names[shut.court],
        "unit": "d",
        "measured": shut.days.astype(np.float64),
        "required": 0.0,
        "provenance": "parameter",
        "reason": _named(digs, place[met.court], met.dig, len(shut.court)),
        "window_start": dates_of(shut.first),
        "window_end": dates_of(shut.last),
        "worst": spots[begin],
        "geometry": shapely.multipoints(spots, indices=number[order]),
    }
    return draft(FindingKind.SAME_DAYS, columns, len(shut.court))


def _named(digs: Trenches, number: Ints, dig: Ints, count: int) -> Texts:
    """The ids of the digs of each number, once each, in order, with commas between them."""
    pairs = np.unique(number[number >= 0] * len(digs) + dig[number >= 0])
    parts = np.split(digs.ids[pairs % len(digs)], np.searchsorted(pairs, np.arange(1, count) * len(digs)))
    return np.array([",".join(sorted(map(str, part))) for part in parts], dtype=object)
