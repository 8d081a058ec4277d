"""Pairs of digs: what is dug twice, what meets on the same days, and what could be one trench."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.coordination.chains import Bools, Floats, Ints, Shapes
from geo.coordination.findings import Rows, draft
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import Stretches, stretches, touches
from geo.coordination.trenches import Trenches
from geo.shapes import spots
from geo.vocabulary import FindingKind, Utility, Verdict

GAS_BED = "gas_own_bed"
SHARED, CROSSING = "shared_corridor", "crossing"


@dataclass(frozen=True, eq=False)
class Meetings:
    """Pairs of digs of different jobs near each other; days between windows, negative where they overlap."""

    i: Ints
    j: Ints
    dated: Bools
    apart: Ints

    def take(self, keep: Bools) -> "Meetings":
        return Meetings(self.i[keep], self.j[keep], self.dated[keep], self.apart[keep])


def meetings(digs: Trenches, parameters: Parameters) -> Meetings:
    """Pairs whose trenches share a corridor or whose middle lines come within sharing distance."""
    reach = max(parameters.corridor_gap_m, float(digs.figures("sharing_m", parameters).max(initial=0.0)))
    i, j = near_pairs(digs.chains, None, reach, traits_a=Traits(owner=digs.job, margin=digs.half))
    swap = digs.ids[i].astype(str) > digs.ids[j].astype(str)
    i, j = np.where(swap, j, i), np.where(swap, i, j)
    dated = digs.dated[i] & digs.dated[j]
    days = np.maximum(digs.start[i], digs.start[j]) - np.minimum(digs.end[i], digs.end[j])
    return Meetings(i, j, dated, np.where(dated, days, 0))


def find_dug_twice(digs: Trenches, met: Meetings, parameters: Parameters) -> Rows:
    """Kind 4: one corridor for a length, in two windows. ``measured`` is the shared length in metres."""
    met = met.take(met.dated & (met.apart > 0) & (met.apart <= parameters.twice_within_days))
    found = _corridor(digs, met, parameters)
    long = found.length >= np.maximum(*_both(digs, met, "least_length_m", parameters))
    columns = {
        **digs.describe(met.i, met.j),
        **_saved(digs, met, found),
        "verdict": str(Verdict.NEEDS_REVIEW),
        "unit": "m",
        "measured": found.length,
        "required": parameters.least_length_m,
        "provenance": "parameter",
        "worst": lambda at: spots(found.worst[at]),
        "geometry": found.geometry,
    }
    return draft(FindingKind.DUG_TWICE, columns, len(met.i)).where(long)


def find_same_days(digs: Trenches, met: Meetings, parameters: Parameters) -> Rows:
    """Kind 5: trenches that cross or share a corridor while both are open, without being one job.

    ``measured`` is how many days they are open together.
    """
    met = met.take(met.dated & (met.apart <= 0))
    found = _corridor(digs, met, parameters)
    cross = touches(digs.chains, digs.chains, met.i, met.j)
    crosses = np.bincount(cross.pair, minlength=len(met.i)) > 0
    spot: Shapes = np.full(len(met.i), None, dtype=object)
    first = np.flatnonzero(np.diff(cross.pair, prepend=-1)) if len(cross.pair) else np.empty(0, np.int64)
    spot[cross.pair[first]] = shapely.points(cross.xy[first])
    shared = found.length >= parameters.least_length_m
    columns = {
        **digs.describe(met.i, met.j),
        "verdict": str(Verdict.NEEDS_REVIEW),
        "unit": "d",
        "measured": 1.0 - met.apart,
        "required": 0.0,
        "reason": np.where(shared, SHARED, CROSSING),
        "provenance": "parameter",
        "length_m": found.length,
        "worst": np.where(crosses, spot, spots(found.worst)),
        "geometry": np.where(shared, found.geometry(), spot),
    }
    return draft(FindingKind.SAME_DAYS, columns, len(met.i)).where(shared | crosses)


def find_opportunities(digs: Trenches, met: Meetings, parameters: Parameters) -> Rows:
    """Kind 9: parallel within sharing distance, in windows that overlap or that both owners can make overlap.

    ``measured`` is the shift in days that it takes, ``required`` the shift that both can make. Gas shares
    the dig, never the bed: ``reason`` says so.
    """
    room = np.add(*_both(digs, met, "shift_days", parameters))
    met_now = ~met.dated | (met.apart <= room)
    met, room = met.take(met_now), room[met_now]
    radius = np.minimum(*_both(digs, met, "sharing_m", parameters))
    found = stretches(digs.chains, digs.chains, met.i, met.j, radius)
    long = found.length >= np.maximum(*_both(digs, met, "least_length_m", parameters))
    gas = (digs.utility[met.i] == Utility.GAS) | (digs.utility[met.j] == Utility.GAS)
    columns = {
        **digs.describe(met.i, met.j),
        **_saved(digs, met, found),
        "verdict": str(Verdict.OPPORTUNITY),
        "unit": "d",
        "measured": np.maximum(met.apart, 0).astype(np.float64),
        "required": room,
        "reason": np.where(gas, GAS_BED, ""),
        "provenance": "parameter",
        "worst": lambda at: spots(found.worst[at]),
        "geometry": found.geometry,
    }
    return draft(FindingKind.OPPORTUNITY, columns, len(met.i)).where(long)


def _both(digs: Trenches, met: Meetings, name: str, parameters: Parameters) -> tuple[Floats, Floats]:
    figures = digs.figures(name, parameters)
    return figures[met.i], figures[met.j]


def _corridor(digs: Trenches, met: Meetings, parameters: Parameters) -> Stretches:
    radius = digs.half[met.i] + digs.half[met.j] + parameters.corridor_gap_m
    return stretches(digs.chains, digs.chains, met.i, met.j, radius)


def _saved(digs: Trenches, met: Meetings, found: Stretches) -> dict[str, Floats]:
    """What one opening saves: metres of trench, square metres of the narrower trench, days for that
    length."""
    narrow = 2 * np.minimum(digs.half[met.i], digs.half[met.j])
    whole = np.stack([shapely.length(digs.path[rows]) for rows in (met.i, met.j)])
    days = np.stack([digs.days[met.i], digs.days[met.j]])
    share = np.minimum(found.length / np.maximum(whole, 1e-9), 1.0)
    return {
        "length_m": found.length,
        "saved_m": found.length,
        "saved_m2": found.length * narrow,
        "saved_days": np.round(np.fmin(*(days * share))),
    }
