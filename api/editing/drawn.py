"""Shapes between GeoJSON in CRS84 and the district's own metres."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.enums import TransformDirection

from geo.crs import from_degrees
from geo.layers import Fault, Layer

DECIMALS = 9
"""Of a degree: a tenth of a millimetre."""
WORLD = np.array([180.0, 90.0])
KNOWN_MEMBERS = frozenset({"type", "coordinates", "bbox"})

Floats = npt.NDArray[np.float64]


class Misdrawn(ValueError):
    """GeoJSON that draws nothing; ``code`` and ``value`` are those of the fault that it makes."""

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(code)
        self.code, self.value = code, str(value)

    def fault(self, row: str) -> Fault:
        return Fault(self.code, row, "geometry", self.value)


def to_geojson(wkb: str | None, crs: CRS) -> dict[str, Any] | None:
    """The GeoJSON in CRS84 of a shape in ``crs`` given as WKB in hex."""
    if wkb is None:
        return None
    shape = shapely.from_wkb(wkb)
    degrees = shapely.transform(shape, lambda xy: np.round(_to_degrees(xy, crs), DECIMALS))
    told: dict[str, Any] = degrees.__geo_interface__
    return told


def from_geojson(told: Any, layer: Layer, crs: CRS) -> shapely.Geometry | None:
    """The shape in ``crs`` that GeoJSON in CRS84 draws, heights left out; raises ``Misdrawn``."""
    if told is None:
        return None
    if not layer.geometry:
        raise Misdrawn("no_geometry_here")
    if not isinstance(told, Mapping) or not set(told) <= KNOWN_MEMBERS or "coordinates" not in told:
        raise Misdrawn("not_geojson", _named(told))
    kind = told.get("type")
    if kind not in layer.geometry:
        raise Misdrawn("wrong_geometry", kind if isinstance(kind, str) else "")
    shape = DRAWN[kind](told["coordinates"])
    return shapely.transform(shape, lambda xy: _to_metres(xy, crs))


def _named(told: Any) -> str:
    return ", ".join(sorted(set(told) - KNOWN_MEMBERS)) if isinstance(told, Mapping) else ""


def to_degrees(x: float, y: float, crs: CRS) -> tuple[float, float]:
    """Longitude and latitude of a place in ``crs``."""
    east, north = _to_degrees(np.array([[x, y]]), crs)[0]
    return float(east), float(north)


def _to_metres(degrees: Floats, crs: CRS) -> Floats:
    return np.column_stack(from_degrees(crs).transform(degrees[:, 0], degrees[:, 1]))


def _to_degrees(metres: Floats, crs: CRS) -> Floats:
    backward = from_degrees(crs).transform(metres[:, 0], metres[:, 1], direction=TransformDirection.INVERSE)
    return np.column_stack(backward)


def _places(told: Any, least: int) -> Floats:
    """(n, 2) longitudes and latitudes of at least ``least`` positions."""
    if not isinstance(told, list) or not all(_is_position(one) for one in told):
        raise Misdrawn("not_geojson")
    if len(told) < least:
        raise Misdrawn("too_few_vertices", len(told))
    places = np.array([one[:2] for one in told], dtype="float64").reshape(-1, 2)
    beyond = (np.abs(places) > WORLD).any(axis=1)
    if beyond.any():
        first = places[beyond][0]
        code = "axes_swapped" if (np.abs(first[::-1]) <= WORLD).all() else "outside_the_world"
        raise Misdrawn(code, f"{first[0]:.10g}, {first[1]:.10g}")
    return places


def _is_position(told: Any) -> bool:
    return (
        isinstance(told, list)
        and len(told) in (2, 3)
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in told)
        and all(abs(one) < 1e15 for one in told)
    )


def _parts(told: Any) -> Sequence[Any]:
    if not isinstance(told, list):
        raise Misdrawn("not_geojson")
    if not told:
        raise Misdrawn("too_few_vertices", 0)
    return told


def _point(told: Any) -> shapely.Geometry:
    return shapely.Point(_places([told], 1)[0])


def _line(told: Any) -> shapely.Geometry:
    return shapely.LineString(_places(told, 2))


def _ring(told: Any) -> Floats:
    places = _places(told, 4)
    if (places[0] != places[-1]).any():
        raise Misdrawn("ring_open", f"{places[-1][0]:.10g}, {places[-1][1]:.10g}")
    return places


def _area(told: Any) -> shapely.Geometry:
    outer, *holes = (_ring(ring) for ring in _parts(told))
    return shapely.Polygon(outer, holes)


def _many(kind: str, draw: Callable[[Any], shapely.Geometry]) -> Callable[[Any], shapely.Geometry]:
    def drawn(told: Any) -> shapely.Geometry:
        shapes = np.array([draw(one) for one in _parts(told)], dtype=object)
        of_one = np.zeros(len(shapes), dtype=np.intp)
        collected: list[shapely.Geometry] = list(COLLECTED[kind](shapes, indices=of_one))
        return collected[0]

    return drawn


COLLECTED: Mapping[str, Callable[..., Any]] = {
    "MultiPoint": shapely.multipoints,
    "MultiLineString": shapely.multilinestrings,
    "MultiPolygon": shapely.multipolygons,
}
DRAWN: Mapping[str, Callable[[Any], shapely.Geometry]] = {
    "Point": _point,
    "LineString": _line,
    "Polygon": _area,
    "MultiPoint": _many("MultiPoint", _point),
    "MultiLineString": _many("MultiLineString", _line),
    "MultiPolygon": _many("MultiPolygon", _area),
}
