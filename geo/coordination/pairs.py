"""Pairs of geometries that are near each other: the same pairs as shapely's ``dwithin``, many times
faster."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.coordination import machine
from geo.coordination.chains import Bools, Chains, Floats, Ints, chains

BAND_M = 1e-6
_CELLS_PER_SEGMENT = 4
_CELL = 2.5
_MOST_THREADS = 8
_WORTH_THREADS = 100_000
EARLIEST, LATEST = np.iinfo(np.int64).min // 2, np.iinfo(np.int64).max // 2


@dataclass(frozen=True)
class Traits:
    """What is compared before any distance: one value per geometry, or ``None`` for no such condition.

    ``owner``: pairs of one owner are dropped; a code below zero is nobody's and pairs with everything.
    ``start``, ``end``: days (integers) of a closed interval; pairs that do not overlap are dropped.
    ``group``: row or column in the table of distances. ``margin``: metres added to the distance.
    """

    owner: npt.NDArray[np.integer[Any]] | None = None
    start: npt.NDArray[np.integer[Any]] | None = None
    end: npt.NDArray[np.integer[Any]] | None = None
    group: npt.NDArray[np.integer[Any]] | None = None
    margin: Floats | None = None

    def filled(self, count: int) -> "Filled":
        return Filled(
            _ints(self.owner, count, -1),
            _ints(self.start, count, EARLIEST),
            _ints(self.end, count, LATEST),
            _ints(self.group, count, 0),
            np.zeros(count) if self.margin is None else np.ascontiguousarray(self.margin, dtype=np.float64),
        )


@dataclass(frozen=True)
class Filled:
    """``Traits`` with every column there."""

    owner: Ints
    start: Ints
    end: Ints
    group: Ints
    margin: Floats

    def columns(self) -> tuple[npt.NDArray[np.int64], Floats]:
        """Owner, start, end and group side by side, so that a look at one geometry is one look; margins."""
        return np.column_stack([self.owner, self.start, self.end, self.group]), self.margin


def _ints(values: npt.NDArray[np.integer[Any]] | None, count: int, default: int) -> Ints:
    if values is None:
        return np.full(count, default, dtype=np.int64)
    return np.ascontiguousarray(values, dtype=np.int64)


def near_pairs(
    a: Any,
    b: Any = None,
    distance: float | Floats = 1.0,
    *,
    traits_a: Traits | None = None,
    traits_b: Traits | None = None,
) -> tuple[Ints, Ints]:
    """Rows (i, j) of ``a`` and ``b`` that are at most ``distance`` metres apart, ordered by i, then j.

    ``a`` and ``b`` are what ``chains`` takes, in one projected CRS. Without ``b`` the pairs within ``a``,
    each
    once, i < j. ``distance`` is a number or a table by the groups of both, where a negative entry drops the
    pair. Compiled code answers where it is ready (``machine``), shapely otherwise; the pairs are the same.
    """
    call = near_pairs_compiled if machine.pairs_ready() else near_pairs_shapely
    return call(a, b, distance, traits_a=traits_a, traits_b=traits_b)


@dataclass(frozen=True)
class _Question:
    """Both sides, filled in; ``reach`` is the table of distances."""

    a: Chains
    b: Chains
    of_a: Filled
    of_b: Filled
    reach: Floats
    itself: bool

    def limits(self, i: Ints, j: Ints) -> Floats:
        near: Floats = self.reach[self.of_a.group[i], self.of_b.group[j]]
        # the order of the kernel's own additions, so that both round alike
        return np.where(near < 0, -1.0, near + (self.of_a.margin[i] + self.of_b.margin[j]))

    def wanted(self, i: Ints, j: Ints) -> Bools:
        left, right = self.of_a, self.of_b
        keep = (left.owner[i] != right.owner[j]) | (left.owner[i] < 0)
        keep &= (left.start[i] <= right.end[j]) & (right.start[j] <= left.end[i])
        keep &= self.reach[left.group[i], right.group[j]] >= 0
        return np.asarray(keep & (i < j) if self.itself else keep)

    def farthest(self) -> float:
        def widest(values: Floats) -> float:
            return float(values.max(initial=0.0))

        return widest(self.reach.ravel()) + widest(self.of_a.margin) + widest(self.of_b.margin)


def _question(a: Any, b: Any, distance: Any, traits_a: Traits | None, traits_b: Traits | None) -> _Question:
    left = chains(a)
    of_a = (traits_a or Traits()).filled(len(left))
    reach = np.atleast_2d(np.asarray(distance, dtype=np.float64))
    if b is None:
        return _Question(left, left, of_a, of_a, reach, itself=True)
    right = chains(b)
    return _Question(left, right, of_a, (traits_b or Traits()).filled(len(right)), reach, itself=False)


def near_pairs_shapely(
    a: Any,
    b: Any = None,
    distance: float | Floats = 1.0,
    *,
    traits_a: Traits | None = None,
    traits_b: Traits | None = None,
) -> tuple[Ints, Ints]:
    """``near_pairs`` by shapely's tree alone: what serves until the kernel is compiled."""
    ask = _question(a, b, distance, traits_a, traits_b)
    left = ask.a.shapely(np.arange(len(ask.a)))
    right = left if ask.itself else ask.b.shapely(np.arange(len(ask.b)))
    if ask.farthest() < 0 or not len(left) or not len(right):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    found = shapely.STRtree(right).query(left, predicate="dwithin", distance=ask.farthest() + BAND_M)
    i, j = found.astype(np.int64)
    keep = ask.wanted(i, j)
    i, j = i[keep], j[keep]
    near = _within(ask, i, j)
    return _ordered(i[near], j[near])


