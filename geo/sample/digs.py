"""Digs and planned lines as frames, and the cases planted in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.sample.draft import Draft
from geo.sample.fabric import FABRICS
from geo.sample.frames import Frames, Ints
from geo.sample.lines import attributes_of
from geo.sample.trenches import CaseKind, Dated, Trench
from geo.sample.words import PURPOSES, SURFACES
from geo.vocabulary import LineState, Utility

_MEASURED_AGAIN = 4.0
_WITHOUT_CONSENT = 2
# beside which main, and of which row, a dig is planted
_ROWS: dict[CaseKind | None, tuple[str, int]] = {
    CaseKind.WATER_BY_FOUL: ("foul", 1),
    CaseKind.GAS_BY_POWER: ("power", 0),
}

_MATERIAL = {
    "water": "PE",
    "gas": "PE",
    "heat": "G",
    "foul": "PVC",
    "power": "PVC",
    "light": "PVC",
    "telecom": "PVC",
}


@dataclass(frozen=True)
class PlantedCase:
    """A place where the rules must find something: the ids of the digs and lines that it is about."""

    kind: CaseKind
    community: str
    digs: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """Rows of ``digs`` and of ``lines`` in the state planned, and what is planted in them."""

    digs: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    cases: tuple[PlantedCase, ...]


def replaced(draft: Draft, dated: Sequence[Dated]) -> dict[int, list[list[int]]]:
    """For each renewing dig by place: the old segments that each of its pieces takes out."""
    fabric, community = np.array(draft.fabric), np.array(draft.community)
    row, building, side = np.array(draft.row), np.array(draft.building), np.array(draft.side)
    out: dict[int, list[list[int]]] = {}
    for place, each in enumerate(dated):
        trench = each.trench
        if trench.replaces < 0:
            continue
        same = (fabric == trench.fabric) & (community == trench.community) & (row == trench.replaces)
        same &= side == trench.side
        mains = np.flatnonzero(
            same & (building < 0) & (np.array(draft.state) != LineState.ABANDONED)
        ).tolist()
        chain = draft.downstream(mains)
        inside = [i for i in chain if draft.node_frame[draft.end[i]] == trench.community]
        outside = [i for i in chain if i not in inside]
        out[place] = [mains, inside, outside][: len(trench.pieces)]
    return out


def build_planned(
    rng: np.random.Generator,
    dated: Sequence[Dated],
    draft: Draft,
    old: dict[int, list[list[int]]],
    existing: gpd.GeoDataFrame,
    unknown: Sequence[int],
    frames: Frames,
    community_ids: Sequence[str],
    crs: CRS,
) -> Planned:
    """Frames for ``dated`` digs in their order.

    ``existing`` are the lines of ``draft`` in its order, ``unknown`` those whose depth is planted as unknown.
    """
    line_ids = existing["id"].tolist()
    trunks = existing[np.array(draft.trunk, dtype=bool)]
    dig_ids = [f"dig-{i:03d}" for i in range(1, len(dated) + 1)]
    lines = _lines(dated, dig_ids, old, line_ids, frames, community_ids, len(draft.start), crs)
    digs = _digs(rng, dated, dig_ids, old, line_ids, frames, community_ids, crs)
    main, meeting = _joined(lines, dated, trunks)
    lines["connects_to"] = main
    lines.geometry, digs.geometry = (
        _ended(lines.geometry, meeting),
        _ended(digs.geometry, meeting[_last(dated)]),
    )
    shapes = existing.set_index("id").geometry
    return Planned(
        digs, lines, _cases(dated, dig_ids, lines, draft, line_ids, community_ids, unknown, shapes)
    )


def _digs(
    rng: np.random.Generator,
    dated: Sequence[Dated],
    dig_ids: Sequence[str],
    old: dict[int, list[list[int]]],
    line_ids: Sequence[str],
    frames: Frames,
    community_ids: Sequence[str],
    crs: CRS,
) -> gpd.GeoDataFrame:
    trenches = [each.trench for each in dated]
    paths = [_path(trench.pieces) for trench in trenches]
    surface = rng.choice(len(SURFACES), len(dated), p=[0.35, 0.3, 0.15, 0.2])
    width = np.array([t.width for t in trenches]) + rng.choice([0.0, 0.0, 0.1], len(dated))
    deep = [
        _depths(t)[-1] + (0.0 if FABRICS[t.fabric].slope else t.size.height / 1000) + 0.15 for t in trenches
    ]
    return gpd.GeoDataFrame(
        {
            "id": list(dig_ids),
            "number": [f"K-{i:03d}" for i in range(1, len(dated) + 1)],
            "owner": [t.owner for t in trenches],
            "community": [community_ids[t.community] for t in trenches],
            "utility": [str(FABRICS[t.fabric].utility) for t in trenches],
            "state": [str(each.state) for each in dated],
            "window_start": pd.to_datetime([each.window.start for each in dated]),
            "window_end": pd.to_datetime([each.window.end for each in dated]),
            "width_m": np.round(np.minimum(width, 1.6), 2),
            "depth_m": np.round(deep, 2),
            "surface": [SURFACES[s] for s in surface],
            "purpose": [PURPOSES[t.purpose] for t in trenches],
            "replaces": [_first(old[i][0] if i in old else [], line_ids) for i in range(len(dated))],
        },
        geometry=gpd.GeoSeries(frames.place(paths, [t.community for t in trenches]), crs=crs),
    )


def _first(places: list[int], ids: Sequence[str]) -> str | None:
    return ids[places[0]] if places else None


def _path(pieces: Sequence[Sequence[tuple[float, float]]]) -> shapely.LineString:
    points = list(pieces[0])
    for piece in pieces[1:]:
        points += piece[1:]
    return shapely.LineString(points)


def _depths(trench: Trench) -> list[float]:
    """Depth at the ends of the pieces: level, or falling along a drain."""
    from_start = [0.0]
    for piece in trench.pieces:
        from_start.append(from_start[-1] + shapely.LineString(piece).length)
    slope = FABRICS[trench.fabric].slope
    return [round(trench.depth + slope * run, 3) for run in from_start]


def _lines(
    dated: Sequence[Dated],
    dig_ids: Sequence[str],
    old: dict[int, list[list[int]]],
    line_ids: Sequence[str],
    frames: Frames,
    community_ids: Sequence[str],
    count: int,
    crs: CRS,
) -> gpd.GeoDataFrame:
    rows, shapes, which = [], [], []
    for place, (each, dig) in enumerate(zip(dated, dig_ids, strict=True)):
        trench, entry = each.trench, FABRICS[each.trench.fabric]
        depth = _depths(trench)
        for step, piece in enumerate(trench.pieces):
            shapes.append(shapely.LineString(piece))
            which.append(trench.community)
            rows.append(
                {
                    **attributes_of(entry, tubed=True),
                    "owner": trench.owner,
                    "line_class": "E2" if entry.tube else entry.line_class,
                    "state": str(LineState.PLANNED),
                    "community": community_ids[trench.community],
                    "dig": dig,
                    "trunk": False,
                    "house_connection": False,
                    "depth_start_m": depth[step],
                    "depth_end_m": depth[step + 1],
                    "size_text": trench.size.text,
                    "nominal_diameter_mm": trench.size.nominal,
                    "outer_width_mm": trench.size.width,
                    "outer_height_mm": trench.size.height,
                    "material": _MATERIAL[trench.fabric],
                    "holes_used": None,
                    "flow": 0 if entry.slope else None,
                    "replaces": _first(old[place][step] if place in old else [], line_ids),
                }
            )
    frame = pd.DataFrame(rows)
    frame["id"] = [f"line-{count + i:05d}" for i in range(1, len(rows) + 1)]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(frames.place(shapes, which), crs=crs))


def _last(dated: Sequence[Dated]) -> Ints:
    """The last line of each dig."""
    return np.cumsum([len(each.trench.pieces) for each in dated]) - 1


def _joined(
    lines: gpd.GeoDataFrame, dated: Sequence[Dated], trunks: gpd.GeoDataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The trunk that each piece running out to the street ends at, if any, and the place there."""
    out, meeting = (np.full(len(lines), None, dtype=object) for _ in range(2))
    last = _last(dated)
    ends = shapely.get_point(lines.geometry.to_numpy()[last], -1)
    for kind in sorted(lines["kind"].iloc[last].unique()):
        mains, mine = trunks[trunks["kind"] == kind], np.flatnonzero(lines["kind"].iloc[last] == kind)
        if len(mains):
            shapes = mains.geometry.to_numpy()
            piece, main = shapely.STRtree(shapes).query_nearest(
                ends[mine], max_distance=1.0, all_matches=False
            )
            out[last[mine[piece]]] = mains["id"].to_numpy()[main]
            along = shapely.line_locate_point(shapes[main], ends[mine[piece]])
            meeting[last[mine[piece]]] = shapely.line_interpolate_point(shapes[main], along)
    return out, meeting


