"""Where pairs of geometries touch and on which stretches they are too near: exact, without buffers."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo.coordination import machine
from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, ranges
from geo.coordination.chains import chains as as_chains

SNAP_M = 1e-3
_MOST_THREADS = 8
_WORTH_THREADS = 20_000


@dataclass(frozen=True, eq=False)
class Stretches:
    """Per pair: length and least distance in metres (infinite where nothing is too near), worst place,
    geometry.

    ``worst`` is (n, 2) on the first geometry of the pair. The stretches of pair p are the runs of ``xy``
    between consecutive ``offset`` whose ``of`` is p.
    """

    length: Floats
    least: Floats
    worst: Floats
    of: Ints
    offset: Ints
    xy: Floats

    def geometry(self, pairs: Ints | None = None) -> Shapes:
        """One MultiLineString per pair, or for each of ``pairs``; ``None`` where there is no stretch."""
        if pairs is not None:
            keep = np.zeros(len(self.length), dtype=bool)
            keep[pairs] = True
            return np.asarray(self.where(keep).geometry()[(np.cumsum(keep) - 1)[pairs]])
        out: Shapes = np.full(len(self.length), None, dtype=object)
        if len(self.of):
            first = np.flatnonzero(np.diff(self.of, prepend=-1))
            parts = np.concatenate([first, [len(self.of)]])
            out[self.of[first]] = shapely.from_ragged_array(
                shapely.GeometryType.MULTILINESTRING, self.xy, (self.offset, parts)
            )
        return out

    def middles(self) -> Floats:
        """The middle of the first stretch of each pair, NaN where there is none; (n, 2)."""
        out = np.full((len(self.length), 2), np.nan)
        first = np.flatnonzero(np.diff(self.of, prepend=-1))
        low, high = self.offset[first], self.offset[first + 1]
        straight = high - low == 2
        start, end = self.xy[low[straight]], self.xy[low[straight] + 1]
        out[self.of[first[straight]]] = (end - start) * 0.5 + start
        vertices, offset = ranges(low[~straight], high[~straight])
        bent = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, self.xy[vertices], (offset,))
        middle = shapely.line_interpolate_point(bent, 0.5, normalized=True)
        out[self.of[first[~straight]]] = shapely.get_coordinates(middle)
        return out

    def where(self, keep: Bools) -> "Stretches":
        """The stretches of the pairs to keep, numbered anew."""
        number = np.cumsum(keep) - 1
        runs = np.flatnonzero(keep[self.of])
        vertices, offset = ranges(self.offset[runs], self.offset[runs + 1])
        return Stretches(
            self.length[keep],
            self.least[keep],
            self.worst[keep],
            number[self.of[runs]],
            offset,
            self.xy[vertices],
        )


@dataclass(frozen=True, eq=False)
class Touches:
    """Points where pairs cross or touch: ``pair`` numbers the pair, ``xy`` (n, 2) is the place.

    ``sine`` of the angle; ``along_a``, ``along_b`` the fraction of the whole length; ``end_a``, ``end_b``
    whether the place is an end of the line.
    """

    pair: Ints
    xy: Floats
    sine: Floats
    along_a: Floats
    along_b: Floats
    end_a: Any
    end_b: Any


def touches(a: Any, b: Any, i: Ints, j: Ints, snap_m: float = SNAP_M) -> Touches:
    """Where lines ``a[i]`` and ``b[j]`` cross or come within ``snap_m``; parallel runs give no point."""
    left, right = as_chains(a), as_chains(b)
    pair, figures = machine.code(machine.CONTACTS).touches(
        *_vertices(left), *_vertices(right), _rows(i), _rows(j), snap_m
    )
    x, _, sine, along_a, along_b, end_a, end_b = figures.T
    return (
        Touches(pair, figures[:, :2], sine, along_a, along_b, end_a > 0, end_b > 0)
        if len(x)
        else _untouched()
    )


def _untouched() -> Touches:
    none, flags = np.empty(0), np.empty(0, dtype=bool)
    return Touches(np.empty(0, np.int64), np.empty((0, 2)), none, none, none, flags, flags)


def stretches(
    a: Any, b: Any, i: Ints, j: Ints, radius: Floats, discs: tuple[Ints, Floats] | None = None
) -> Stretches:
    """The stretches of lines ``a[i]`` that are at most ``radius`` metres from ``b[j]``.

    ``discs`` are (pair, (n, 3) of x, y, radius), sorted by pair: what lies in a disc of its pair is left out.
    """
    left, right = as_chains(a), as_chains(b)
    start, circles = _by_pair(discs, len(i))
    sides = (*_vertices(left), *_vertices(right), right.areal.astype(np.int64))
    first, second, near = _rows(i), _rows(j), np.ascontiguousarray(radius, dtype=np.float64)
    kernel = machine.code(machine.RUNS).stretches

    def share(low: int, high: int) -> tuple[Floats, Ints, Ints, Floats]:
        pairs = slice(low, high)
        found: tuple[Floats, Ints, Ints, Floats] = kernel(
            *sides, first[pairs], second[pairs], near[pairs], start[low : high + 1], circles
        )
        return found

    cuts = np.linspace(0, len(i), _threads(len(i)) + 1).astype(int).tolist()
    if len(cuts) == 2:
        return _together([share(0, len(i))], cuts)
    with ThreadPoolExecutor(len(cuts) - 1) as pool:
        return _together(list(pool.map(share, cuts[:-1], cuts[1:])), cuts)


def _threads(pairs: int) -> int:
    """Of how many threads the kernel makes use: it runs without the interpreter's lock."""
    return min(os.cpu_count() or 1, _MOST_THREADS) if pairs >= _WORTH_THREADS else 1


