"""Who sees what of a finding: both things in full, or of another's only what the finding concerns.

The bureau sees every finding whole, a town those of its communities. A utility sees the findings on its own
things. Of a line or dig that is not its own it gets the owner, the group, the kind and the distance to
``ROUND_M``, never an id, depth, size, class, pressure or voltage; and the place of it only where the finding
is on a dig that it has submitted itself: the stretch that the finding is about with ``MARGIN_M`` to each end.
What lies on its own things, and what everybody sees (buildings, trees), it sees as it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.audience import Audience, masks
from geo.coordination.yards import GATES
from geo.vocabulary import AudienceKind, DigState

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

MARGIN_M = 5.0
ROUND_M = 0.1
SUBMITTED = (DigState.SUBMITTED, DigState.APPROVED, DigState.OPEN)
STRETCH = ("finding", "owner", "utility", "kind", "geometry")
PARTY = ("id", "name", "name_en", "short_name", "contact")

_SECRET = ("lines", "digs", "nodes")
_SIDES = ("a", "b")
_ROUNDED = ("measured", "length_m", "saved_m", "saved_m2")
_ARC = 64
# what is computed may be off by this much and still be the same place
_SLACK_M = 1e-3


@dataclass(frozen=True)
class Cut:
    """What one audience gets: ``findings`` with the columns they came with, and the ``STRETCH`` of others'
    things that they concern, in the same CRS.

    ``hidden`` names the side of each finding that is another's (``a``, ``b`` or ``""``), as the column
    ``hidden`` of ``findings``; ``parties`` are the owners (``PARTY``) that the findings name.
    """

    findings: gpd.GeoDataFrame
    stretches: gpd.GeoDataFrame
    parties: pd.DataFrame


def cut(
    findings: gpd.GeoDataFrame,
    frames: Mapping[str, pd.DataFrame],
    audience: Audience,
    submitted: Collection[DigState] = SUBMITTED,
) -> Cut:
    """What of ``findings`` (rows of ``find`` or of the record) the audience sees; ``frames`` are the whole
    layers that they were found in. ``submitted``: states in which a dig opens its findings to its owner.

    The id of a finding is a hash over the ids of its things: it tells neither.
    """
    if audience.kind is AudienceKind.INTERNAL:
        return _whole(findings, frames, np.ones(len(findings), dtype=bool))
    if audience.kind is AudienceKind.TOWN:
        return _whole(findings, frames, _at_home(findings, frames, audience))
    if audience.kind is AudienceKind.PUBLIC or audience.owner is None:
        return _whole(findings, frames, np.zeros(len(findings), dtype=bool))
    return _of_utility(findings, frames, audience, submitted)


def _whole(findings: gpd.GeoDataFrame, frames: Mapping[str, pd.DataFrame], seen: Bools) -> Cut:
    kept = findings[seen].reset_index(drop=True).assign(hidden="")
    none = gpd.GeoDataFrame({name: [] for name in STRETCH}, geometry="geometry", crs=findings.crs)
    return Cut(kept, none, _parties(kept, frames))


def _at_home(findings: pd.DataFrame, frames: Mapping[str, pd.DataFrame], audience: Audience) -> Bools:
    communities = frames.get("communities")
    if communities is None or communities.empty:
        return np.zeros(len(findings), dtype=bool)
    own = communities.loc[(communities["town"] == audience.town).fillna(False).to_numpy(dtype=bool), "id"]
    return np.asarray(findings["community"].isin(own), dtype=bool)


def _parties(findings: pd.DataFrame, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    owners = frames.get("owners")
    if owners is None or owners.empty:
        return pd.DataFrame({name: pd.Series([], dtype="string") for name in PARTY})
    named = pd.concat([findings["owner_a"], findings["owner_b"]])
    kept = owners[owners["id"].isin(named).to_numpy(dtype=bool)]
    return pd.DataFrame(kept.reindex(columns=list(PARTY))).reset_index(drop=True)


def _of_utility(
    findings: gpd.GeoDataFrame,
    frames: Mapping[str, pd.DataFrame],
    audience: Audience,
    submitted: Collection[DigState],
) -> Cut:
    own, dug = _own_rows(frames, audience), _submitted_rows(frames, audience, submitted)
    mine = {side: _named(findings, side, own) for side in _SIDES}
    at_gates = _at_gates(findings, own["digs"])
    keep = mine["a"] | mine["b"] | at_gates | _of_owner(findings, audience)
    kept = findings[keep].reset_index(drop=True)
    mine = {side: flags[keep] for side, flags in mine.items()}
    secret = {side: _secret(kept, side) & ~mine[side] for side in _SIDES}
    opened = _named(kept, "a", dug) | _named(kept, "b", dug)
    kinds = _kinds(kept, frames)
    places = {side: _rows_named(kept, side, frames) for side in _SIDES}
    stretches = _stretches(kept, secret, opened, places, kinds)
    told = _told(kept, secret, places, kinds, own["digs"])
    return Cut(told, stretches, _parties(told, frames))


def _own_rows(frames: Mapping[str, pd.DataFrame], audience: Audience) -> dict[str, frozenset[str]]:
    """Ids of the rows that are the audience's, by layer."""
    seen = masks(frames, audience)
    none: frozenset[str] = frozenset()
    out = dict.fromkeys(_SECRET, none)
    return out | {name: frozenset(frames[name].loc[seen[name], "id"]) for name in _SECRET if name in frames}