def _ended(shapes: gpd.GeoSeries, at: np.ndarray) -> gpd.GeoSeries:
    """Paths whose last vertex is moved to ``at``, where that is a point."""
    moved = [
        path if spot is None else shapely.LineString([*path.coords[:-1], spot.coords[0]])
        for path, spot in zip(shapes, at, strict=True)
    ]
    return gpd.GeoSeries(moved, index=shapes.index, crs=shapes.crs)


def _cases(
    dated: Sequence[Dated],
    dig_ids: Sequence[str],
    planned: gpd.GeoDataFrame,
    draft: Draft,
    line_ids: Sequence[str],
    community_ids: Sequence[str],
    unknown: Sequence[int],
    shapes: gpd.GeoSeries,
) -> tuple[PlantedCase, ...]:
    """``shapes`` are those of the existing lines by id."""
    drains = shapes[[FABRICS[fabric].slope > 0 for fabric in draft.fabric]]
    by_purpose = {
        (each.trench.community, each.trench.purpose): dig for each, dig in zip(dated, dig_ids, strict=True)
    }
    triples: dict[int, list[str]] = {}
    by_court: dict[int, list[str]] = {}
    for each, dig in zip(dated, dig_ids, strict=True):
        by_court.setdefault(each.trench.community, []).append(dig)
    own = planned.groupby("dig", sort=False)["id"].agg(list)
    cases = []
    for each, dig in zip(dated, dig_ids, strict=True):
        trench, court = each.trench, community_ids[each.trench.community]
        if trench.case is CaseKind.SHARE_TRIPLE:
            triples.setdefault(trench.community, []).append(dig)
        elif trench.case is CaseKind.SHARE_PAIR:
            partner = by_purpose[trench.community, trench.partner]
            cases.append(PlantedCase(trench.case, court, (partner, dig), (*own[partner], *own[dig])))
        elif trench.case is not None:
            beside = _beside(trench.case, draft, trench.community, line_ids)
            if trench.case is CaseKind.WATER_TOO_DEEP:
                new = planned[planned["dig"] == dig].union_all()
                beside = drains[drains.intersects(new)].index.tolist()
            cases.append(PlantedCase(trench.case, court, (dig,), (*own[dig], *beside)))
        if trench.case is CaseKind.WATER_BY_FOUL:
            blind = [line_ids[i] for i in unknown if draft.community[i] == trench.community]
            new = planned[planned["dig"].isin(by_court[trench.community])]
            crossing = new[new.intersects(shapes[blind].union_all())]["id"]
            cases.append(PlantedCase(CaseKind.UNKNOWN_DEPTH, court, (dig,), (*crossing, *blind)))
    for community, digs in triples.items():
        mine = tuple(line for dig in digs for line in own[dig])
        cases.append(PlantedCase(CaseKind.SHARE_TRIPLE, community_ids[community], tuple(digs), mine))
    return tuple(sorted(cases, key=lambda case: (case.community, case.kind, case.digs)))


