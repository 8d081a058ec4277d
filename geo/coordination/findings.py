"""The one frame of findings: its columns, its identity, and how the rules' answers come together."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.coordination.chains import Bools, Floats, Shapes
from geo.vocabulary import FindingKind, Verdict

TEXTS = (
    "id", "kind", "verdict", "thing_a", "thing_b", "layer_a", "layer_b", "class_a", "class_b", "rule", "clause",
    "unit", "provenance", "reference", "reason", "owner_a", "owner_b", "community",
)  # fmt: skip
REALS = ("measured", "required", "length_m", "saved_m", "saved_m2", "saved_days")
DATES = ("window_start", "window_end")
COLUMNS = (*TEXTS, *REALS, *DATES, "worst", "geometry")
LISTED = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NEEDS_REVIEW, Verdict.OPPORTUNITY)
COUNTED = ("kind", "verdict", "reason")


@dataclass(frozen=True)
class Findings:
    """``listed``: a GeoDataFrame of ``COLUMNS``, ordered by kind and things. ``counts``: every verdict.

    ``counts`` has kind, verdict, reason and count, those that are only counted included; ``unlisted`` are their
    rows, for who asks.
    """

    listed: gpd.GeoDataFrame
    unlisted: gpd.GeoDataFrame
    counts: pd.DataFrame


def identities(
    kind: str, rule: Sequence[str] | npt.NDArray[Any], a: Sequence[Any], b: Sequence[Any]
) -> list[str]:
    """Hash of kind, rule and the sorted ids of the things: survives new dates, classes and geometry."""
    out = []
    for name, *things in zip(rule, a, b, strict=True):
        known = sorted(str(thing) for thing in things if not _absent(thing))
        out.append(hashlib.sha256("\x1f".join((kind, str(name), *known)).encode()).hexdigest())
    return out


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value == ""


def draft(kind: FindingKind, columns: dict[str, Any], count: int) -> pd.DataFrame:
    """Rows of one rule: ``columns`` by name, scalars repeated; what is absent is missing."""
    if not count:
        return pd.DataFrame()
    frame = pd.DataFrame(index=pd.RangeIndex(count))
    data: dict[str, Any] = {"kind": str(kind), "rule": str(kind), **columns}
    frame = frame.assign(**{name: _column(value, count) for name, value in data.items()})
    return frame


def _column(value: Any, count: int) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0:
        return np.full(count, value, dtype=object)
    return value if isinstance(value, np.ndarray) else np.asarray(value)


def collect(parts: Iterable[pd.DataFrame], crs: CRS | str | None) -> Findings:
    """The rules' drafts as one frame; things sorted into a stable order, identities given, verdicts counted."""
    kept = [part for part in parts if len(part)]
    every = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
    counts = _counts(every)
    show = (
        every["verdict"].isin([str(verdict) for verdict in LISTED])
        if len(every)
        else pd.Series([], dtype=bool)
    )
    return Findings(_framed(every[show.to_numpy()], crs), _framed(every[~show.to_numpy()], crs), counts)


def _counts(every: pd.DataFrame) -> pd.DataFrame:
    if every.empty:
        return pd.DataFrame(
            {name: pd.Series([], dtype="string") for name in COUNTED}
            | {"count": pd.Series([], dtype="int64")}
        )
    reason = every["reason"] if "reason" in every else pd.Series("", index=every.index, dtype=object)
    table = every[["kind", "verdict"]].assign(reason=reason.fillna(""))
    return table.groupby(list(COUNTED), sort=True).size().rename("count").reset_index()


def _framed(rows: pd.DataFrame, crs: CRS | str | None) -> gpd.GeoDataFrame:
    data: dict[str, Any] = {}
    for name in TEXTS[1:]:
        data[name] = pd.array(_or_missing(rows, name), dtype="string")
    for name in REALS:
        data[name] = np.asarray(
            pd.to_numeric(rows[name]) if name in rows else np.full(len(rows), np.nan), "float64"
        )
    for name in DATES:
        days = rows[name] if name in rows else pd.Series(pd.NaT, index=rows.index)
        data[name] = pd.to_datetime(days).astype("datetime64[s]").to_numpy()
    for name in ("worst", "geometry"):
        shapes = np.asarray(rows[name], dtype=object) if name in rows else np.full(len(rows), None)
        data[name] = gpd.GeoSeries(np.where(pd.isna(shapes), None, shapes), crs=crs)
    frame = gpd.GeoDataFrame(data, geometry="geometry", crs=crs)
    ids = [
        identity for kind, part in frame.groupby("kind", sort=False) for identity in _pairs(str(kind), part)
    ]
    order = (
        np.concatenate([part.index for _, part in frame.groupby("kind", sort=False)]) if len(frame) else []
    )
    frame.insert(0, "id", pd.Series(ids, index=order, dtype="string"))
    ordered = frame.sort_values(["kind", "rule", "thing_a", "thing_b", "verdict"], kind="stable")
    return gpd.GeoDataFrame(ordered.reset_index(drop=True)[list(COLUMNS)], geometry="geometry", crs=crs)


def _or_missing(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows:
        return [None] * len(rows)
    values = rows[name].astype(object)
    return values.where(values.notna(), None).to_numpy()


def _pairs(kind: str, part: pd.DataFrame) -> list[str]:
    return identities(kind, part["rule"].tolist(), part["thing_a"].tolist(), part["thing_b"].tolist())


def points(xy: Floats) -> Shapes:
    """Points of (n, 2) coordinates, ``None`` where they are not finite."""
    good: Bools = np.isfinite(xy).all(axis=1)
    out: Shapes = np.full(len(xy), None, dtype=object)
    out[good] = shapely.points(xy[good])
    return out
