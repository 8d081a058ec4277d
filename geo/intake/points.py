"""X and Y of a survey: northing and easting, with or without zone number, sometimes exchanged."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer

from geo.crs import gcj02_to_wgs84, guess_crs, inside_district, is_gcj02, named_crs
from geo.district import District
from geo.errors import WrongCRS
from geo.intake.draft import refuse, remark
from geo.intake.report import Level, Notes

Reals = npt.NDArray[np.float64]
_ZONED = 1e7


def place_points(
    frame: pd.DataFrame, district: District, notes: Notes, crs: str | None, file: str
) -> gpd.GeoDataFrame:
    """Points from ``_x`` (northing) and ``_y`` (easting), metres, in the district's CRS.

    Without ``crs`` the coordinates count as the district's own, with the zone number or without. Exchanged
    columns are put right with a note where only that puts the point into the district; a point that no
    reading puts there is refused. Raises ``WrongCRS`` where none of the points lies in the district.
    """
    north, east = frame["_x"].to_numpy(dtype=float), frame["_y"].to_numpy(dtype=float)
    absent = ~(np.isfinite(north) & np.isfinite(east))
    frame = refuse(frame, absent, notes, "point_without_place", values=frame["number"])
    north, east = north[~absent], east[~absent]
    xy, exchanged = resolve(north, east, district, crs)
    lost = ~np.isfinite(xy).all(axis=1)
    if len(frame) and lost.all():
        raise _nowhere(north, east, district, crs, file)
    if crs is None and len(frame):
        notes.add(Level.NOTE, "crs_taken", sheet=str(frame["_sheet"].iloc[0]), crs=district.crs_name())
    if exchanged.all() and len(exchanged):
        notes.add(
            Level.REPAIRED, "xy_exchanged_all", sheet=str(frame["_sheet"].iloc[0]), count=len(exchanged)
        )
    else:
        remark(frame, exchanged, notes, Level.REPAIRED, "xy_exchanged", values=frame["number"])
    frame = refuse(
        frame,
        lost,
        notes,
        "outside_district",
        values=frame["number"],
        facts=lambda place: {"x": f"{north[place]:.3f}", "y": f"{east[place]:.3f}"},
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*xy[~lost].T), crs=district.crs)


def points_of_lines(
    frame: pd.DataFrame, side: str, district: District, notes: Notes, crs: str | None, file: str
) -> Reals:
    """Easting and northing that the line table itself gives for one end; not finite where it gives none."""
    north, east = (frame[f"_{side}_{axis}"].to_numpy(dtype=float) for axis in ("x", "y"))
    xy, _ = resolve(north, east, district, crs)
    return xy


def resolve(
    north: Reals, east: Reals, district: District, crs: str | None
) -> tuple[Reals, npt.NDArray[np.bool_]]:
    """Easting and northing in the district's CRS, and which rows had the two exchanged; not finite where
    neither fits."""
    straight = _to_grid(east, north, district, crs)
    turned = _to_grid(north, east, district, crs)
    fits = inside_district(straight[:, 0], straight[:, 1], district)
    fits_turned = inside_district(turned[:, 0], turned[:, 1], district) & ~fits
    xy = np.full((len(north), 2), np.nan)
    xy[fits] = straight[fits]
    xy[fits_turned] = turned[fits_turned]
    return xy, fits_turned


def _to_grid(x: Reals, y: Reals, district: District, crs: str | None) -> Reals:
    """x (easting or longitude), y → the district's CRS."""
    if crs is not None and is_gcj02(crs):
        x, y = gcj02_to_wgs84(x, y)
    source = district.crs if crs is None else named_crs(crs, district)
    out = _moved(x, y, source, district.crs)
    zoned = (x > _ZONED) & (crs is None or not _has_zone(source))
    if district.crs_zoned is not None and zoned.any():
        out[zoned] = _moved(x[zoned], y[zoned], district.crs_zoned, district.crs)
    return out


def _has_zone(crs: CRS) -> bool:
    parameters = crs.to_dict() if crs.is_projected else {}
    return float(parameters.get("x_0", 0)) > _ZONED


def _moved(x: Reals, y: Reals, source: CRS, target: CRS) -> Reals:
    if source == target:
        return np.column_stack([x, y])
    return np.column_stack(Transformer.from_crs(source, target, always_xy=True).transform(x, y))


def _nowhere(north: Reals, east: Reals, district: District, crs: str | None, file: str) -> WrongCRS:
    bounds = (float(east.min()), float(north.min()), float(east.max()), float(north.max()))
    guess = guess_crs(bounds, district)[:2]
    facts = {
        "file": file,
        "found": crs or district.crs_name(),
        "expected": district.crs_name(),
        "bounds": ", ".join(f"{value:.10g}" for value in bounds),
        "landed": "",
    }
    return WrongCRS("wrong_crs_guess", guess=", ".join(guess), **facts) if guess else WrongCRS(**facts)
