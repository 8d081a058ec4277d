"""Rows of a layer as plain arrays by column: what the rules read, without what a data frame costs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from geo.coordination.chains import Bools, Floats, Ints, Shapes

Texts = npt.NDArray[np.object_]
Layers = Mapping[str, "pd.DataFrame | Table"]

TEXTS: Mapping[str, tuple[str, ...]] = {
    "lines": (
        "id", "owner", "utility", "kind", "line_class", "state", "community", "dig", "replaces",
        "connects_to", "serves_building", "depth_reference", "laying", "material",
    ),
    "digs": ("id", "owner", "utility", "state", "community", "replaces", "joins"),
    "buildings": ("id", "community"),
    "ground": ("id", "kind", "community"),
    "works": ("id", "community", "code"),
    "pavings": ("id", "works"),
    "consents": ("id", "dig", "line"),
}  # fmt: skip
REALS: Mapping[str, tuple[str, ...]] = {
    "lines": (
        "outer_width_mm", "outer_height_mm", "nominal_diameter_mm", "voltage_kv", "pressure_mpa",
        "depth_start_m", "depth_end_m",
    ),
    "digs": ("width_m",),
    "ground": ("width_m",),
}  # fmt: skip
DAYS: Mapping[str, tuple[str, ...]] = {
    "digs": ("window_start", "window_end"),
    "works": ("planned_end", "actual_end"),
    "pavings": ("handed_over",),
}
SHAPED = ("lines", "digs", "buildings", "ground", "pavings")
_NO_DAY = np.iinfo(np.int64).min
# so few texts are sooner looked up one by one
_FEW = 500


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one layer, each ``count`` long: texts (``None`` where missing), numbers (NaN), days since
    1970, and ``geometry``."""

    columns: Mapping[str, npt.NDArray[Any]]
    count: int

    def __len__(self) -> int:
        return self.count

    def texts(self, name: str) -> Texts:
        """A column of text, ``None`` where missing or absent."""
        values = self.columns.get(name)
        return np.full(self.count, None, dtype=object) if values is None else values

    def reals(self, name: str) -> Floats:
        """A column of numbers, NaN where missing or absent."""
        values = self.columns.get(name)
        return np.full(self.count, np.nan) if values is None else values

    def days(self, name: str, default: int) -> Ints:
        """Dates as whole days since 1970, ``default`` where missing or absent."""
        values = self.columns.get(name)
        if values is None:
            return np.full(self.count, default, dtype=np.int64)
        return np.where(values == _NO_DAY, default, values)

    @property
    def shapes(self) -> Shapes:
        return self.texts("geometry")

    def take(self, rows: Ints | Bools) -> "Table":
        """The rows at these places, or where a mask holds."""
        picked = {name: values[rows] for name, values in self.columns.items()}
        count = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
        return Table(picked, count)


def numbered(values: Texts, known: Mapping[str, int]) -> Ints:
    """The number that each text has in ``known``, -1 where it has none."""
    if len(values) < _FEW:
        return np.fromiter((known.get(value, -1) for value in values), dtype=np.int64, count=len(values))
    codes, unique = pd.factorize(values)
    return np.array([*(known.get(text, -1) for text in unique), -1], dtype=np.int64)[codes]


def among(values: Texts, wanted: Collection[str]) -> Bools:
    """Which texts are among a few."""
    return np.asarray(numbered(values, {str(each): 0 for each in wanted}) == 0)


def joined(tables: Sequence[Table]) -> Table:
    """Tables with the same columns one after another."""
    full = [table for table in tables if len(table)] or list(tables[:1])
    if len(full) == 1:
        return full[0]
    names = full[0].columns
    return Table(
        {name: np.concatenate([table.columns[name] for table in full]) for name in names},
        sum(len(table) for table in full),
    )


def table(frame: "pd.DataFrame | Table | None", layer: str) -> Table:
    """The columns of ``frame`` that the rules read of ``layer``; without a frame a table of no rows."""
    if isinstance(frame, Table):
        return frame
    if frame is None:
        return empty(layer)
    columns: dict[str, npt.NDArray[Any]] = {}
    frame = pd.DataFrame(frame)
    for name in TEXTS.get(layer, ()):
        columns[name] = _texts(frame, name)
    for name in REALS.get(layer, ()):
        columns[name] = _reals(frame, name)
    for name in DAYS.get(layer, ()):
        columns[name] = _days(frame, name)
    if layer in SHAPED:
        columns["geometry"] = _shapes(frame)
    return Table(columns, len(frame))


@cache
def empty(layer: str) -> Table:
    """No rows of a layer."""
    return table(pd.DataFrame(), layer)


def tables(frames: Layers) -> dict[str, Table]:
    """All layers that the rules read."""
    return {layer: table(frames.get(layer), layer) for layer in TEXTS}


def _texts(frame: pd.DataFrame, name: str) -> Texts:
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    values, nothing = frame[name].array, cast(Any, None)
    if name == "id" or not isinstance(values, pd.arrays.ArrowStringArray):
        return np.asarray(frame[name].to_numpy(dtype=object, na_value=nothing))
    # few different texts come often: each is made into an object once
    given = pa.array(values)
    coded = (given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given).dictionary_encode()
    texts = np.append(coded.dictionary.to_numpy(zero_copy_only=False), nothing)
    return np.asarray(texts[coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)])


def _reals(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan))


def _days(frame: pd.DataFrame, name: str) -> Ints:
    if name not in frame:
        return np.full(len(frame), _NO_DAY, dtype=np.int64)
    values = pd.to_datetime(frame[name]).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(values), _NO_DAY, values.astype(np.int64))


def _shapes(frame: pd.DataFrame) -> Shapes:
    if "geometry" not in frame:
        return np.full(len(frame), None, dtype=object)
    return np.asarray(frame["geometry"].array, dtype=object)
