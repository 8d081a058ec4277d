"""Many geometries as flat arrays of vertices, taken from shapely or from Arrow without a loop."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from geo.errors import WrongGeometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

_LINE, _POLYGON, _MULTIPOLYGON, _COLLECTION = 1, 3, 6, 7


@dataclass(frozen=True, eq=False)
class Chains:
    """``xy`` (n, 2) in metres; part p is ``xy[part[p]:part[p+1]]``; geometry g is parts
    ``shape[g]:shape[g+1]``.

    A part is a point, a line or a ring; ``areal`` marks the geometries whose parts bound an area. A missing
    or empty geometry has no parts. ``source`` are the shapely geometries they were taken from, if any.
    """

    xy: Floats
    part: Ints
    shape: Ints
    areal: Bools
    source: Shapes | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.areal)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> "Chains":
        """The geometries at ``rows``, in that order."""
        parts, shape = ranges(self.shape[:-1][rows], self.shape[1:][rows])
        vertices, part = ranges(self.part[:-1][parts], self.part[1:][parts])
        source = None if self.source is None else self.source[rows]
        return Chains(self.xy[vertices], part, shape, self.areal[rows], source)

    def head(self, count: int) -> "Chains":
        """The first ``count`` geometries, without a copy."""
        parts = self.shape[count]
        source = None if self.source is None else self.source[:count]
        return Chains(
            self.xy[: self.part[parts]],
            self.part[: parts + 1],
            self.shape[: count + 1],
            self.areal[:count],
            source,
        )

    def shapely(self, rows: npt.NDArray[np.integer[Any]]) -> Shapes:
        """The geometries at ``rows``: those they came from, or points, lines and multi-lines made anew."""
        if self.source is not None:
            return np.asarray(self.source[rows])
        parts, shape = ranges(self.shape[rows], self.shape[rows + 1])
        vertices, part = ranges(self.part[parts], self.part[parts + 1])
        pieces = _pieces(self.xy[vertices], part)
        out: Shapes = np.full(len(rows), None, dtype=object)
        counts = np.diff(shape)
        out[counts == 1] = pieces[shape[:-1][counts == 1]]
        several = np.flatnonzero(counts > 1)
        out[several] = [shapely.union_all(pieces[shape[row] : shape[row + 1]]) for row in several]
        return out


def _pieces(xy: Floats, part: Ints) -> Shapes:
    counts = np.diff(part)
    out: Shapes = np.full(len(counts), None, dtype=object)
    out[counts == 1] = shapely.points(xy[part[:-1][counts == 1]])
    long = counts > 1
    vertices, offsets = ranges(part[:-1][long], part[1:][long])
    out[long] = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, xy[vertices], (offsets,))
    return out


def ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The integers of the ranges ``low:high`` one after another, and the offsets of each range among them."""
    offsets = _offsets(high - low)
    inner = np.arange(offsets[-1], dtype=np.int64)
    return inner + np.repeat(low - offsets[:-1], high - low), offsets


def points(xy: Floats) -> Chains:
    """A chain of one vertex for each of (n, 2) coordinates."""
    each = np.arange(len(xy) + 1, dtype=np.int64)
    return Chains(xy, each, each, np.zeros(len(xy), dtype=bool))


def segments(start: Floats, end: Floats) -> Chains:
    """A straight chain from each of (n, 2) coordinates to another."""
    each = np.arange(len(start) + 1, dtype=np.int64)
    xy = np.stack([start, end], axis=1).reshape(-1, 2)
    return Chains(xy, 2 * each, each, np.zeros(len(start), dtype=bool))


def _offsets(counts: npt.NDArray[np.integer[Any]]) -> Ints:
    out = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=out[1:])
    return out


def chains(geometry: Any) -> Chains:
    """``geometry`` as chains: ``Chains``, shapely geometries (array, list, GeoSeries) or an Arrow array.

    Arrow arrays are GeoArrow lines with interleaved coordinates (taken without a copy) or WKB. Raises
    ``WrongGeometry`` for geometry collections and for other layouts.
    """
    if isinstance(geometry, Chains):
        return geometry
    if isinstance(geometry, pa.ChunkedArray):
        geometry = geometry.combine_chunks()
    if isinstance(geometry, pa.Array):
        return _from_arrow(geometry)
    return _from_shapely(np.asarray(geometry, dtype=object))


def _from_arrow(array: pa.Array) -> Chains:
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _from_shapely(np.asarray(shapely.from_wkb(array.to_numpy(zero_copy_only=False))))
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        raise WrongGeometry("arrow_layout", found=str(kind))
    pairs = kind.value_type
    if not pa.types.is_fixed_size_list(pairs) or pairs.list_size != 2 or array.null_count:
        raise WrongGeometry("arrow_layout", found=str(kind))
    offsets = array.offsets.to_numpy().astype(np.int64)
    xy = array.values.flatten().to_numpy().reshape(-1, 2)
    if offsets[0]:
        xy, offsets = xy[offsets[0] :], offsets - offsets[0]
    return _lines(xy, np.diff(offsets), None)


def _lines(xy: Floats, counts: npt.NDArray[np.integer[Any]], source: Shapes | None) -> Chains:
    full = counts > 0
    part = _offsets(counts[full])
    return Chains(xy, part, _offsets(full.astype(np.int64)), np.zeros(len(counts), dtype=bool), source)


def _from_shapely(shapes: Shapes) -> Chains:
    kinds = shapely.get_type_id(shapes)
    if (kinds == _COLLECTION).any():
        raise WrongGeometry("collection", rows=int((kinds == _COLLECTION).sum()))
    if np.isin(kinds, (-1, _LINE)).all():
        return _lines(shapely.get_coordinates(shapes), shapely.get_num_coordinates(shapes), shapes)
    areal = np.isin(kinds, (_POLYGON, _MULTIPOLYGON))
    # what is one chain stays what it is: parts and rings are copies
    single = (kinds <= _POLYGON) & (shapely.get_num_interior_rings(shapes) == 0)
    if single.all():
        one_each = _lines(shapely.get_coordinates(shapes), shapely.get_num_coordinates(shapes), shapes)
        return replace(one_each, areal=areal)
    one, several = np.flatnonzero(single), np.flatnonzero(~single)
    pieces, owner = shapely.get_parts(shapes[several], return_index=True)
    rings, of_piece = shapely.get_rings(pieces, return_index=True)
    is_ring = shapely.get_type_id(pieces) == _POLYGON
    parts = np.concatenate([shapes[one], pieces[~is_ring], rings])
    owners = np.concatenate([one, several[owner[~is_ring]], several[owner[of_piece]]])
    order = np.argsort(owners, kind="stable")
    parts, owners = parts[order], owners[order]
    counts = shapely.get_num_coordinates(parts)
    parts, owners, counts = parts[counts > 0], owners[counts > 0], counts[counts > 0]
    shape = _offsets(np.bincount(owners, minlength=len(shapes)))
    return Chains(shapely.get_coordinates(parts), _offsets(counts), shape, areal, shapes)
