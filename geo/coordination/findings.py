"""The one frame of findings: its columns, its identity, and how the rules' answers come together."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS

from geo.coordination.chains import Bools
from geo.vocabulary import FindingKind, Verdict

TEXTS = (
    "id",
    "kind",
    "verdict",
    "thing_a",
    "thing_b",
    "layer_a",
    "layer_b",
    "class_a",
    "class_b",
    "rule",
    "clause",
    "unit",
    "provenance",
    "reference",
    "reason",
    "owner_a",
    "owner_b",
    "community",
)
REALS = ("measured", "required", "length_m", "saved_m", "saved_m2", "saved_days")
DATES = ("window_start", "window_end")
COLUMNS = (*TEXTS, *REALS, *DATES, "worst", "geometry")
LISTED = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NEEDS_REVIEW, Verdict.OPPORTUNITY)
COUNTED = ("kind", "verdict", "reason")


@dataclass(frozen=True)
class Findings:
    """``listed``: a GeoDataFrame of ``COLUMNS``, ordered by kind and things. ``counts``: every verdict.

    ``counts`` has kind, verdict, reason and count, those that are only counted included; ``unlisted`` are
    their rows, for who asks.
    """

    listed: gpd.GeoDataFrame
    unlisted: gpd.GeoDataFrame
    counts: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Rows:
    """Findings of one rule as plain arrays by column name, each ``count`` long; absent columns are
    missing."""

    columns: dict[str, npt.NDArray[Any]]
    count: int

    def __len__(self) -> int:
        return self.count

    def where(self, keep: Bools) -> "Rows":
        """The rows to keep."""
        return Rows({name: values[keep] for name, values in self.columns.items()}, int(keep.sum()))


NOTHING = Rows({}, 0)


def draft(kind: FindingKind, columns: dict[str, Any], count: int) -> Rows:
    """Rows of one kind: ``columns`` by name, scalars repeated. The rule is the kind unless it is given."""
    if not count:
        return NOTHING
    given: dict[str, Any] = {"kind": str(kind), "rule": str(kind), **columns}
    return Rows({name: _repeated(values, count) for name, values in given.items()}, count)


def _repeated(values: Any, count: int) -> npt.NDArray[Any]:
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    return np.full(count, values, dtype=object if isinstance(values, str) or values is None else None)


def joined(parts: Iterable[Rows]) -> Rows:
    """Rows of several rules one after another."""
    kept = [part for part in parts if part.count]
    names = {name: None for part in kept for name in part.columns}
    columns = {name: np.concatenate([_of(part, name) for part in kept]) for name in names}
    return Rows(columns, sum(part.count for part in kept))


def _of(part: Rows, name: str) -> npt.NDArray[Any]:
    if name in part.columns:
        return part.columns[name]
    if name in REALS:
        return np.full(part.count, np.nan)
    if name in DATES:
        return np.full(part.count, np.datetime64("NaT", "s"))
    return np.full(part.count, None, dtype=object)


def identities(kind: Sequence[Any], rule: Sequence[Any], a: Sequence[Any], b: Sequence[Any]) -> list[str]:
    """Hash of kind, rule and the sorted ids of the things: survives new dates, classes and geometry."""
    out = []
    for names in zip(kind, rule, a, b, strict=True):
        known = sorted(thing for thing in names[2:] if thing)
        out.append(hashlib.sha256("\x1f".join((*names[:2], *known)).encode()).hexdigest())
    return out


def collect(parts: Iterable[Rows], crs: CRS | str | None) -> Findings:
    """The rules' rows in a stable order, with their identities, and every verdict counted."""
    every = joined(parts)
    if not every.count:
        none = _framed(every, crs)
        return Findings(none, none.copy(), _counts(every))
    show = np.isin(every.columns["verdict"].astype(str), LISTED)
    return Findings(_framed(every.where(show), crs), _framed(every.where(~show), crs), _counts(every))


def _counts(every: Rows) -> pd.DataFrame:
    return _tally({name: _of(every, name).astype(object) for name in COUNTED})


def tallied(*frames: pd.DataFrame) -> pd.DataFrame:
    """How often each kind, verdict and reason occurs in frames of findings."""
    return _tally(
        {name: np.concatenate([frame[name].to_numpy(dtype=object) for frame in frames]) for name in COUNTED}
    )


def _tally(columns: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    reason = columns["reason"]
    frame = pd.DataFrame({**columns, "reason": np.where(_missing(reason), "", reason)}, dtype="string")
    return frame.groupby(list(COUNTED), sort=True).size().astype("int64").rename("count").reset_index()


def _missing(values: npt.NDArray[Any]) -> Bools:
    return np.asarray(pd.isna(values), dtype=np.bool_)


def _framed(rows: Rows, crs: CRS | str | None) -> gpd.GeoDataFrame:
    order = np.lexsort([_keys(rows, name) for name in ("verdict", "thing_b", "thing_a", "rule", "kind")])
    data: dict[str, Any] = {}
    for name in TEXTS[1:]:
        values = _of(rows, name)[order]
        values = values.astype(object)
        values[_missing(values)] = None
        data[name] = values
    ids = identities(data["kind"], data["rule"], data["thing_a"], data["thing_b"])
    columns: dict[str, Any] = {"id": pd.array(ids, dtype="string")}
    columns |= {name: pd.array(values, dtype="string") for name, values in data.items()}
    columns |= {name: _of(rows, name)[order].astype(np.float64) for name in REALS}
    columns |= {name: _of(rows, name)[order].astype("datetime64[s]") for name in DATES}
    columns["worst"] = gpd.array.from_shapely(_of(rows, "worst")[order], crs=crs)
    columns["geometry"] = gpd.array.from_shapely(_of(rows, "geometry")[order], crs=crs)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=crs)


def _keys(rows: Rows, name: str) -> npt.NDArray[Any]:
    values = _of(rows, name)
    return np.where(_missing(values), "", values).astype(str)
