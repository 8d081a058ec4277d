"""Vertices that an edit did not move keep the coordinates that they had, to the last digit."""

import numpy as np
import shapely

from geo.shapes import spots

KEPT_WITHIN_M = 0.001


def keep_vertices(old: shapely.Geometry | None, new: shapely.Geometry | None) -> shapely.Geometry | None:
    """``new`` with every vertex that lies within a millimetre of one of ``old`` put exactly there.

    Both in the same projected CRS, metres. A shape that went out as degrees and came back unmoved is then the
    same again, and what the surveyor delivered stays what is stored.
    """
    if old is None or new is None:
        return new
    held, coordinates = shapely.get_coordinates(old), shapely.get_coordinates(new)
    if not len(held):
        return new
    tree = shapely.STRtree(spots(held))
    stays, near = tree.query_nearest(spots(coordinates), max_distance=KEPT_WITHIN_M, all_matches=False)
    kept = coordinates.copy()
    kept[stays] = held[near]
    out: shapely.Geometry = shapely.set_coordinates(shapely.force_2d(new), kept)
    return out


def distinct_vertices(shape: shapely.Geometry) -> int:
    """How many vertices of a path lie more than a millimetre from the one before, the first included."""
    coordinates = shapely.get_coordinates(shape)
    if not len(coordinates):
        return 0
    steps = np.linalg.norm(np.diff(coordinates, axis=0), axis=1)
    return 1 + int((steps > KEPT_WITHIN_M).sum())
