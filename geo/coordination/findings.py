"""The one frame of findings: its columns, its identity, and how the rules' answers come together."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyproj import CRS

from geo.coordination.chains import Bools, Ints
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

Later = Callable[[Ints], npt.NDArray[Any]]


@dataclass(frozen=True)
class Findings:
    """``listed``: a GeoDataFrame of ``COLUMNS``, ordered by kind and things. ``counts``: every verdict.

    ``counts`` has kind, verdict, reason and count, those that are only counted included; ``unlisted`` are
    their rows, put into a frame when somebody asks: ``rest`` is that frame, or what makes it.
    """

    listed: gpd.GeoDataFrame
    rest: gpd.GeoDataFrame | Callable[[], gpd.GeoDataFrame] = field(repr=False)
    counts: pd.DataFrame

    @cached_property
    def unlisted(self) -> gpd.GeoDataFrame:
        return self.rest if isinstance(self.rest, gpd.GeoDataFrame) else self.rest()

    @classmethod
    def of(cls, listed: gpd.GeoDataFrame, unlisted: gpd.GeoDataFrame) -> "Findings":
        """Findings of these rows, counted."""
        return cls(listed, unlisted, tallied(listed, unlisted))


@dataclass(frozen=True, eq=False)
class Rows:
    """Findings of one rule as plain arrays by column name, each ``count`` long; absent columns are
    missing.

    ``later`` are columns that are worked out only for rows that somebody wants: each gives its values at
    some of the rule's own rows, and these rows are ``places`` among those (all of them where it is none).
    """

    columns: dict[str, npt.NDArray[Any]]
    count: int
    later: dict[str, Later] = field(default_factory=dict)
    places: Ints | None = None

    def __len__(self) -> int:
        return self.count

    def where(self, keep: Bools) -> "Rows":
        """The rows to keep."""
        rows = np.flatnonzero(keep)
        places = rows if self.places is None else self.places[rows]
        return Rows(
            {name: values[rows] for name, values in self.columns.items()}, len(rows), self.later, places
        )

    def of(self, name: str) -> npt.NDArray[Any]:
        """The values of a column."""
        if name in self.columns:
            return self.columns[name]
        if name in self.later:
            return self.later[name](np.arange(self.count) if self.places is None else self.places)
        if name in REALS:
            return np.full(self.count, np.nan)
        if name in DATES:
            return np.full(self.count, np.datetime64("NaT", "s"))
        return np.broadcast_to(np.array(None, dtype=object), (self.count,))


NOTHING = Rows({}, 0)


def draft(kind: FindingKind, columns: dict[str, Any], count: int) -> Rows:
    """Rows of one kind: ``columns`` by name, scalars repeated, functions of rows asked later.

    The rule is the kind unless it is given.
    """
    if not count:
        return NOTHING
    given: dict[str, Any] = {"kind": str(kind), "rule": str(kind), **columns}
    now = {name: _repeated(values, count) for name, values in given.items() if not callable(values)}
    return Rows(now, count, {name: values for name, values in given.items() if callable(values)})


def _repeated(values: Any, count: int) -> npt.NDArray[Any]:
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    kind = object if isinstance(values, str) or values is None else None
    return np.broadcast_to(np.array(values, dtype=kind), (count,))


def joined(parts: Iterable[Rows]) -> Rows:
    """Rows of several rules one after another."""
    kept = [part for part in parts if part.count]
    names = {name: None for part in kept for name in (*part.columns, *part.later)}
    columns = {name: np.concatenate([part.of(name) for part in kept]) for name in names}
    return Rows(columns, sum(part.count for part in kept))


def identities(kind: Iterable[Any], rule: Iterable[Any], a: Iterable[Any], b: Iterable[Any]) -> list[str]:
    """Hash of kind, rule and the sorted ids of the things: survives new dates, classes and geometry."""
    out = []
    for one, other, first, second in zip(kind, rule, a, b, strict=True):
        if first and second:
            text = f"{first}\x1f{second}" if first <= second else f"{second}\x1f{first}"
        else:
            text = first or second
        whole = f"{one}\x1f{other}\x1f{text}" if text else f"{one}\x1f{other}"
        out.append(hashlib.sha256(whole.encode()).hexdigest())
    return out


def collect(parts: Iterable[Rows], crs: CRS | str | None) -> Findings:
    """The rules' rows in a stable order, with their identities, and every verdict counted."""
    kept = [part for part in parts if part.count]
    shown = [is_listed(part) for part in kept]
    listed = joined(part.where(show) for part, show in zip(kept, shown, strict=True))

    def rest() -> gpd.GeoDataFrame:
        hidden = joined(part.where(~show) for part, show in zip(kept, shown, strict=True))
        return framed(hidden, crs)

    return Findings(framed(listed, crs), rest, _counts(kept))


