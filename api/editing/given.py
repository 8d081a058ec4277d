"""What somebody typed, column by column, as the values that a layer's contract has."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.layers import BOOLEAN, DATE, DTYPES, INTEGER, REAL, TEXT, Column, Fault, Layer

Row = dict[str, Any]

PROVENANCE = ("id", "source", "source_id")
UPLOADED = ("community", "dig", "media_type", "size_bytes", "sha256")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LARGEST = 2**63 - 1


def writable(layer: Layer) -> list[Column]:
    """The columns that people set: not where a row came from, nor what a file is."""
    fixed = (*PROVENANCE, *UPLOADED) if layer.name == "files" else PROVENANCE
    return [column for column in layer.columns if column.name not in fixed]


def given_values(
    told: Mapping[str, Any], layer: Layer, row: str, refs: Mapping[str, str]
) -> tuple[Row, list[Fault]]:
    """Values of the named columns, and what is wrong with them; a column that is wrong is missing.

    Blank text is missing. ``{"ref": name}`` stands for the id that ``refs`` has for a new row of the same
    batch.
    """
    known = {column.name: column for column in writable(layer)}
    values: Row = {}
    faults = []
    for name, value in told.items():
        if name not in known:
            code = "read_only" if name in layer.names else "unknown_field"
            faults.append(Fault(code, row, name, _shown(value)))
            continue
        try:
            values[name] = _value(value, known[name], refs)
        except (ValueError, OverflowError):
            values[name] = None
            faults.append(Fault("wrong_type", row, name, _shown(value)))
        except KeyError:
            values[name] = None
            faults.append(Fault("unknown_reference", row, name, _shown(value)))
    return values, faults


def _value(value: Any, column: Column, refs: Mapping[str, str]) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if column.refers_to and isinstance(value, Mapping) and set(value) == {"ref"}:
        return refs[str(value["ref"])]
    return READERS[column.kind](value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value.strip()


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise ValueError(value)
    return value


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _day(value: Any) -> str:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError(value)
    return date.fromisoformat(value).isoformat()


READERS: Mapping[str, Callable[[Any], Any]] = {
    TEXT: _text,
    INTEGER: _integer,
    REAL: _real,
    BOOLEAN: _truth,
    DATE: _day,
}


def _shown(value: Any) -> str:
    return "" if value is None else str(value)[:200]


def frame_of(
    rows: Sequence[Row], layer: Layer, names: Iterable[str], shapes: Sequence[Any], crs: CRS
) -> pd.DataFrame:
    """The typed frame of plain values; of ``shapes``, in ``crs``, where ``geometry`` is among the names."""
    wanted = set(names)
    data = {
        column.name: _column([row[column.name] for row in rows], column)
        for column in layer.columns
        if column.name in wanted
    }
    if "geometry" not in wanted:
        return pd.DataFrame(data)
    frame: pd.DataFrame = gpd.GeoDataFrame(data, geometry=gpd.array.from_shapely(np.array(shapes), crs=crs))
    return frame


def _column(values: Sequence[Any], column: Column) -> Any:
    if column.kind == REAL:
        return np.array(values, dtype="float64")
    if column.kind == DATE:
        return np.array(values, dtype="datetime64[s]")
    kind: Any = DTYPES[column.kind]
    return pd.array(list(values), dtype=kind)


def shape_of(row: Mapping[str, Any]) -> shapely.Geometry | None:
    """The shape of a row as the history has it: WKB in hex."""
    told = row.get("geometry")
    return None if told is None else shapely.from_wkb(told)