def _together(shares: list[tuple[Floats, Ints, Ints, Floats]], cuts: list[int]) -> Stretches:
    """The stretches of one share of the pairs after another."""
    result, of, offset, xy = zip(*shares, strict=True)
    begin = np.cumsum([0, *(len(each) for each in xy)])
    whole = np.concatenate(result)
    return Stretches(
        whole[:, 0],
        whole[:, 1],
        whole[:, 2:],
        np.concatenate([each + cut for each, cut in zip(of, cuts[:-1], strict=True)]),
        np.concatenate(
            [*(each[:-1] + low for each, low in zip(offset, begin[:-1], strict=True)), begin[-1:]]
        ),
        np.concatenate(xy),
    )


def nearest(a: Any, rows: Ints, points: Floats) -> Floats:
    """The place on each of the lines ``a[rows]`` that is nearest to its point, (n, 2) as ``points``."""
    lines = as_chains(a)
    found: Floats = machine.code(machine.CONTACTS).nearest(
        *_vertices(lines), _rows(rows), np.ascontiguousarray(points)
    )
    return found


def gaps(a: Any, rows: Ints, points: Floats) -> Floats:
    """The distance in metres of each of the points (n, 2) from its geometry ``a[rows]``, 0 inside an area."""
    shapes = as_chains(a)
    found: Floats = machine.code(machine.CONTACTS).gaps(
        *_vertices(shapes), shapes.areal.astype(np.int64), _rows(rows), np.ascontiguousarray(points)
    )
    return found


def _by_pair(discs: tuple[Ints, Floats] | None, count: int) -> tuple[Ints, Floats]:
    if discs is None:
        return np.zeros(count + 1, dtype=np.int64), np.empty((0, 3))
    pair, circles = discs
    start = np.searchsorted(pair, np.arange(count + 1)).astype(np.int64)
    return start, np.ascontiguousarray(circles, dtype=np.float64)


def _vertices(shapes: Chains) -> tuple[Floats, Ints, Ints]:
    return np.ascontiguousarray(shapes.xy), shapes.part, shapes.shape


def _rows(values: Ints) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int64)
