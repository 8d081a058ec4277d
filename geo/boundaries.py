"""Outlines of the district and its towns, read from a folder of GeoJSON files."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyogrio.errors import DataSourceError

from geo.district import District
from geo.errors import BadInput, MissingCRS, UnknownTown, UnreadableFile
from geo.layers import LAYERS, check
from geo.vocabulary import BoundaryLevel

_FILES = {BoundaryLevel.DISTRICT: "district.geojson", BoundaryLevel.TOWN: "towns.geojson"}
_NEEDED = ("code", "name")


def read_boundaries(folder: Path, district: District) -> gpd.GeoDataFrame:
    """Rows of the ``boundaries`` layer in the district's CRS: the district first, then its towns.

    ``folder`` holds ``district.geojson`` and ``towns.geojson`` in any declared CRS. Raises
    ``UnreadableFile``, ``MissingCRS``, ``ContractError``, ``UnknownTown`` for a town that the district does
    not have and ``BadInput`` for another district's outline.
    """
    parts = [_read(folder / name, level, district) for level, name in _FILES.items()]
    rows = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=district.crs)
    _check_codes(rows, district)
    order = {code: place for place, code in enumerate((district.code, *district.town_codes()))}
    rows = rows.sort_values("code", key=lambda codes: codes.map(order), kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(check(rows, LAYERS["boundaries"], crs=district.crs))


def _read(path: Path, level: BoundaryLevel, district: District) -> gpd.GeoDataFrame:
    if not path.is_file():
        raise UnreadableFile(path=str(path), problem="not found")
    try:
        rows = gpd.read_file(path, engine="pyogrio")
    except (DataSourceError, UnicodeDecodeError, ValueError) as error:
        raise UnreadableFile(path=str(path), problem=str(error)) from error
    missing = [name for name in _NEEDED if name not in rows]
    if missing or not isinstance(rows, gpd.GeoDataFrame):
        raise UnreadableFile(path=str(path), problem=f"no {', '.join(missing) or 'geometry'}")
    if rows.crs is None:
        raise MissingCRS(path=str(path))
    rows = rows.to_crs(district.crs)
    schematic = rows["schematic"] if "schematic" in rows else pd.Series(pd.NA, index=rows.index)
    codes = rows["code"].astype("string")
    return rows.assign(
        id=f"{level}-" + codes, code=codes, level=str(level), schematic=schematic, source=path.name
    )


def _check_codes(rows: gpd.GeoDataFrame, district: District) -> None:
    towns = rows.loc[rows["level"] == BoundaryLevel.TOWN, "code"]
    for code in towns[~towns.isin(district.town_codes())]:
        raise UnknownTown(town=code, known=", ".join(district.town_codes()))
    others = rows.loc[(rows["level"] == BoundaryLevel.DISTRICT) & (rows["code"] != district.code), "code"]
    for code in others:
        raise BadInput("wrong_district", found=code, expected=district.code)
