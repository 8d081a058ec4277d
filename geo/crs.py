"""Coordinate systems: into the district's own, out to the screen, and the guess when a file names none."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.district import District
from geo.errors import MissingCRS, WrongCRS

SCREEN = "EPSG:4326"
GCJ02 = "GCJ-02"
SAME_DEGREES = (("EPSG", "4326"), ("EPSG", "4490"), ("OGC", "CRS84"))

Reals = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

_KRASOVSKY_A = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323


def to_district(frame: gpd.GeoDataFrame, district: District) -> gpd.GeoDataFrame:
    """``frame`` in the district's projected CRS, metres, easting first.

    Raises ``MissingCRS`` (with the candidates that the coordinates look like) where the frame has no CRS and
    ``WrongCRS`` where the coordinates, once converted, do not fall in the district's extent: code
    ``axes_swapped`` when they would after exchanging x and y.
    """
    bounds = _bounds(frame)
    if frame.crs is None:
        raise MissingCRS(bounds=_text(bounds), guess=_guess_text(bounds, district))
    moved = frame if frame.crs == district.crs else _moved(frame, district.crs)
    landed = _bounds(moved)
    if landed is not None and not _within(landed, district_box(district)):
        raise _wrong_place(frame, bounds, landed, district)
    return moved


def to_screen(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """``frame`` in longitude and latitude, EPSG:4326, x first. Raises ``MissingCRS``."""
    if frame.crs is None:
        raise MissingCRS(bounds=_text(_bounds(frame)), guess="")
    return frame.to_crs(SCREEN)


@lru_cache
def from_degrees(crs: CRS) -> Transformer:
    """From longitude and latitude, CRS84, to ``crs``; the inverse direction goes back.

    Degrees of CGCS2000 are those of CRS84. Said so, PROJ need not search for a shift between the two, which
    takes it a second in every thread, to find that there is none.
    """
    degrees = crs.geodetic_crs
    same = degrees is not None and degrees.to_authority() in SAME_DEGREES
    return Transformer.from_crs(degrees if same else "OGC:CRS84", crs, always_xy=True)


def named_crs(name: str, district: District) -> CRS:
    """The CRS that a person names: ``4490``, ``EPSG:4490``, ``CRS84``, WKT … GCJ-02 counts as CRS84.

    Raises ``WrongCRS`` with code ``crs_unknown`` where the name means nothing.
    """
    wanted = name.strip()
    if is_gcj02(wanted) or wanted.upper().replace(":", "") in ("CRS84", "OGCCRS84", "WGS84"):
        return CRS.from_user_input("OGC:CRS84")
    try:
        return CRS.from_user_input(int(wanted) if wanted.isdigit() else wanted)
    except CRSError as error:
        raise WrongCRS("crs_unknown", found=name, expected=district.crs_name()) from error


def is_gcj02(name: str | None) -> bool:
    """Whether a name means the shifted grid of Chinese web maps (GCJ-02)."""
    return name is not None and name.upper().replace("-", "").replace("_", "").strip() in (
        "GCJ02",
        "GCJ",
        "AMAP",
    )


def district_box(district: District, *, margin: float = 0.0) -> Bounds:
    """West, south, east, north of the district's extent in its own CRS, metres."""
    # The extent is a rough box: the grid's own degrees stand for CRS84, which spares PROJ a search for datum
    # shifts.
    degrees = district.crs.geodetic_crs or CRS.from_user_input("OGC:CRS84")
    to_grid = Transformer.from_crs(degrees, district.crs, always_xy=True)
    west, south, east, north = to_grid.transform_bounds(*district.extent)
    return west - margin, south - margin, east + margin, north + margin


def inside_district(x: Reals, y: Reals, district: District) -> npt.NDArray[np.bool_]:
    """Which places (metres in the district's CRS) lie in the district's extent."""
    west, south, east, north = district_box(district)
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def swap_axes(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """``frame`` with x and y of every vertex exchanged, same CRS."""
    return frame.set_geometry(
        gpd.GeoSeries(
            shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]), index=frame.index, crs=frame.crs
        )
    )


def guess_crs(bounds: Bounds | None, district: District, *, most: int = 2) -> list[str]:
    """Names of CRSs in which ``bounds`` (x first) would fall in the district, the likeliest first, at most
    ``most``."""
    if bounds is None or not np.isfinite(bounds).all():
        return []
    fitting = (name for name, crs in _candidates(district) if _lands(bounds, crs, district))
    return list(islice(fitting, most))


def _candidates(district: District) -> Iterator[tuple[str, CRS]]:
    yield district.crs_name(), district.crs
    if district.crs_zoned is not None:
        yield ":".join(district.crs_zoned.to_authority() or ("", district.crs_zoned.name)), district.crs_zoned
    for code in ("EPSG:4490", "EPSG:4326", "EPSG:3857"):
        yield code, CRS.from_user_input(code)
    for epsg in (*range(4502, 4555), *range(32647, 32650)):
        if epsg not in (district.crs.to_epsg(), district.crs_zoned and district.crs_zoned.to_epsg()):
            yield f"EPSG:{epsg}", CRS.from_epsg(epsg)