def _submitted_rows(
    frames: Mapping[str, pd.DataFrame], audience: Audience, states: Collection[DigState]
) -> dict[str, frozenset[str]]:
    """The audience's digs in one of ``states``, and its lines in them."""
    digs = frames.get("digs")
    none: dict[str, frozenset[str]] = {name: frozenset() for name in _SECRET}
    if digs is None or digs.empty:
        return none
    own = (digs["owner"] == audience.owner).fillna(False).to_numpy(dtype=bool)
    ids = frozenset(digs.loc[own & digs["state"].isin([str(s) for s in states]).to_numpy(dtype=bool), "id"])
    lines = frames.get("lines")
    if lines is None or lines.empty or "dig" not in lines:
        return none | {"digs": ids}
    laid = lines["dig"].isin(ids).to_numpy(dtype=bool)
    laid = laid & (lines["owner"] == audience.owner).fillna(False).to_numpy(dtype=bool)
    return none | {"digs": ids, "lines": frozenset(lines.loc[laid, "id"])}


def _named(findings: pd.DataFrame, side: str, rows: Mapping[str, frozenset[str]]) -> Bools:
    """Whether the thing of a side is one of ``rows``."""
    out = np.zeros(len(findings), dtype=bool)
    for layer, ids in rows.items():
        there = (findings[f"layer_{side}"] == layer).fillna(False).to_numpy(dtype=bool)
        out |= there & findings[f"thing_{side}"].isin(ids).to_numpy(dtype=bool)
    return out


def _secret(findings: pd.DataFrame, side: str) -> Bools:
    return np.asarray(findings[f"layer_{side}"].isin(_SECRET), dtype=bool)


def _of_owner(findings: pd.DataFrame, audience: Audience) -> Bools:
    """Findings on the audience itself: its many small digs."""
    own = (findings["layer_a"] == "owners") & (findings["thing_a"] == audience.owner)
    return np.asarray(own.fillna(False), dtype=bool)


def _at_gates(findings: pd.DataFrame, digs: frozenset[str]) -> Bools:
    gates: Bools = (findings["rule"] == GATES).fillna(False).to_numpy(dtype=bool)
    named = [bool(_digs_of(reason) & digs) for reason in findings["reason"]]
    return np.asarray(gates & np.array(named, dtype=bool))


def _digs_of(reason: Any) -> frozenset[str]:
    return frozenset() if pd.isna(reason) else frozenset(str(reason).split(","))