def _beside(kind: CaseKind, draft: Draft, community: int, line_ids: Sequence[str]) -> list[str]:
    return [line_ids[i] for i in _row(draft, community, *_ROWS.get(kind, ("", -1)))]


def _row(draft: Draft, community: int, fabric: str, row: int) -> list[int]:
    """The main along a row and the house connections that leave it."""
    columns = zip(draft.fabric, draft.community, draft.row, strict=True)
    return [i for i, (f, c, r) in enumerate(columns) if (f, c, r) == (fabric, community, row)]


def unmeasured(existing: gpd.GeoDataFrame, draft: Draft, dated: Sequence[Dated], frames: Frames) -> list[int]:
    """The power mains that cross the water dig beside a foul drain: planted as never surveyed for depth."""
    out: list[int] = []
    for each in dated:
        trench = each.trench
        if trench.case is CaseKind.WATER_BY_FOUL:
            path = frames.place([_path(trench.pieces)], [trench.community])[0]
            crossed = shapely.intersects(path, existing.geometry.to_numpy())
            columns = zip(draft.fabric, draft.community, draft.building, strict=True)
            mains = [f in ("power", "feeder") and c == trench.community and b < 0 for f, c, b in columns]
            out += np.flatnonzero(crossed & np.array(mains)).tolist()
    return out