def _within(ask: _Question, i: Ints, j: Ints) -> Bools:
    """Whether each pair is near enough, as GEOS decides it."""
    if not len(i):
        return np.zeros(0, dtype=bool)
    rows, place = np.unique(i, return_inverse=True)
    others, place_b = np.unique(j, return_inverse=True)
    left, right = ask.a.shapely(rows), ask.b.shapely(others)
    limits: Any = ask.limits(i, j)
    return np.asarray(shapely.dwithin(left[place], right[place_b], limits))


def _ordered(i: Ints, j: Ints) -> tuple[Ints, Ints]:
    order = np.lexsort((j, i))
    return i[order], j[order]


def near_pairs_compiled(
    a: Any,
    b: Any = None,
    distance: float | Floats = 1.0,
    *,
    traits_a: Traits | None = None,
    traits_b: Traits | None = None,
) -> tuple[Ints, Ints]:
    """``near_pairs`` by the kernel, compiled now if it is not yet.

    The kernel settles every pair whose distance differs from the limit by more than ``BAND_M``; in that band,
    where rounding decides, it asks ``shapely.dwithin``. (The band is wider where coordinates are beyond
    10^8 m.)
    """
    from geo.coordination import kernel

    ask = _question(a, b, distance, traits_a, traits_b)
    b_xy, a_xy = _vertices(ask.b), _vertices(ask.a)
    b_first, b_shape, b_form, b_sum = kernel.segments(b_xy, ask.b.part, ask.b.shape)
    a_first, a_shape, a_form, a_sum = (
        (b_first, b_shape, b_form, b_sum) if ask.itself else kernel.segments(a_xy, ask.a.part, ask.a.shape)
    )
    if not len(a_first) or not len(b_first):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    bounds = np.concatenate([np.minimum(a_sum, b_sum)[:2], np.maximum(a_sum, b_sum)[2:]])
    band = max(BAND_M, 64 * math.ulp(float(np.abs(bounds).max())))
    grid, size = _grid(bounds, ask.farthest() + band, len(a_first) + len(b_first))
    b_cells = _bucketed(b_xy, b_first, b_form, grid, size)
    a_cells = b_cells if ask.itself else _bucketed(a_xy, a_first, a_form, grid, size)
    sides: tuple[Any, ...] = (
        a_xy, a_first, a_shape, a_form, *ask.of_a.columns(), *a_cells,
        b_xy, b_first, b_shape, b_form, *ask.of_b.columns(), *b_cells,
    )  # fmt: skip
    search: Any = kernel.search
    i, j, sure = _searched(partial(search, *sides, ask.reach, band, ask.itself), b_cells[0])
    i, j, sure = _once(i, j, sure, len(ask.b))
    open_ = np.flatnonzero(~sure)
    if len(open_):
        keep = np.ones(len(i), dtype=bool)
        keep[open_] = _within(ask, i[open_], j[open_])
        i, j = i[keep], j[keep]
    if ask.a.areal.any() or ask.b.areal.any():
        return _with_inner(ask, i, j)
    return i, j


def _threads(entries: int) -> int:
    """Of how many threads the kernel makes use: it runs without the interpreter's lock."""
    return min(os.cpu_count() or 1, _MOST_THREADS) if entries >= _WORTH_THREADS else 1


def _bucketed(xy: Floats, vertex: Any, form: Any, grid: Floats, size: int) -> tuple[Ints, Any]:
    """The buckets as runs ``start[c]:start[c + 1]`` of boxes.

    Each thread counts and then places a share of the segments; within a bucket the shares keep their order,
    so that the answer is the same for any number of threads.
    """
    from geo.coordination import kernel

    cuts = np.linspace(0, len(vertex), _threads(len(vertex)) + 1).astype(np.int64).tolist()
    count: Any = partial(kernel.cells, xy, vertex, form, grid, size)
    with ThreadPoolExecutor(len(cuts) - 1) if len(cuts) > 2 else nullcontext() as pool:
        each: Any = pool.map if pool else map
        counts = list(each(count, cuts[:-1], cuts[1:]))
        start = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(sum(counts), out=start[1:])
        boxes = np.empty((start[-1], 5), dtype=np.int32)
        places = [start[:-1].copy()]
        for one in counts[:-1]:
            places.append(places[-1] + one)
        place: Any = partial(kernel.bucket, xy, vertex, form, grid)
        list(each(lambda at, first, last: place(at, boxes, first, last), places, cuts[:-1], cuts[1:]))
    return start, boxes


