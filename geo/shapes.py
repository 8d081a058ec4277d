"""Vectorised geometry that several rooms' decisions share: points along paths, segments, in the frame's
own CRS."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def spots(xy: npt.NDArray[Any]) -> Shapes:
    """Points of (n, 2) coordinates, ``None`` where they are not finite."""
    out: Shapes = np.full(len(xy), None, dtype=object)
    good = np.isfinite(xy).all(axis=1)
    out[good] = shapely.points(xy[good])
    return out


def segments(start: Floats, end: Floats) -> Shapes:
    """Straight lines from (n, 2) to (n, 2) coordinates."""
    return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)


def along(paths: Shapes, share: float) -> Shapes:
    """The point of each path at a share of its length, 0 the start and 1 the end; of a multi-path its
    first part."""
    # parts are copies: only where there are several
    several = np.isin(shapely.get_type_id(paths), (5, 7))
    if several.any():
        paths = np.where(several, shapely.get_geometry(paths, 0), paths)
    return np.asarray(shapely.line_interpolate_point(paths, share, normalized=True), dtype=object)


def places_along(paths: Shapes, share: float) -> Floats:
    """``along`` as coordinates (n, 2), at once where a path is one straight piece."""
    straight = (shapely.get_type_id(paths) == 1) & (shapely.get_num_coordinates(paths) == 2)
    out = np.empty((len(paths), 2))
    ends = shapely.get_coordinates(paths[straight]).reshape(-1, 2, 2)
    way = ends[:, 1] - ends[:, 0]
    length = np.sqrt(way[:, 0] ** 2 + way[:, 1] ** 2)
    # divided again as GEOS does it, so that both round alike
    part = length * share / np.where(length > 0, length, 1.0)
    out[straight] = way * part[:, None] + ends[:, 0]
    out[~straight] = shapely.get_coordinates(along(paths[~straight], share))
    return out


def directions(paths: Shapes) -> Floats:
    """Unit vectors (n, 2) from start to end of each path, nought where they are the same place."""
    way = shapely.get_coordinates(along(paths, 1.0)) - shapely.get_coordinates(along(paths, 0.0))
    return np.asarray(way / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None])
