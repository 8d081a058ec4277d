"""What a layer's contract is made of, and frames held to it: every fault told at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.errors import ContractError, MissingCRS, NotFound, WrongCRS

TEXT, INTEGER, REAL, DATE, BOOLEAN = "text", "integer", "real", "date", "boolean"

DTYPES = {TEXT: "string", INTEGER: "Int64", REAL: "float64", DATE: "datetime64[s]", BOOLEAN: "boolean"}

EXACT: dict[str, Any] = {kind: pd.api.types.pandas_dtype(name) for kind, name in DTYPES.items()}

AREA = ("Polygon", "MultiPolygon")
PATH = ("LineString", "MultiLineString")
SPOT = ("Point",)


@dataclass(frozen=True)
class Column:
    """One column: ``kind`` is text, integer, real, date or boolean; ``unit`` is for people."""

    name: str
    kind: str = TEXT
    unit: str = ""
    required: bool = False
    choices: type[StrEnum] | None = None
    low: float | None = None
    high: float | None = None
    refers_to: str = ""


@dataclass(frozen=True)
class Layer:
    """A named set of rows; ``geometry`` lists the allowed geometry types, empty for plain tables."""

    name: str
    columns: tuple[Column, ...]
    geometry: tuple[str, ...] = ()
    geometry_required: bool = True
    has_z: bool = field(default=False)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFound("no_such_column", layer=self.name, column=name)


@dataclass(frozen=True)
class Fault:
    """One breach of the contract: ``code`` with the row's id, the column and the value."""

    code: str
    row: str
    column: str
    value: str = ""


def empty(layer: Layer, crs: CRS | str) -> pd.DataFrame:
    """A frame of no rows that keeps the contract: a GeoDataFrame where the layer has geometry."""
    return conform(pd.DataFrame({"id": pd.Series([], dtype="string")}), layer, crs)


def conform(frame: pd.DataFrame, layer: Layer, crs: CRS | str) -> pd.DataFrame:
    """Order and type the columns of ``frame`` as ``layer`` has them; absent ones come in as missing.

    Columns that the layer does not know are dropped. Values that cannot take the column's type raise
    ``ContractError``. Geometry is not moved: ``crs`` is only the CRS of an absent geometry column.
    """
    data = _columns(frame, layer, whole=True)
    if not layer.geometry:
        return pd.DataFrame(data, index=frame.index).reset_index(drop=True)
    geometry = (
        frame["geometry"] if "geometry" in frame else gpd.GeoSeries([None] * len(frame), index=frame.index)
    )
    own = getattr(geometry, "crs", None)
    located = gpd.GeoSeries(geometry, crs=own or crs)
    out: pd.DataFrame = gpd.GeoDataFrame(data, geometry=located, index=frame.index)
    return out.reset_index(drop=True)


def _columns(frame: pd.DataFrame, layer: Layer, *, whole: bool) -> dict[str, Any]:
    """The layer's columns, typed; those that the frame has not are missing throughout if ``whole``."""
    faults: list[Fault] = []
    data: dict[str, Any] = {}
    plain = pd.DataFrame(frame)
    for column in layer.columns:
        if column.name in plain:
            data[column.name] = _typed(plain, column, faults)
        elif whole:
            nothing = pd.array([None] * len(plain), dtype=_dtype(column))
            data[column.name] = pd.Series(nothing, index=plain.index)
    if faults:
        raise ContractError(layer=layer.name, faults=tuple(faults))
    return data


def _dtype(column: Column) -> Any:
    return DTYPES[column.kind]


def _typed(frame: pd.DataFrame, column: Column, faults: list[Fault]) -> pd.Series:
    values = frame[column.name]
    if values.dtype == EXACT[column.kind]:
        return values
    try:
        if column.kind == DATE:
            return pd.to_datetime(values).astype("datetime64[s]")
        if column.kind == REAL:
            return pd.to_numeric(values).astype("float64")
        if column.kind == INTEGER:
            return pd.to_numeric(values).astype("Int64")
        out: pd.Series = values.astype(_dtype(column))
        return out
    except (ValueError, TypeError, OverflowError):
        faults.extend(_untypable(frame, column))
        return pd.Series(pd.array([None] * len(frame), dtype=_dtype(column)), index=frame.index)


def _untypable(frame: pd.DataFrame, column: Column) -> Iterable[Fault]:
    values = frame[column.name]
    if column.kind == DATE:
        good = pd.to_datetime(values, errors="coerce")
    elif column.kind == BOOLEAN:
        good = values.where(values.isin([True, False]))
    else:
        good = pd.to_numeric(values, errors="coerce")
        if column.kind == INTEGER:
            good = good.where(good == good.round())
    return _faults("wrong_type", frame, good.isna() & values.notna(), column.name)


