"""What the rules look at, as arrays: lines, buildings and what stands beside them, one row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, chains
from geo.coordination.classes import GROUPS, ground_groups, line_groups, overhead, place_of
from geo.coordination.pairs import EARLIEST, LATEST
from geo.coordination.parameters import Parameters
from geo.vocabulary import DepthReference, DigState, LineState

Texts = npt.NDArray[np.object_]
BESIDE = ("TR", "P1", "K")
_DEAD_LINES = (LineState.ABANDONED, LineState.REMOVED)
_DEAD_DIGS = (DigState.WITHDRAWN, DigState.CLOSED)


@dataclass(frozen=True, eq=False)
class Things:
    """Lines first (``lines`` of them), then buildings, then trees, poles and kerbs; one entry per thing.

    ``half`` is half the outer width in metres, NaN where unknown, ``most`` the greatest that it may be;
    ``start`` and ``end`` the days of a planned line's dig, ``gone`` the last day of a line that is replaced;
    ``series`` numbers owner and utility; ``serves``, ``connects`` and ``replaces`` are rows, -1 for none.
    Lines out of use, above the ground or in a withdrawn dig are not things.
    """

    ids: Texts
    layer: Texts
    shapes: Shapes
    lines: int
    planned: Bools
    leaving: Bools
    group: Ints
    half: Floats
    most: Floats
    diameter: Floats
    voltage: Floats
    owner: Texts
    community: Texts
    start: Ints
    end: Ints
    gone: Ints
    series: Ints
    serves: Ints
    connects: Ints
    replaces: Ints
    depth: Floats
    invert: Bools
    height: Floats
    kind: Texts
    material: Texts
    dig: Texts

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def chains(self) -> Chains:
        return chains(self.shapes)

    @cached_property
    def is_line(self) -> Bools:
        return np.arange(len(self)) < self.lines

    def label_groups(self, rows: Ints) -> Texts:
        return np.array(["|".join(group) for group in GROUPS], dtype=object)[self.group[rows]]


def days_of(column: pd.Series, default: int) -> Ints:
    """Dates as whole days since 1970, ``default`` where missing."""
    values = pd.to_datetime(column).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(values), default, values.astype(np.int64))


def dates_of(days: Ints) -> npt.NDArray[np.datetime64]:
    """Days since 1970 as dates, missing where the day is a default."""
    known = (days > EARLIEST) & (days < LATEST)
    dates = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[s]")
    return np.where(known, dates, np.datetime64("NaT", "s"))


def texts(frame: pd.DataFrame, column: str) -> Texts:
    """A column of text as objects, ``None`` where missing or absent."""
    if column not in frame:
        return np.full(len(frame), None, dtype=object)
    values = frame[column]
    return np.asarray(values.astype(object).where(values.notna(), None), dtype=object)


def given(values: Texts) -> Bools:
    """Which entries of a column of objects are not ``None``."""
    return np.asarray(~pd.isna(values), dtype=np.bool_)


def reals(frame: pd.DataFrame, column: str) -> Floats:
    """A column of numbers, NaN where missing or absent."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def things(frames: Mapping[str, pd.DataFrame], parameters: Parameters) -> Things:
    """The things in ``frames`` (layers ``lines``, ``digs``, ``buildings``, ``ground``; absent ones are
    empty)."""
    digs = _live_digs(frames)
    lines = _live_lines(frames, digs)
    buildings, ground = _drawn(frames.get("buildings")), _drawn(frames.get("ground"))
    beside = ground_groups(ground)
    ground, beside = ground[beside >= 0], beside[beside >= 0]
    parts = {"lines": lines, "buildings": buildings, "ground": ground}
    sizes = [len(part) for part in parts.values()]
    ids = np.concatenate([texts(part, "id") for part in parts.values()])
    group = np.concatenate(
        [line_groups(lines), np.full(len(buildings), place_of(("B",)), dtype=np.int64), beside]
    ).astype(np.int64)
    half, most = _halves(lines, ground, beside, len(buildings), parameters)
    planned, leaving = np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool)
    planned[: sizes[0]] = (lines["state"] == LineState.PLANNED).to_numpy(dtype=bool)
    leaving[: sizes[0]] = (lines["state"] == LineState.TO_ABANDON).to_numpy(dtype=bool)
    start, end = _windows(lines, digs, len(ids))
    look = pd.Index(ids)
    rows = {
        name: _rows(look, lines, name, len(ids)) for name in ("serves_building", "connects_to", "replaces")
    }
    return Things(
        ids=ids,
        layer=np.repeat(np.array(list(parts), dtype=object), sizes),
        shapes=np.concatenate([_shapes(part) for part in parts.values()]),
        lines=sizes[0],
        planned=planned,
        leaving=leaving,
        group=group,
        half=half,
        most=most,
        diameter=_padded(reals(lines, "nominal_diameter_mm"), len(ids)),
        voltage=_padded(reals(lines, "voltage_kv"), len(ids)),
        owner=_padded_texts(lines, "owner", len(ids)),
        community=np.concatenate([texts(part, "community") for part in parts.values()]),
        start=start,
        end=end,
        gone=_gone(rows["replaces"], end),
        series=_series(lines, len(ids)),
        serves=rows["serves_building"],
        connects=rows["connects_to"],
        replaces=rows["replaces"],
        depth=np.stack([reals(lines, "depth_start_m"), reals(lines, "depth_end_m")], axis=1),
        invert=texts(lines, "depth_reference") == DepthReference.INVERT,
        height=reals(lines, "outer_height_mm") / 1000,
        kind=texts(lines, "kind"),
        material=texts(lines, "material"),
        dig=texts(lines, "dig"),
    )