def protected(draft: Draft, dated: Sequence[Dated], frames: Frames) -> list[bool]:
    """Segments so near to a planned line that their depth and size were measured again."""
    xy = frames.to_ground(np.array(draft.node_xy), np.array(draft.node_frame, dtype=np.int64))
    segments = np.asarray(shapely.linestrings(np.stack([xy[draft.start], xy[draft.end]], axis=1)))
    paths = frames.place(
        [_path(each.trench.pieces) for each in dated], [each.trench.community for each in dated]
    )
    out = np.zeros(len(segments), dtype=bool)
    for each in dated:
        for place in _row(draft, each.trench.community, *_ROWS.get(each.trench.case, ("", -1))):
            out[place] = True
    out[shapely.STRtree(segments).query(paths, predicate="dwithin", distance=_MEASURED_AGAIN)[1]] = True
    return [bool(value) for value in out]


def consents(
    digs: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, cases: Sequence[PlantedCase]
) -> tuple[pd.DataFrame, tuple[PlantedCase, ...]]:
    """What the owners of gas lines and cables have agreed to (columns id, dig and line), and what is planted.

    Every dig near them has its consents, but the first two that come near gas: those are the cases.
    """
    near = lines[lines["utility"].isin([Utility.GAS, Utility.POWER]) & (lines["state"] != LineState.PLANNED)]
    dig, line = shapely.STRtree(near.geometry.to_numpy()).query(
        digs.geometry.to_numpy(), predicate="dwithin", distance=_MEASURED_AGAIN
    )
    both = pd.DataFrame(
        {
            "dig": digs["id"].to_numpy()[dig],
            "line": near["id"].to_numpy()[line],
            "owner": near["owner"].to_numpy()[line],
        }
    )
    asked = both[(both["owner"] == "own-gas") & both["dig"].isin(digs.loc[digs["owner"] != "own-gas", "id"])]
    waiting = sorted(asked["dig"].unique())[:_WITHOUT_CONSENT]
    missing = (both["owner"] == "own-gas") & both["dig"].isin(waiting)
    court = digs.set_index("id")["community"]
    planted = [
        PlantedCase(
            CaseKind.NO_CONSENT,
            str(court[name]),
            (str(name),),
            tuple(both.loc[missing & (both["dig"] == name), "line"]),
        )
        for name in waiting
    ]
    every = sorted((*cases, *planted), key=lambda case: (case.community, case.kind, case.digs))
    agreed = both.loc[~missing, ["dig", "line"]].reset_index(drop=True)
    agreed.insert(0, "id", [f"con-{number:04d}" for number in range(1, len(agreed) + 1)])
    return agreed, tuple(every)