def _lands(bounds: Bounds, crs: CRS, district: District) -> bool:
    """Whether ``bounds`` in ``crs`` would be in the district, by the CRS's own degrees: datum shifts do not
    matter here."""
    area = crs.area_of_use
    west, south, east, north = district.extent
    if area is not None and (
        area.east < west or area.west > east or area.north < south or area.south > north
    ):
        return False
    if crs.is_geographic:
        return _within(bounds, district.extent)
    degrees = crs.geodetic_crs or CRS.from_user_input("OGC:CRS84")
    landed = Transformer.from_crs(crs, degrees, always_xy=True).transform_bounds(*bounds)
    return bool(np.isfinite(landed).all()) and _within(landed, district.extent)


def _wrong_place(
    frame: gpd.GeoDataFrame, bounds: Bounds | None, landed: Bounds, district: District
) -> WrongCRS:
    facts = {
        "found": _crs_text(frame.crs),
        "expected": district.crs_name(),
        "landed": _lonlat_text(landed, district.crs),
        "bounds": _text(bounds),
    }
    if bounds is not None and _lands((bounds[1], bounds[0], bounds[3], bounds[2]), frame.crs, district):
        return WrongCRS("axes_swapped", **facts)
    guess = _guess_text(bounds, district)
    return WrongCRS("wrong_crs_guess", guess=guess, **facts) if guess else WrongCRS(**facts)


def _guess_text(bounds: Bounds | None, district: District) -> str:
    names = guess_crs(bounds, district)
    if not names and bounds is not None:
        names = guess_crs((bounds[1], bounds[0], bounds[3], bounds[2]), district)
    return ", ".join(names)


def _moved(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    try:
        return frame.to_crs(crs)
    except CRSError as error:
        raise WrongCRS("crs_unusable", found=_crs_text(frame.crs), expected=_crs_text(crs)) from error


def _bounds(frame: gpd.GeoDataFrame) -> Bounds | None:
    """Bounds of every vertex; ``None`` without geometry; infinite where a conversion failed."""
    shapes = np.asarray(frame.geometry.array)
    each = shapely.bounds(shapes)[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if not len(each):
        return None
    if not np.isfinite(each).all():
        return (-np.inf, -np.inf, np.inf, np.inf)
    west, south = each[:, :2].min(axis=0)
    east, north = each[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _within(inner: Sequence[float], outer: Sequence[float]) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _crs_text(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _text(bounds: Bounds | None) -> str:
    return "" if bounds is None else ", ".join(f"{value:.10g}" for value in bounds)


def _lonlat_text(bounds: Bounds, crs: CRS) -> str:
    """Where the middle of ``bounds`` is, as ``108.21°E 38.01°N``; empty where it is nowhere."""
    if not np.isfinite(bounds).all():
        return ""
    middle = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    lon, lat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform(*middle)
    return f"{lon:.3f}°E {lat:.3f}°N" if np.isfinite([lon, lat]).all() else ""


def wgs84_to_gcj02(lon: Reals, lat: Reals) -> tuple[Reals, Reals]:
    """Degrees CRS84 → degrees GCJ-02, elementwise (the published approximation; China only)."""
    east, north = _offset(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return lon + east, lat + north


def gcj02_to_wgs84(lon: Reals, lat: Reals) -> tuple[Reals, Reals]:
    """Degrees GCJ-02 → degrees CRS84, elementwise, by fixed-point steps; inverse to about 1e-9 degree."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    guess_lon, guess_lat = lon, lat
    for _ in range(8):
        east, north = _offset(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - east, lat - north
    return guess_lon, guess_lat


def frame_from_gcj02(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A frame of GCJ-02 degrees → the same shapes in CRS84."""
    return _each_vertex(frame, gcj02_to_wgs84)


def _each_vertex(
    frame: gpd.GeoDataFrame, move: Callable[[Reals, Reals], tuple[Reals, Reals]]
) -> gpd.GeoDataFrame:
    shapes = shapely.transform(
        np.asarray(frame.geometry.array), lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1]))
    )
    return gpd.GeoDataFrame(
        pd.DataFrame(frame.drop(columns=frame.geometry.name)),
        geometry=shapes,
        crs="OGC:CRS84",
        index=frame.index,
    )


def _offset(lon: Reals, lat: Reals) -> tuple[Reals, Reals]:
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += (waves + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += (waves + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    rad = lat / 180.0 * np.pi
    magic = 1 - _KRASOVSKY_E2 * np.sin(rad) ** 2
    root = np.sqrt(magic)
    north = (north * 180.0) / ((_KRASOVSKY_A * (1 - _KRASOVSKY_E2)) / (magic * root) * np.pi)
    east = (east * 180.0) / (_KRASOVSKY_A / root * np.cos(rad) * np.pi)
    return east, north
