"""Horizontal clearance, edge to edge: exact stretches on which a line is too near to what stands beside
it."""

from dataclasses import dataclass

import numpy as np

from geo.coordination.chains import Floats, Ints
from geo.coordination.classes import GROUPS
from geo.coordination.crossings import Discs, Places, discs, exemption, places, sources
from geo.coordination.findings import Rows, draft
from geo.coordination.limits import HORIZONTAL, Found, Limits
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import SNAP_M, Stretches, stretches
from geo.coordination.things import Things, describe
from geo.shapes import spots
from geo.vocabulary import FindingKind, Verdict

_IS_GAS = np.array([all(code.startswith("G") for code in group) for group in GROUPS])
_IS_POWER = np.array([any(code.startswith("E") for code in group) for group in GROUPS])


@dataclass(frozen=True, eq=False)
class Near:
    """Pairs of things that come within reach of each other, with the limits that may apply to them.

    ``low``, ``high``: limits centre to centre, without unknown sizes and with the greatest that may be.
    ``gap``: least distance centre to centre.
    """

    i: Ints
    j: Ints
    found: Found
    known: Floats
    low: Floats
    high: Floats
    gap: Floats


def near_things(things: Things, limits: Limits, parameters: Parameters, rows: Ints | None = None) -> Near:
    """Pairs of a line that is asked about and anything beside it; planned lines unless ``rows`` says others.

    Each pair once; of two lines the planned one, then the one with the lesser id, is i.
    """
    if rows is None:
        rows = np.flatnonzero(things.is_line if parameters.existing_too else things.planned)
    i, j = _candidates(things, rows, limits, parameters)
    known = _half(things, i) + _half(things, j)
    found = limits.horizontal_of(things.group[i], things.group[j], *_conditions(things, i, j))
    high_limit = np.where(np.isinf(found.high), parameters.unlisted_m, found.high)
    high = high_limit + things.most[i] + things.most[j]
    gap = stretches(things.chains, things.chains, i, j, np.maximum(high, SNAP_M)).least
    return Near(i, j, found, known, found.low + known, high, gap)


def _candidates(things: Things, rows: Ints, limits: Limits, parameters: Parameters) -> tuple[Ints, Ints]:
    traits_a = Traits(group=things.group[rows], margin=things.most[rows])
    traits_b = Traits(group=things.group, margin=things.most)
    reach = limits.reach(parameters.unlisted_m) + SNAP_M
    i, j = near_pairs(things.chains.take(rows), things.chains, reach, traits_a=traits_a, traits_b=traits_b)
    i = rows[i]
    asked = np.zeros(len(things), dtype=bool)
    asked[rows] = True
    twice = asked[j] & (j < i)
    i, j = i[(i != j) & ~twice], j[(i != j) & ~twice]
    ahead = things.planned[j] & ~things.planned[i]
    level = np.flatnonzero((things.planned[i] == things.planned[j]) & (j < things.lines))
    swap = ahead
    swap[level] |= things.ids[i[level]] > things.ids[j[level]]
    return np.where(swap, j, i), np.where(swap, i, j)


def _half(things: Things, rows: Ints) -> Floats:
    return np.nan_to_num(things.half[rows])


def _conditions(things: Things, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """Larger nominal diameter and the power line's voltage of each pair; NaN where they do not settle it."""
    one, two = things.diameter[i], things.diameter[j]
    larger = np.fmax(one, two)
    size = np.where(np.isnan(one) | np.isnan(two), np.where(larger > 300, larger, np.nan), larger)
    power_i, power_j = _IS_POWER[things.group[i]], _IS_POWER[things.group[j]]
    volts = np.where(power_i, things.voltage[i], np.where(power_j, things.voltage[j], np.nan))
    return size, volts


def find_horizontal(things: Things, near: Near, at: Places, limits: Limits, parameters: Parameters) -> Rows:
    """Findings of kind 1 for the pairs of ``near``; ``at`` are the places where they cross or join."""
    tolerance = parameters.tolerance_m
    verdict = np.full(len(near.i), Verdict.PASS.value, dtype=object)
    verdict[~near.found.applies] = Verdict.NOT_APPLICABLE.value
    reason = exemption(things, near.i, near.j)
    close = near.found.applies & (near.gap < near.high - tolerance)
    verdict[close & (reason != "")] = Verdict.EXEMPT.value
    reason[~close] = ""
    left = np.flatnonzero(close & (reason == ""))
    runs: list[tuple[Ints, Stretches]] = []
    for outcome, limit in ((Verdict.FAIL, near.low), (Verdict.UNKNOWN, near.high)):
        sure = outcome is Verdict.FAIL
        asked = left[
            (near.gap[left] < limit[left] - tolerance) & (near.found.low[left] > 0 if sure else True)
        ]
        around = discs(things, at, near.i[asked], near.j[asked], limit[asked])
        found = _outside(things, near, asked, limit[asked], around)
        bad = found.least < limit[asked] - tolerance
        verdict[asked[bad]] = outcome.value
        runs.append((asked[bad], found.where(bad)))
        left = left[~np.isin(left, asked[bad], kind="table")]
        if not sure:
            verdict[left] = Verdict.EXEMPT.value
            reason[left] = _why(things, near, asked, around, left)
    return _rows(things, near, verdict, reason, runs, limits)


def _outside(things: Things, near: Near, asked: Ints, limit: Floats, around: Discs) -> Stretches:
    return stretches(
        things.chains, things.chains, near.i[asked], near.j[asked], limit, (around.pair, around.circles)
    )


def _why(things: Things, near: Near, asked: Ints, around: Discs, left: Ints) -> np.ndarray:
    """Of the pairs that only discs excuse: the service of a building, a joint, or a crossing."""
    joint = np.zeros(len(near.i), dtype=bool)
    joint[asked[around.pair[around.joint]]] = True
    i, j = near.i[left], near.j[left]
    serves = (things.serves[i] == j) | (things.serves[j] == i)
    return np.where(serves, "service", np.where(joint[left], "junction", "crossing"))


def _rows(
    things: Things,
    near: Near,
    verdict: np.ndarray,
    reason: np.ndarray,
    runs: list[tuple[Ints, Stretches]],
    limits: Limits,
) -> Rows:
    count = len(near.i)
    fails = verdict == Verdict.FAIL.value
    measured = near.gap.copy()
    length = np.full(count, np.nan)
    worst, geometry = np.full(count, None, dtype=object), np.full(count, None, dtype=object)
    for which, found in runs:
        measured[which], length[which] = found.least, found.length
        worst[which], geometry[which] = spots(found.worst), found.geometry()
    columns = {
        **describe(things, near.i, near.j),
        "verdict": verdict,
        "reason": reason,
        "rule": HORIZONTAL,
        "clause": HORIZONTAL,
        "unit": "m",
        "measured": np.maximum(np.where(np.isfinite(measured), measured, np.nan) - near.known, 0.0),
        "required": np.where(
            fails, near.found.low, np.where(np.isinf(near.found.high), np.nan, near.found.high)
        ),
        **sources(limits.horizontal, near.found.row),
        "length_m": length,
        "worst": worst,
        "geometry": geometry,
    }
    return draft(FindingKind.HORIZONTAL, columns, count)


def touching(things: Things, near: Near) -> Places:
    """The places where pairs of lines, and lines and kerbs, cross or join."""
    lines = np.array([group not in (("B",), ("TR",), ("P1",)) for group in GROUPS])
    rows = np.flatnonzero((near.gap <= 2 * SNAP_M) & lines[things.group[near.j]])
    return places(things, near.i[rows], near.j[rows])
