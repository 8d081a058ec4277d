"""On which days the trenches at the gates of communities leave none of a community's gates passable."""

from dataclasses import dataclass

import numpy as np

from geo.coordination.chains import Bools, Floats, Ints, ranges


@dataclass(frozen=True, eq=False)
class AtGates:
    """Trenches that come to a gate, one entry per gate and dig, gates of a community in order.

    ``court`` numbers the community and ``gate`` the gate, which reaches from ``-half`` to ``half`` metres;
    the trench takes ``low`` to ``high`` of it on the days ``start`` to ``end``, both included.
    """

    court: Ints
    gate: Ints
    dig: Ints
    half: Floats
    low: Floats
    high: Floats
    start: Ints
    end: Ints

    def take(self, rows: Ints | Bools) -> "AtGates":
        """The entries at these places, or where a mask holds."""
        return AtGates(
            self.court[rows], self.gate[rows], self.dig[rows], self.half[rows], self.low[rows],
            self.high[rows], self.start[rows], self.end[rows],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shut:
    """Communities all of whose gates are shut at once: how many days, the first and the last of them."""

    court: Ints
    days: Ints
    first: Ints
    last: Ints


def shut_days(met: AtGates, clear: float) -> Shut:
    """The communities of ``met`` that have days on which no gate has a strip of ``clear`` metres left.

    ``met`` has every gate of its communities. A gate to which no trench comes on a day is passable on it.
    """
    met = _never_open(met, clear)
    if not len(met.court):
        return Shut(*(np.empty(0, dtype=np.int64) for _ in range(4)))
    first_day, last = met.start.min(), np.maximum(met.end, met.start - 1)
    reach = last.max() - first_day + 2
    key = met.court * reach - first_day
    begin, behind = key + met.start, key + last + 1
    edges = np.unique(np.concatenate([begin, behind]))
    span, offsets = ranges(np.searchsorted(edges, begin), np.searchsorted(edges, behind))
    row = np.repeat(np.arange(len(met.court)), np.diff(offsets))
    gates, count = met.gate.max() + 1, np.bincount(met.court[_firsts(met.gate)])
    at, strip = _strips(span * gates + met.gate[row], met.take(row))
    shut = np.bincount(at[strip < clear] // gates, minlength=len(edges))
    blocked = np.flatnonzero(shut == count[edges // reach])
    return _sum_up(edges[blocked] // reach, edges[blocked] % reach + first_day, np.diff(edges)[blocked])


def _sum_up(court: Ints, day: Ints, days: Ints) -> Shut:
    """Spans of days of communities, in order, as one entry per community."""
    first = _firsts(court)
    behind = np.append(first[1:], len(court))
    if not len(first):
        return Shut(court, court, court, court)
    return Shut(court[first], np.add.reduceat(days, first), day[first], (day + days - 1)[behind - 1])


def _never_open(met: AtGates, clear: float) -> AtGates:
    """The entries of communities each of whose gates is shut if all trenches are open at once."""
    if not len(met.gate):
        return met
    _, strip = _strips(met.gate, met)
    court = met.court[_firsts(met.gate)]
    passable = np.bincount(court, weights=strip >= clear)
    return met.take(passable[met.court] == 0)


def _strips(group: Ints, met: AtGates) -> tuple[Ints, Floats]:
    """Each group once, and the widest strip that its trenches, all at one gate, leave of that."""
    order = np.lexsort((met.low, group))
    group, low, high, half = group[order], met.low[order], met.high[order], met.half[order]
    first = _firsts(group)
    place = np.arange(len(group)) - np.repeat(first, np.diff(first, append=len(group)))
    reached, step = np.maximum(high, -half), 1
    while step <= place.max(initial=0):
        far = np.flatnonzero(place >= step)
        reached[far] = np.maximum(reached[far], reached[far - step])
        step *= 2
    before = np.where(place > 0, np.concatenate([[0.0], reached[:-1]]), -half)
    widest = np.maximum.reduceat(np.minimum(low, half) - before, first)
    last = np.append(first[1:], len(group)) - 1
    return group[first], np.maximum(widest, half[last] - reached[last])


def _firsts(values: Ints) -> Ints:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