def check(frame: pd.DataFrame, layer: Layer, *, crs: CRS | str) -> pd.DataFrame:
    """Hold ``frame`` to the contract of ``layer`` and give it back typed and ordered.

    ``crs`` is the store's CRS. Raises ``MissingCRS`` or ``WrongCRS`` for the frame as a whole and
    ``ContractError`` with every other fault at once.
    """
    if layer.geometry and isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame:
        check_crs(frame, layer, crs)
    frame = conform(frame, layer, crs)
    faults = [*_column_faults(frame, layer), *_geometry_faults(frame, layer)]
    if faults:
        raise ContractError(layer=layer.name, faults=tuple(faults))
    return frame


def check_part(frame: pd.DataFrame, layer: Layer, *, crs: CRS | str) -> pd.DataFrame:
    """Hold those columns of ``layer`` that ``frame`` has to the contract, as ``check`` holds whole rows.

    The others stay absent, geometry among them. An ``id`` may be missing: there is no such row.
    """
    data = _columns(frame, layer, whole=False)
    drawn = layer.geometry and "geometry" in frame
    part = pd.DataFrame(data, index=frame.index)
    if drawn:
        if isinstance(frame, gpd.GeoDataFrame):
            check_crs(frame, layer, crs)
        part = gpd.GeoDataFrame(part, geometry=gpd.GeoSeries(frame["geometry"], crs=crs))
    part = part.reset_index(drop=True)
    found = [*_column_faults(part, layer), *(_geometry_faults(part, layer) if drawn else ())]
    faults = tuple(fault for fault in found if (fault.code, fault.column) != ("missing", "id"))
    if faults:
        raise ContractError(layer=layer.name, faults=faults)
    return part


def check_crs(frame: gpd.GeoDataFrame, layer: Layer, crs: CRS | str) -> None:
    if frame.crs is None:
        raise MissingCRS(layer=layer.name)
    if CRS.from_user_input(frame.crs) != CRS.from_user_input(crs):
        raise WrongCRS(
            layer=layer.name, found=frame.crs.to_string(), expected=CRS.from_user_input(crs).to_string()
        )


def _column_faults(frame: pd.DataFrame, layer: Layer) -> Iterable[Fault]:
    frame = pd.DataFrame(frame)
    yield from _faults("duplicate_id", frame, frame["id"].duplicated(keep="first"), "id")
    for column in (one for one in layer.columns if one.name in frame):
        values = frame[column.name]
        absent = values.isna()
        if column.required:
            missing = absent | (values == "").fillna(False) if column.kind == TEXT else absent
            yield from _faults("missing", frame, missing, column.name)
        if absent.all():
            continue
        if column.kind == TEXT:
            nul = values.str.contains("\0", regex=False, na=False)
            yield from _faults("wrong_type", frame, nul, column.name)
        if column.choices is not None:
            known = [member.value for member in column.choices]
            yield from _faults("not_a_choice", frame, values.notna() & ~values.isin(known), column.name)
        if column.kind == REAL:
            yield from _faults("not_finite", frame, np.isinf(values), column.name)
        if column.low is not None:
            yield from _faults("too_low", frame, (values < column.low).fillna(False), column.name)
        if column.high is not None:
            yield from _faults("too_high", frame, (values > column.high).fillna(False), column.name)


def _geometry_faults(frame: pd.DataFrame, layer: Layer) -> Iterable[Fault]:
    if not layer.geometry:
        return
    shapes = np.asarray(frame["geometry"].array)
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if layer.geometry_required:
        yield from _faults("no_geometry", frame, absent, "geometry")
    allowed = [shapely.GeometryType[name.upper()].value for name in layer.geometry]
    yield from _faults(
        "wrong_geometry", frame, ~absent & ~np.isin(shapely.get_type_id(shapes), allowed), "geometry"
    )
    yield from _faults("not_finite", frame, _not_finite(shapes), "geometry")
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    yield from _faults("invalid_geometry", frame, areal & ~shapely.is_valid(shapes), "geometry")


def _not_finite(shapes: np.ndarray) -> np.ndarray:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.zeros(len(shapes), dtype=bool)
    wrong[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return wrong


def _faults(
    code: str, frame: pd.DataFrame, wrong: Sequence[bool] | pd.Series | np.ndarray, column: str
) -> list[Fault]:
    where = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not len(where):
        return []
    ids = frame["id"].astype("string").fillna("") if "id" in frame else pd.Series([""] * len(frame))
    shown = frame[column].iloc[where] if column != "geometry" and column in frame else [""] * len(where)
    return [
        Fault(code, str(ids.iloc[place]), column, "" if pd.isna(value) else str(value))
        for place, value in zip(where, shown, strict=True)
    ]