def _kinds(
    findings: pd.DataFrame, frames: Mapping[str, pd.DataFrame]
) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Group and kind of every line and dig that the findings name, by layer and id."""
    named = set(findings["thing_a"]) | set(findings["thing_b"])
    out: dict[tuple[str, str], tuple[Any, Any]] = {}
    for layer in _SECRET:
        frame = frames.get(layer)
        if frame is None or frame.empty:
            continue
        frame = frame[frame["id"].isin(named).to_numpy(dtype=bool)]
        kinds = frame["kind"] if "kind" in frame else [None] * len(frame)
        out |= {
            (layer, row): (utility, None if pd.isna(kind) else kind)
            for row, utility, kind in zip(frame["id"], frame["utility"], kinds, strict=True)
        }
    return out


def _rows_named(findings: pd.DataFrame, side: str, frames: Mapping[str, pd.DataFrame]) -> Shapes:
    """The geometry of the thing of a side, ``None`` where it has none."""
    out: Shapes = np.full(len(findings), None, dtype=object)
    for layer, frame in frames.items():
        there = (findings[f"layer_{side}"] == layer).fillna(False).to_numpy(dtype=bool)
        if not there.any() or "geometry" not in frame or frame.empty:
            continue
        row = pd.Index(frame["id"]).get_indexer(pd.Index(findings.loc[there, f"thing_{side}"]))
        shapes = np.asarray(frame["geometry"].array, dtype=object)
        out[there] = np.where(row >= 0, shapes[row], None)
    return out


def _stretches(
    findings: gpd.GeoDataFrame,
    secret: Mapping[str, Bools],
    opened: Bools,
    places: Mapping[str, Shapes],
    kinds: Mapping[tuple[str, str], tuple[Any, Any]],
) -> gpd.GeoDataFrame:
    rows: dict[str, list[Any]] = {name: [] for name in STRETCH}
    shapes, ids = np.asarray(findings["geometry"].array, dtype=object), _texts(findings, "id")
    for side in _SIDES:
        about, owners = _kinds_of(findings, side, kinds), _texts(findings, f"owner_{side}")
        for n in np.flatnonzero(secret[side] & opened).tolist():
            shape = stretch_of(places[side][n], shapes[n], MARGIN_M)
            if not shape.is_empty:
                for name, value in zip(STRETCH, (ids[n], owners[n], *about[n], shape), strict=True):
                    rows[name].append(value)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=findings.crs)
    return frame.astype(dict.fromkeys(STRETCH[:-1], "string"))


def _texts(frame: pd.DataFrame, name: str) -> list[Any]:
    values = frame[name].astype(object)
    out: list[Any] = values.where(values.notna(), None).tolist()
    return out


def _kinds_of(
    findings: pd.DataFrame, side: str, kinds: Mapping[tuple[str, str], tuple[Any, Any]]
) -> list[tuple[Any, Any]]:
    """Group and kind of the thing of a side, by row."""
    named = zip(_texts(findings, f"layer_{side}"), _texts(findings, f"thing_{side}"), strict=True)
    return [kinds.get(thing, (None, None)) for thing in named]


def stretch_of(thing: shapely.Geometry | None, concerned: shapely.Geometry | None, margin: float) -> Any:
    """The part of ``thing`` that is as near to ``concerned`` as that is to it, with ``margin`` metres along
    it to each end; empty where there is none.

    ``concerned`` lies on one of the two things of a finding, all of it within the limit of the other; so what
    is within its own greatest distance of it is within the limit too. Of an area the part around it.
    """
    nothing: Any = shapely.MultiLineString()
    if thing is None or concerned is None or shapely.is_empty(thing) or shapely.is_empty(concerned):
        return nothing
    corners = shapely.points(shapely.get_coordinates(concerned))
    reach = float(shapely.distance(corners, thing).max()) + _SLACK_M
    if shapely.get_dimensions(thing) != 1:
        return shapely.intersection(thing, shapely.buffer(concerned, reach + margin, quad_segs=_ARC))
    near = shapely.buffer(concerned, reach, quad_segs=_ARC)
    parts = [piece for path in shapely.get_parts(thing) for piece in _pieces(path, near, margin)]
    return shapely.multilinestrings(parts) if parts else nothing


def _pieces(path: shapely.LineString, near: shapely.Geometry, margin: float) -> list[shapely.LineString]:
    """The runs of ``path`` inside ``near``, each ``margin`` longer at both ends, those that then meet as one.

    Measured segment by segment: on a path that crosses itself a place has more than one measure.
    """
    xy = shapely.get_coordinates(path)
    lengths = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    cuts, segment = shapely.get_parts(shapely.intersection(segments, near), return_index=True)
    spots, cut = shapely.get_coordinates(cuts, return_index=True)
    if not len(spots):
        return []
    along = starts[segment[cut]] + np.linalg.norm(spots - xy[segment[cut]], axis=1)
    low, high = np.full(len(cuts), np.inf), np.full(len(cuts), -np.inf)
    np.minimum.at(low, cut, along)
    np.maximum.at(high, cut, along)
    known = np.isfinite(low)
    runs = _merged(low[known] - margin, high[known] + margin)
    return [_between(xy, starts, max(one, 0.0), min(other, float(starts[-1]))) for one, other in runs]


def _merged(low: Floats, high: Floats) -> list[tuple[float, float]]:
    """Intervals that meet as one, in order."""
    order = np.argsort(low, kind="stable")
    out: list[tuple[float, float]] = []
    for one, other in zip(low[order].tolist(), high[order].tolist(), strict=True):
        if out and one <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], other))
        else:
            out.append((one, other))
    return out


def _between(xy: Floats, starts: Floats, low: float, high: float) -> shapely.LineString:
    """The part of a path between two measures along it."""
    inside = (starts > low) & (starts < high)
    ends = [[np.interp(at, starts, xy[:, axis]) for axis in (0, 1)] for at in (low, high)]
    return shapely.LineString(np.concatenate([[ends[0]], xy[inside], [ends[1]]]))


def _told(
    findings: gpd.GeoDataFrame,
    secret: Mapping[str, Bools],
    places: Mapping[str, Shapes],
    kinds: Mapping[tuple[str, str], tuple[Any, Any]],
    own_digs: frozenset[str],
) -> gpd.GeoDataFrame:
    """The findings without what is another's: no id, the group for the class, figures to ``ROUND_M``, and
    the place of it on the audience's own thing."""
    out = findings.copy()
    hidden = np.where(secret["a"], "a", np.where(secret["b"], "b", ""))
    for side in _SIDES:
        away = secret[side]
        about = _kinds_of(findings, side, kinds)
        groups = [group if hidden_here else None for (group, _), hidden_here in zip(about, away, strict=True)]
        out[f"class_{side}"] = out[f"class_{side}"].mask(away, pd.Series(groups, dtype="string"))
        out[f"thing_{side}"] = out[f"thing_{side}"].mask(away)
    away = secret["a"] | secret["b"]
    in_metres = away & (out["unit"] == "m").fillna(False).to_numpy(dtype=bool)
    for name in _ROUNDED:
        which = in_metres if name == "measured" else away
        out[name] = np.where(which, rounded(out[name].to_numpy(dtype=np.float64)), out[name])
    shapes, worst = (np.asarray(out[name].array, dtype=object) for name in ("geometry", "worst"))
    for n in np.flatnonzero(secret["a"]):
        shapes[n] = None if secret["b"][n] else _on_own(places["b"][n], shapes[n])
        worst[n] = _nearest(shapes[n], worst[n])
    out["geometry"] = gpd.GeoSeries(shapes, index=out.index, crs=findings.crs)
    out["worst"] = gpd.GeoSeries(worst, index=out.index, crs=findings.crs)
    gates = (out["rule"] == GATES).fillna(False).to_numpy(dtype=bool)
    own = [",".join(sorted(_digs_of(reason) & own_digs)) for reason in out["reason"]]
    out["reason"] = out["reason"].mask(gates, pd.Series(own, dtype="string"))
    # what a record remembers the grounds by is a hash over the other's place too
    if "basis" in out:
        out["basis"] = out["basis"].mask(away)
    return out.assign(hidden=hidden)


def rounded(values: Floats) -> Floats:
    """Down to a whole ``ROUND_M``: what is too near stays too near."""
    return np.asarray(np.round(np.floor(values / ROUND_M + 1e-6) * ROUND_M, 6))


def _on_own(own: shapely.Geometry | None, concerned: shapely.Geometry | None) -> Any:
    """Where on one's own thing it is that a finding is about: points stay points."""
    if own is None or concerned is None or shapely.get_dimensions(concerned) != 0:
        return stretch_of(own, concerned, 0.0)
    spots = [_nearest(own, spot) for spot in shapely.get_parts(concerned)]
    return spots[0] if len(spots) == 1 else shapely.multipoints(spots)


def _nearest(own: shapely.Geometry | None, worst: shapely.Geometry | None) -> Any:
    """The place on one's own thing that is nearest to the worst place."""
    if own is None or worst is None or shapely.is_empty(own):
        return None
    return shapely.get_point(shapely.shortest_line(own, worst), 0)
