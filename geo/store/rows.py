"""Rows of a layer between frames and plain values, column by column, and their canonical JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import shapely
from pyproj import CRS

from geo.layers import BOOLEAN, DATE, DTYPES, INTEGER, REAL, Column, Layer
from geo.store.blobs import single


@dataclass(frozen=True)
class Rows:
    """Rows of one layer as plain values.

    ``columns`` holds one list per column of the layer, ``wkb`` little-endian 2D WKB or ``None`` per row
    (empty for a layer without geometry), ``bounds`` the (n, 4) box of each geometry in the store's CRS.
    """

    layer: Layer
    columns: Mapping[str, list[Any]]
    wkb: list[bytes | None]
    bounds: np.ndarray

    def __len__(self) -> int:
        return len(self.columns["id"])

    @property
    def ids(self) -> list[str]:
        return self.columns["id"]

    def take(self, places: Sequence[int]) -> "Rows":
        """The rows at ``places``, in that order."""
        columns = {name: [values[place] for place in places] for name, values in self.columns.items()}
        wkb = [self.wkb[place] for place in places] if self.wkb else []
        return Rows(self.layer, columns, wkb, self.bounds[list(places)])

    def part(self, part: slice) -> "Rows":
        """The rows of a slice."""
        columns = {name: values[part] for name, values in self.columns.items()}
        return Rows(self.layer, columns, self.wkb[part], self.bounds[part])

    def texts(self) -> list[str]:
        """Each row as canonical JSON: sorted keys, no spaces, geometry as WKB in hex, missing as null."""
        fields: dict[str, list[Any]] = dict(self.columns)
        if self.layer.geometry:
            fields["geometry"] = [blob.hex() if blob is not None else None for blob in self.wkb]
        names = sorted(fields)
        rows = zip(*(fields[name] for name in names), strict=True)
        return [orjson.dumps(dict(zip(names, row, strict=True))).decode() for row in rows]


def to_rows(frame: pd.DataFrame, layer: Layer) -> Rows:
    """Plain values of a frame that keeps the layer's contract.

    Dates lose their time of day and geometry its height; an empty geometry is none, and a multi geometry
    of one part is that part.
    """
    columns = {column.name: plain(frame[column.name], column) for column in layer.columns}
    if not layer.geometry:
        return Rows(layer, columns, [], np.empty((len(frame), 4)))
    return Rows(layer, columns, *to_wkb(frame))


def to_part(frame: pd.DataFrame, layer: Layer) -> Rows:
    """Those columns of rows that a frame has; no geometry where it has none."""
    columns = {
        column.name: plain(frame[column.name], column) for column in layer.columns if column.name in frame
    }
    if "geometry" not in frame:
        return Rows(layer, columns, [], np.empty((len(frame), 4)))
    return Rows(layer, columns, *to_wkb(frame))


def merged(old: Rows, part: Rows, names: Sequence[str]) -> Rows:
    """The rows with the named columns (``geometry`` among them or not) as ``part``, row by row, has them."""
    columns = {**old.columns, **{name: part.columns[name] for name in names if name != "geometry"}}
    drawn = part if "geometry" in names else old
    return Rows(old.layer, columns, drawn.wkb, drawn.bounds)


def to_wkb(frame: pd.DataFrame) -> tuple[list[bytes | None], np.ndarray]:
    """Little-endian 2D WKB of a frame's geometry, a multi of one part as that part, and the (n, 4) bounds."""
    shapes: np.ndarray = np.array(frame["geometry"].array)
    shapes[shapely.is_empty(shapes)] = None
    wkb = shapely.to_wkb(shapes, byte_order=1, output_dimension=2, include_srid=False)
    return [None if blob is None else single(blob) for blob in wkb], shapely.bounds(shapes)


def plain(values: pd.Series, column: Column) -> list[Any]:
    """The values of a typed column as Python has them; dates as ISO text."""
    if column.kind == DATE:
        objects: np.ndarray = np.datetime_as_string(values.to_numpy().astype("datetime64[D]")).astype(object)
    else:
        objects = values.to_numpy(dtype=object).copy()
    objects[values.isna().to_numpy()] = None
    texts: list[Any] = objects.tolist()
    return texts


def from_values(layer: Layer, values: Mapping[str, list[Any]], wkb: list[bytes | None]) -> Rows:
    """Rows from what the database gave: truth as 0 and 1, all else as plain as it is wanted."""
    columns = {
        column.name: [None if one is None else bool(one) for one in values[column.name]]
        if column.kind == BOOLEAN
        else values[column.name]
        for column in layer.columns
    }
    if not layer.geometry:
        return Rows(layer, columns, [], np.empty((len(columns["id"]), 4)))
    return Rows(layer, columns, wkb, shapely.bounds(shapely.from_wkb(np.array(wkb, dtype=object))))


def to_frame(
    layer: Layer, values: Mapping[str, Sequence[Any]], wkb: Sequence[bytes | None] | None, crs: CRS
) -> pd.DataFrame:
    """The typed frame of a layer with ``row_revision`` last; a GeoDataFrame in ``crs`` if it has geometry."""
    data: dict[str, Any] = {column.name: _typed(values[column.name], column) for column in layer.columns}
    data["row_revision"] = _typed(values["row_revision"], Column("row_revision", INTEGER))
    if not layer.geometry:
        return pd.DataFrame(data)
    shapes = shapely.from_wkb(np.array(wkb if wkb else [], dtype=object))
    revision = data.pop("row_revision")
    frame = gpd.GeoDataFrame(data, geometry=gpd.array.from_shapely(shapes, crs=crs))
    frame["row_revision"] = revision
    located: pd.DataFrame = frame
    return located


def _typed(values: Sequence[Any], column: Column) -> Any:
    if column.kind == REAL:
        return np.array(values, dtype="float64")
    if column.kind == DATE:
        return np.array(values, dtype="datetime64[s]")
    kind: Any = pd.api.types.pandas_dtype(DTYPES[column.kind])
    arrow = pa.array(
        values, type={INTEGER: pa.int64(), BOOLEAN: pa.int8()}.get(column.kind, pa.large_string())
    )
    return kind.__from_arrow__(arrow.cast(pa.bool_()) if column.kind == BOOLEAN else arrow)
