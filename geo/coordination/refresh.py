"""After an edit: only the findings that it can have changed are found again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coordination.coordinate import find
from geo.coordination.findings import Findings, tallied
from geo.coordination.limits import Limits
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import SNAP_M
from geo.coordination.things import texts

_REFERENCES = {"lines": ("replaces", "connects_to", "serves_building"), "digs": ("replaces", "joins")}
_LOCATED = ("lines", "digs", "buildings", "ground", "pavings")


@dataclass(frozen=True)
class _Scope:
    """Ids whose findings are found again, and the communities whose yards are counted again."""

    ids: frozenset[str]
    communities: frozenset[str]


def refresh(
    findings: Findings,
    frames: Mapping[str, pd.DataFrame],
    changed: Collection[str],
    limits: Limits,
    parameters: Parameters,
    as_of: date,
    *,
    before: Mapping[str, pd.DataFrame] | None = None,
) -> Findings:
    """``findings`` brought up to ``frames``, the layers after the edit: the same as ``find`` of all of them.

    ``changed`` are the ids of the rows that were added, edited or removed; ``before`` their rows as they
    were, by layer, without which a line is not remembered where it was.
    """
    scope, near = _scope(frames, before or {}, frozenset(changed), limits, parameters)
    fresh = find(near, limits, parameters, as_of)
    listed = _merged(findings.listed, fresh.listed, scope)
    unlisted = _merged(findings.unlisted, fresh.unlisted, scope)
    return Findings(listed, unlisted, tallied(listed, unlisted))


def _scope(
    frames: Mapping[str, pd.DataFrame],
    before: Mapping[str, pd.DataFrame],
    changed: frozenset[str],
    limits: Limits,
    parameters: Parameters,
) -> tuple[_Scope, dict[str, pd.DataFrame]]:
    """What is found again, and the rows of ``frames`` that it takes."""
    reach = _reach(limits, parameters)
    seeds = _seeds(frames, before, changed)
    spots = [_shapes(part, seeds) for part in (frames, before)]
    shapes = np.concatenate(spots)
    touched = _ids_near(frames, shapes, SNAP_M, ("lines",))
    around = np.concatenate([_shapes(_beside(part), seeds) for part in (frames, before)])
    seen = parameters.order_within_m + parameters.order_from_building_m
    touched |= _ids_near(frames, around, seen, ("lines",))
    ids = seeds | touched
    shapes = np.concatenate([shapes, _shapes(frames, touched)])
    communities = _communities(frames, ids) | _communities(before, ids)
    wide = _ids_near(frames, shapes, 2 * reach, _LOCATED) | ids
    near = {name: _part(frame, name, wide, communities) for name, frame in frames.items()}
    referred = frozenset().union(*(_referred(near, name) for name in _REFERENCES)) - wide
    if referred:
        near = {name: _part(frame, name, wide | referred, communities) for name, frame in frames.items()}
    return _Scope(ids, communities), near


def _beside(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What lines are judged against without being named in the finding: walls and carriageways."""
    return {name: frame for name, frame in frames.items() if name in ("buildings", "ground")}


def _reach(limits: Limits, parameters: Parameters) -> float:
    """How far in metres one row can matter to another."""
    widest = float(limits.reach(parameters.unlisted_m).max()) + parameters.largest_outer_m
    return max(widest, parameters.order_within_m + parameters.order_from_building_m, parameters.yard_width_m)


def _seeds(
    frames: Mapping[str, pd.DataFrame], before: Mapping[str, pd.DataFrame], changed: frozenset[str]
) -> frozenset[str]:
    """The changed rows, the lines of changed digs, and what refers to them or is referred to by them."""
    out = set(changed)
    for _ in range(2):
        for part in (frames, before):
            lines = part.get("lines")
            if lines is not None and len(lines) and "dig" in lines:
                out |= set(texts(lines[lines["dig"].isin(list(out)).to_numpy(dtype=bool)], "id"))
            for name in _REFERENCES:
                out |= _tied(part.get(name), _REFERENCES[name], out)
    return frozenset(str(name) for name in out)