def _coded(values: npt.NDArray[Any]) -> tuple[Ints, npt.NDArray[Any]]:
    """The number of each value among the different ones, -1 where missing, and these."""
    if len(values) and values.strides == (0,):
        codes, unique = pd.factorize(values[:1])
        return np.broadcast_to(codes, values.shape), unique
    return pd.factorize(values)


def is_listed(rows: Rows) -> Bools:
    """Which rows are listed, not only counted."""
    codes, verdicts = _coded(rows.columns["verdict"])
    return np.array([verdict in LISTED for verdict in verdicts], dtype=np.bool_)[codes]


def _counts(parts: Iterable[Rows]) -> pd.DataFrame:
    found: Counter[tuple[str, ...]] = Counter()
    for part in parts:
        columns = [_coded(part.of(name)) for name in COUNTED]
        key = np.zeros(part.count, dtype=np.int64)
        for codes, values in columns:
            key = key * (len(values) + 1) + codes + 1
        _, first, count = np.unique(key, return_index=True, return_counts=True)
        for row, times in zip(first.tolist(), count.tolist(), strict=True):
            names = ("" if codes[row] < 0 else str(values[codes[row]]) for codes, values in columns)
            found[tuple(names)] += times
    frame = pd.DataFrame([(*key, times) for key, times in sorted(found.items())], columns=[*COUNTED, "count"])
    return frame.astype({**dict.fromkeys(COUNTED, "string"), "count": "int64"})


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


def framed(rows: Rows, crs: CRS | str | None) -> gpd.GeoDataFrame:
    """Rows as a frame of ``COLUMNS`` in their stable order, with their identities."""
    order = np.lexsort([_ranks(rows, name) for name in ("verdict", "thing_b", "thing_a", "rule", "kind")])
    data = {name: rows.of(name)[order] for name in TEXTS[1:]}
    things = [np.where(_missing(data[name]), "", data[name]) for name in ("thing_a", "thing_b")]
    ids = identities(data["kind"], data["rule"], *things)
    columns: dict[str, Any] = {"id": pd.array(ids, dtype="string")}
    columns |= {name: _strings(values) for name, values in data.items()}
    columns |= {name: rows.of(name)[order].astype(np.float64) for name in REALS}
    columns |= {name: rows.of(name)[order].astype("datetime64[s]") for name in DATES}
    columns["worst"] = gpd.array.from_shapely(rows.of("worst")[order], crs=crs)
    columns["geometry"] = gpd.array.from_shapely(rows.of("geometry")[order], crs=crs)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=crs)


def _strings(values: npt.NDArray[Any]) -> Any:
    """Objects as pandas strings, each different text turned only once."""
    codes, unique = _coded(values)
    texts = pa.array([str(text) for text in unique], type=pa.large_string())
    places = pa.array(codes, mask=codes < 0)
    return pd.array(texts.take(places), dtype="string")


def _ranks(rows: Rows, name: str) -> npt.NDArray[np.int64]:
    """The place of each text in their order, missing ones first."""
    codes, unique = _coded(rows.of(name))
    place = np.empty(len(unique) + 1, dtype=np.int64)
    place[np.argsort(unique.astype(str), kind="stable")] = np.arange(len(unique))
    place[-1] = -1
    return place[codes]
