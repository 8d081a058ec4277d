"""Where pairs of geometries touch and on which stretches they are too near: exact, without buffers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo.coordination import machine
from geo.coordination.chains import Chains, Floats, Ints, Shapes
from geo.coordination.chains import chains as as_chains

SNAP_M = 1e-3


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

    def geometry(self) -> Shapes:
        """One MultiLineString per pair, ``None`` where there is no stretch."""
        out: Shapes = np.full(len(self.length), None, dtype=object)
        if len(self.of):
            first = np.flatnonzero(np.diff(self.of, prepend=-1))
            parts = np.concatenate([first, [len(self.of)]])
            out[self.of[first]] = shapely.from_ragged_array(
                shapely.GeometryType.MULTILINESTRING, self.xy, (self.offset, parts)
            )
        return out


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
    pair, figures = machine.runs().touches(*_vertices(left), *_vertices(right), _rows(i), _rows(j), snap_m)
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
    result, of, offset, xy = machine.runs().stretches(
        *_vertices(left), *_vertices(right), right.areal.astype(np.int64), _rows(i), _rows(j),
        np.ascontiguousarray(radius, dtype=np.float64), start, circles,
    )  # fmt: skip
    return Stretches(result[:, 0], result[:, 1], result[:, 2:], of, offset, xy)


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