def _tied(frame: pd.DataFrame | None, columns: tuple[str, ...], ids: set[str]) -> set[str]:
    """Rows that refer to one of ``ids``, and what rows of ``ids`` refer to."""
    if frame is None or frame.empty:
        return set()
    out: set[str] = set()
    own = frame["id"].isin(list(ids)).to_numpy(dtype=bool)
    for column in columns:
        if column in frame and column != "serves_building":
            out |= set(texts(frame[frame[column].isin(list(ids)).to_numpy(dtype=bool)], "id"))
            out |= {name for name in texts(frame[own], column) if name is not None}
    return out


def _shapes(frames: Mapping[str, pd.DataFrame], ids: frozenset[str]) -> np.ndarray:
    found = [
        np.asarray(frame[frame["id"].isin(ids).to_numpy(dtype=bool)]["geometry"].array, dtype=object)
        for name, frame in frames.items()
        if name in _LOCATED and len(frame)
    ]
    shapes = np.concatenate(found) if found else np.empty(0, dtype=object)
    return np.asarray(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])


def _ids_near(
    frames: Mapping[str, pd.DataFrame], shapes: np.ndarray, distance: float, names: tuple[str, ...]
) -> frozenset[str]:
    """Ids of the rows within ``distance`` metres of any of the shapes, by the frames' own spatial index."""
    out: set[str] = set()
    for name in names:
        frame = frames.get(name)
        if isinstance(frame, gpd.GeoDataFrame) and len(frame) and len(shapes):
            rows = np.unique(frame.sindex.query(shapes, predicate="dwithin", distance=distance)[1])
            out |= set(texts(frame.iloc[rows], "id"))
    return frozenset(str(name) for name in out)


def _communities(frames: Mapping[str, pd.DataFrame], ids: frozenset[str]) -> frozenset[str]:
    out: set[str] = set()
    for frame in frames.values():
        if "community" in frame and len(frame):
            out |= set(texts(frame[frame["id"].isin(ids).to_numpy(dtype=bool)], "community")) - {None}
    return frozenset(out)


def _part(frame: pd.DataFrame, name: str, ids: frozenset[str], communities: frozenset[str]) -> pd.DataFrame:
    if name == "consents" or not len(frame):
        return frame
    keep = frame["id"].isin(ids).to_numpy(dtype=bool)
    if "community" in frame:
        keep = keep | frame["community"].isin(communities).to_numpy(dtype=bool)
    return frame[keep]


def _referred(frames: Mapping[str, pd.DataFrame], name: str) -> frozenset[str]:
    frame = frames.get(name)
    if frame is None or frame.empty:
        return frozenset()
    named = [texts(frame, column) for column in _REFERENCES[name] if column in frame]
    return frozenset(str(value) for column in named for value in column if value is not None)


def _merged(old: gpd.GeoDataFrame, fresh: gpd.GeoDataFrame, scope: _Scope) -> gpd.GeoDataFrame:
    """The old rows outside the scope and the fresh ones inside it, in the order of all findings."""
    kept, found = old[~_inside(old, scope)], fresh[_inside(fresh, scope)]
    parts = [part for part in (kept, found) if len(part)]
    if not parts:
        return old.iloc[:0]
    both = pd.concat(parts, ignore_index=True)
    ordered = both.sort_values(
        ["kind", "rule", "thing_a", "thing_b", "verdict"], na_position="first", kind="stable"
    )
    return gpd.GeoDataFrame(ordered.reset_index(drop=True), geometry="geometry", crs=old.crs)


def _inside(rows: pd.DataFrame, scope: _Scope) -> np.ndarray:
    of_thing = rows["thing_a"].isin(scope.ids) | rows["thing_b"].isin(scope.ids)
    of_yard = rows["layer_a"].isin(["communities"]) & rows["thing_a"].isin(scope.communities)
    of_owner = rows["layer_b"].isin(["communities"]) & rows["thing_b"].isin(scope.communities)
    return np.asarray((of_thing | of_yard | of_owner).fillna(False), dtype=bool)