def _live_digs(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    digs = frames.get("digs")
    if digs is None or digs.empty:
        return pd.DataFrame({"id": [], "window_start": [], "window_end": []})
    return digs[~digs["state"].isin([str(state) for state in _DEAD_DIGS]).to_numpy(dtype=bool)]


def _live_lines(frames: Mapping[str, pd.DataFrame], digs: pd.DataFrame) -> pd.DataFrame:
    lines = _drawn(frames.get("lines"))
    if lines.empty:
        return lines.reindex(columns=[*lines.columns.union(["id", "state"])])
    dead = lines["state"].isin([str(state) for state in _DEAD_LINES]).to_numpy(dtype=bool) | overhead(lines)
    if "digs" in frames and "dig" in lines:
        dropped = (
            lines["dig"].notna() & (lines["state"] == LineState.PLANNED) & ~lines["dig"].isin(digs["id"])
        )
        dead |= dropped.to_numpy(dtype=bool)
    return lines[~dead]


def _drawn(frame: pd.DataFrame | None) -> pd.DataFrame:
    if frame is None or frame.empty:
        return pd.DataFrame({"id": pd.Series([], dtype="string")})
    shapes = _shapes(frame)
    return frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]


def _shapes(frame: pd.DataFrame) -> Shapes:
    if "geometry" not in frame:
        return np.empty(0, dtype=object)
    return np.asarray(frame["geometry"].array, dtype=object)


def _halves(
    lines: pd.DataFrame, ground: pd.DataFrame, beside: Ints, buildings: int, parameters: Parameters
) -> tuple[Floats, Floats]:
    """Half outer widths, and the greatest they may be: a tree counts by its stem, a kerb by its line."""
    wide = reals(lines, "outer_width_mm") / 2000
    poles = np.where(beside == place_of(("P1",)), reals(ground, "width_m") / 2, 0.0)
    half = np.concatenate([wide, np.zeros(buildings), np.nan_to_num(poles)])
    return half, np.where(np.isnan(half), parameters.largest_outer_m / 2, half)


def _windows(lines: pd.DataFrame, digs: pd.DataFrame, count: int) -> tuple[Ints, Ints]:
    start, end = np.full(count, EARLIEST, dtype=np.int64), np.full(count, LATEST, dtype=np.int64)
    owned = texts(lines, "dig")
    known = np.flatnonzero(given(owned))
    if len(known) and len(digs):
        row = pd.Index(digs["id"].astype(object)).get_indexer(pd.Index(owned[known]))
        known, row = known[row >= 0], row[row >= 0]
        start[known] = days_of(digs["window_start"], EARLIEST)[row]
        end[known] = days_of(digs["window_end"], LATEST)[row]
    return start, end


def _rows(look: pd.Index, lines: pd.DataFrame, column: str, count: int) -> Ints:
    out = np.full(count, -1, dtype=np.int64)
    names = texts(lines, column)
    known = np.flatnonzero(given(names))
    if len(known):
        out[known] = look.get_indexer(pd.Index(names[known]))
    return out


def _gone(replaces: Ints, end: Ints) -> Ints:
    """The last day of each thing: the end of the dig that replaces it, the latest where several do."""
    gone = np.full(len(end), LATEST, dtype=np.int64)
    by = np.flatnonzero(replaces >= 0)
    last = np.full(len(end), EARLIEST, dtype=np.int64)
    np.maximum.at(last, replaces[by], end[by])
    return np.where(last > EARLIEST, last, gone)


def _series(lines: pd.DataFrame, count: int) -> Ints:
    """A number for owner and utility; lines of no known owner are each of their own."""
    out = np.arange(count, dtype=np.int64) + count + 1
    if len(lines):
        owner, _ = pd.factorize(texts(lines, "owner"))
        utility, names = pd.factorize(texts(lines, "utility"))
        out[: len(lines)] = np.where(owner >= 0, owner * (len(names) + 1) + utility, out[: len(lines)])
    return out


def _padded(values: Floats, count: int) -> Floats:
    return np.concatenate([values, np.full(count - len(values), np.nan)])


def _padded_texts(frame: pd.DataFrame, column: str, count: int) -> Texts:
    values: Texts = np.full(count, None, dtype=object)
    values[: len(frame)] = texts(frame, column)
    return values


def describe(all_things: Things, i: Ints, j: Ints) -> dict[str, Any]:
    """Who is concerned, for pairs of rows (i, j); the window holds the windows of both."""
    starts, ends = all_things.start[[i, j]], all_things.end[[i, j]]
    first = np.where(starts > EARLIEST, starts, LATEST).min(axis=0)
    late = np.where(ends < LATEST, ends, EARLIEST).max(axis=0)
    community = all_things.community[i]
    return {
        "thing_a": all_things.ids[i], "thing_b": all_things.ids[j],
        "layer_a": all_things.layer[i], "layer_b": all_things.layer[j],
        "class_a": all_things.label_groups(i), "class_b": all_things.label_groups(j),
        "owner_a": all_things.owner[i], "owner_b": all_things.owner[j],
        "community": np.where(~given(community), all_things.community[j], community),
        "window_start": dates_of(first), "window_end": dates_of(late),
    }  # fmt: skip
