"""What is believable beyond a layer's contract: days in order, shapes that can be, places in the district."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.validation import explain_validity

from geo.layers import Fault, Layer
from geo.vertices import distinct_vertices

OUTSIDE_M = 1000.0
"""How far from the district's outline a shape may lie: outlines may be schematic, mains come from outside."""

IN_ORDER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "digs": (("window_start", "window_end"),),
    "works": (("planned_start", "planned_end"), ("actual_start", "actual_end")),
}
ONE_OF: Mapping[str, tuple[str, ...]] = {"files": ("community", "dig")}
AT_MOST: Mapping[str, tuple[tuple[str, str], ...]] = {"lines": (("holes_used", "hole_count"),)}
AREAL = (3, 6)
PATHS = (1, 5)


def column_faults(row: Mapping[str, Any], layer: Layer, touched: AbstractSet[str]) -> list[Fault]:
    """Faults between the columns of one row, given as plain values with days as ISO text.

    Only where one of the columns was ``touched``: what an import left there is not this edit's.
    """
    name = str(row.get("id") or "")
    return [
        *(
            Fault("ends_before_start", name, end, str(row[end]))
            for start, end in IN_ORDER.get(layer.name, ())
            if _falls_short(row, start, end) and touched & {start, end}
        ),
        *(
            Fault("too_high", name, part, str(row[part]))
            for part, whole in AT_MOST.get(layer.name, ())
            if _falls_short(row, part, whole) and touched & {part, whole}
        ),
        *_not_one(row, layer, name, touched),
    ]


def _falls_short(row: Mapping[str, Any], low: str, high: str) -> bool:
    """Whether both are there and ``high`` is below ``low``."""
    return row.get(low) is not None and row.get(high) is not None and bool(row[high] < row[low])


def _not_one(row: Mapping[str, Any], layer: Layer, name: str, touched: AbstractSet[str]) -> Iterable[Fault]:
    names = ONE_OF.get(layer.name, ())
    if touched & set(names) and sum(row.get(one) is not None for one in names) != 1:
        yield Fault("one_of", name, names[0])


def shape_faults(shape: shapely.Geometry | None, name: str) -> list[Fault]:
    """What is wrong with one shape, metres: a path without length, an area that crosses itself."""
    if shape is None or shapely.is_empty(shape):
        return []
    kind = int(shapely.get_type_id(shape))
    parts = shapely.get_parts(shape)
    if kind in PATHS and any(distinct_vertices(part) < 2 for part in parts):
        return [Fault("path_without_length", name, "geometry")]
    if kind in AREAL and not shapely.is_valid(shape):
        return [Fault("crosses_itself", name, "geometry", _where(shape))]
    if kind in AREAL and any(shapely.area(part) <= 0 for part in parts):
        return [Fault("area_without_extent", name, "geometry")]
    return []


def _where(shape: shapely.Geometry) -> str:
    """``x, y`` of the place at which an area is broken, as GEOS tells it; empty where it tells none."""
    told = explain_validity(shape)
    return told.partition("[")[2].rstrip("]").replace(" ", ", ")


def lies_outside(shape: shapely.Geometry, district: shapely.Geometry) -> bool:
    """Whether any of a shape is farther from the district's outline than is believable; both metres."""
    spots = shapely.points(shapely.get_coordinates(shape))
    return bool((shapely.distance(spots, district) > OUTSIDE_M).any())


def outline_of(boundaries: pd.DataFrame, level: str) -> shapely.Geometry | None:
    """One outline of all boundaries of a level, in the frame's CRS; ``None`` where there is none."""
    shapes = np.asarray(boundaries.loc[(boundaries["level"] == level).to_numpy(bool), "geometry"].array)
    shapes = shapes[~shapely.is_missing(shapes)]
    return shapely.union_all(shapes) if len(shapes) else None