def _searched(search: Callable[..., tuple[Ints, Ints, Bools]], start: Ints) -> tuple[Ints, Ints, Bools]:
    """The kernel's answer, from as many threads as there are processors."""
    threads = _threads(int(start[-1]))
    if threads == 1:
        return search(0, len(start) - 1)
    cuts = np.searchsorted(start, np.linspace(0, start[-1], 4 * threads + 1)[1:-1])
    cells = np.unique(np.concatenate([[0], cuts, [len(start) - 1]]))
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(search, cells[:-1].tolist(), cells[1:].tolist()))
    i, j, sure = (np.concatenate(column) for column in zip(*found, strict=True))
    return i, j, sure


def _vertices(shapes: Chains) -> Floats:
    return np.ascontiguousarray(shapes.xy, dtype=np.float64)


def _grid(bounds: Floats, reach: float, segments: int) -> tuple[Floats, int]:
    """The grid as the kernel takes it (see ``kernel.spread``), and the number of buckets that it wraps into.

    A cell is as wide as the search or as a usual segment, whichever is more. Every box is widened by half the
    search. Far-off outliers make more cells than buckets: then cells share buckets.
    """
    from geo.coordination.kernel import STEPS

    span = bounds[2:4] - bounds[:2]
    widest = max(float(span.max()), reach, 1.0)
    cell = max(reach, float(bounds[4]), 1e-3, widest / 1e6) * _CELL
    columns, rows = (int(length // cell) + 1 for length in span)
    size = min(_whole_tiles(columns) * _whole_tiles(rows), _CELLS_PER_SEGMENT * segments + 1)
    scale = STEPS / widest
    return np.array([*bounds[:2], 1 / (cell * scale), columns, rows, reach / 2 * scale, scale]), size


def _whole_tiles(cells: int) -> int:
    from geo.coordination.kernel import TILE

    return ((cells - 1 >> TILE) + 1) << TILE


def _once(i: Ints, j: Ints, sure: Bools, count: int) -> tuple[Ints, Ints, Bools]:
    """Each pair once, in order; sure where any of its segments is."""
    key, place = np.unique(i * count + j, return_inverse=True)
    certain = np.zeros(len(key), dtype=bool)
    certain[place[sure]] = True
    return key // count, key % count, certain


def _with_inner(ask: _Question, i: Ints, j: Ints) -> tuple[Ints, Ints]:
    """Add the pairs in which one lies in the other's inside, farther from its boundary than the limit."""
    found = []
    for outer, inner, swapped in ((ask.b, ask.a, False), (ask.a, ask.b, True)):
        if outer.areal.any():
            rows = _thick(ask, outer)
            firsts, owner = _first_points(inner)
            tree = shapely.STRtree(outer.shapely(rows))
            point, area = tree.query(firsts, predicate="intersects")
            pair = np.stack([owner[point], rows[area]])
            found.append(pair[::-1] if swapped else pair)
    both = np.concatenate(found, axis=1).astype(np.int64)
    if ask.itself:
        both = np.sort(both, axis=0)
    both = both[:, ask.wanted(both[0], both[1])]
    key, more = i * len(ask.b) + j, np.unique(both[0] * len(ask.b) + both[1])
    at = np.searchsorted(key, more)
    new = np.append(key, -1)[at] != more
    return np.insert(i, at[new], more[new] // len(ask.b)), np.insert(j, at[new], more[new] % len(ask.b))


def _thick(ask: _Question, areas: Chains) -> Ints:
    """The areas in whose inside there is room farther from the boundary than any limit."""
    rows = np.flatnonzero(areas.areal)
    west, south, east, north = shapely.bounds(areas.shapely(rows)).T
    least = ask.reach[ask.reach >= 0].min(initial=np.inf) + ask.of_a.margin.min() + ask.of_b.margin.min()
    return np.asarray(rows[np.minimum(east - west, north - south) / 2 > least - BAND_M])


def _first_points(shapes: Chains) -> tuple[npt.NDArray[np.object_], Ints]:
    owner = np.repeat(np.arange(len(shapes), dtype=np.int64), np.diff(shapes.shape))
    return np.asarray(shapely.points(shapes.xy[shapes.part[:-1]])), owner
