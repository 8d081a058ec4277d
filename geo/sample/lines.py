"""Lines and nodes of the sample as frames: attributes, depths, elevations, numbers; some of it unknown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.kinds import depth_reference
from geo.sample.draft import Draft
from geo.sample.fabric import FABRICS, FEATURES, Fabric
from geo.sample.frames import Floats, Frames, Ints
from geo.sample.words import CARRIERS, SUPPLY_RETURN
from geo.vocabulary import DepthReference, LineState

_DATUM, _TILT = 100.0, (0.0002, 0.0001)
_UNKNOWN_DEPTH, _UNKNOWN_SIZE, _UNKNOWN_OTHER = 0.07, 0.06, 0.08


@dataclass(frozen=True)
class Existing:
    """The two frames, still without the district's planned lines, and the ground coordinates of the nodes."""

    lines: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame


def build_existing(
    rng: np.random.Generator,
    draft: Draft,
    frames: Frames,
    community_ids: Sequence[str],
    building_ids: Sequence[Sequence[str]],
    streets: Sequence[str],
    as_of: date,
    protected: Sequence[bool],
    tubed: Collection[int],
    crs: CRS,
) -> Existing:
    """Rows of ``lines`` and ``nodes`` for ``draft``; ``protected`` segments keep depth and size,
    and the cables of ``tubed`` communities lie in tubes."""
    xy = frames.to_ground(np.array(draft.node_xy), np.array(draft.node_frame, dtype=np.int64))
    fabrics = np.array(draft.node_fabric)
    numbers = _numbers(fabrics)
    surveyed = pd.Timestamp(as_of) - pd.Timedelta(days=int(rng.integers(70, 110)))
    carrier = rng.integers(0, len(CARRIERS), len(community_ids) + 1)
    nodes = _nodes(rng, draft, xy, numbers, community_ids, carrier, surveyed, crs)
    lines = _lines(rng, draft, xy, numbers, community_ids, building_ids, carrier, surveyed, as_of, tubed, crs)
    lines["road"] = [streets[s] if s >= 0 else None for s in draft.street]
    _forget(rng, lines, np.asarray(protected, dtype=bool))
    touched = np.unique([draft.start, draft.end])
    return Existing(lines, nodes.iloc[touched].reset_index(drop=True))


def ground_elevation(xy: Floats, middle: Floats) -> Floats:
    """Metres above an assumed local datum: a plane that tilts a little."""
    return np.asarray(np.round(_DATUM + (xy - middle) @ np.array(_TILT), 3))


def _numbers(fabrics: np.ndarray) -> list[str]:
    prefixes = np.array([FABRICS[name].prefix for name in fabrics])
    count = pd.Series(prefixes).groupby(prefixes).cumcount() + 1
    return [f"{prefix}{number}" for prefix, number in zip(prefixes, count, strict=True)]


def _owner(fabric: str, carrier: int) -> str:
    return CARRIERS[carrier] if fabric == "telecom" else FABRICS[fabric].owner


def _nodes(
    rng: np.random.Generator,
    draft: Draft,
    xy: Floats,
    numbers: list[str],
    community_ids: Sequence[str],
    carrier: Ints,
    surveyed: pd.Timestamp,
    crs: CRS,
) -> gpd.GeoDataFrame:
    entries = [FABRICS[name] for name in draft.node_fabric]
    roles = np.array(draft.node_role, dtype=object)
    feature = np.isin(roles, sorted(FEATURES))
    chamber = ~feature & np.array([name not in ("light",) for name in draft.node_fabric])
    below = np.array(draft.node_depth) + np.where([e.slope > 0 for e in entries], 0.0, 0.35)
    deep = np.round(below + rng.uniform(0.0, 0.12, len(roles)), 2)
    size = np.where([e.slope > 0 for e in entries], 700.0, 1000.0)
    ids = np.array([*community_ids, None], dtype=object)
    owners = [
        _owner(name, carrier[c]) for name, c in zip(draft.node_fabric, draft.node_community, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "id": [f"node-{i:05d}" for i in range(1, len(roles) + 1)],
            "number": numbers,
            "utility": [str(e.utility) for e in entries],
            "kind": [e.kind for e in entries],
            "owner": owners,
            "community": ids[draft.node_community],
            "feature": pd.Series(roles).where(feature),
            "appurtenance": pd.Series(roles).mask(feature),
            "ground_elevation_m": ground_elevation(xy, xy.mean(axis=0)),
            "chamber_depth_m": np.where(chamber, deep, np.nan),
            "chamber_width_mm": np.where(chamber, size, np.nan),
            "chamber_length_mm": np.where(chamber, size, np.nan),
            "surveyed_on": surveyed,
        },
        geometry=gpd.GeoSeries(shapely.points(xy), crs=crs),
    )


def _lines(
    rng: np.random.Generator,
    draft: Draft,
    xy: Floats,
    numbers: list[str],
    community_ids: Sequence[str],
    building_ids: Sequence[Sequence[str]],
    carrier: Ints,
    surveyed: pd.Timestamp,
    as_of: date,
    tubed: Collection[int],
    crs: CRS,
) -> gpd.GeoDataFrame:
    start, end = np.array(draft.start), np.array(draft.end)
    community = np.array(draft.community)
    house = np.array(draft.building) >= 0
    depth = np.round(np.array(draft.node_depth), 3)
    ground = ground_elevation(xy, xy.mean(axis=0))
    ids = np.array([f"line-{i:05d}" for i in range(1, len(start) + 1)], dtype=object)
    gravity = np.array([FABRICS[name].slope > 0 for name in draft.fabric])
    frame = _attributes(rng, draft, community_ids, carrier, as_of, tubed)
    served = np.array(
        [
            building_ids[c][b] if b >= 0 else None
            for c, b in zip(draft.community, draft.building, strict=True)
        ],
        dtype=object,
    )
    places = np.array([*community_ids, None], dtype=object)
    frame = frame.assign(
        id=ids,
        state=draft.state,
        community=places[community],
        trunk=draft.trunk,
        house_connection=house,
        start_number=np.array(numbers, dtype=object)[start],
        end_number=np.array(numbers, dtype=object)[end],
        depth_start_m=depth[start],
        depth_end_m=depth[end],
        elevation_start_m=np.round(ground[start] - depth[start], 3),
        elevation_end_m=np.round(ground[end] - depth[end], 3),
        flow=pd.array(np.where(gravity, 0, -1), dtype="Int64"),
        surveyed_on=surveyed,
        connects_to=_mains(ids, start, end, house),
        serves_building=served,
    )
    frame["flow"] = frame["flow"].mask(~gravity)
    return gpd.GeoDataFrame(
        frame, geometry=gpd.GeoSeries(shapely.linestrings(np.stack([xy[start], xy[end]], 1)), crs=crs)
    )


def _mains(ids: np.ndarray, start: Ints, end: Ints, house: np.ndarray) -> np.ndarray:
    """For each house connection the first main that touches its end."""
    main = np.flatnonzero(~house)
    touching = pd.Series(np.tile(main, 2), index=np.concatenate([start[main], end[main]])).sort_values(
        kind="stable"
    )
    first = touching[~touching.index.duplicated()].reindex(end).to_numpy("float64")
    known = house & ~np.isnan(first)
    out = np.full(len(ids), None, dtype=object)
    out[known] = ids[first[known].astype(np.int64)]
    return out


def _attributes(
    rng: np.random.Generator,
    draft: Draft,
    community_ids: Sequence[str],
    carrier: Ints,
    as_of: date,
    tubed: Collection[int],
) -> pd.DataFrame:
    """What hangs on the kind, the courtyard and the place in it: one choice per courtyard and kind."""
    names = list(FABRICS)
    courts = len(community_ids) + 1
    main = {n: rng.integers(0, len(FABRICS[n].main), courts) for n in names}
    stuff = {n: rng.integers(0, len(FABRICS[n].materials), courts) for n in names}
    year = {n: rng.integers(1986, 2016, courts) for n in names}
    rows = []
    for fabric, community, building, trunk, state in zip(
        draft.fabric, draft.community, draft.building, draft.trunk, draft.state, strict=True
    ):
        entry = FABRICS[fabric]
        size = entry.house if building >= 0 else entry.trunk if trunk else entry.main[main[fabric][community]]
        material = "PE" if building >= 0 and fabric == "water" else entry.materials[stuff[fabric][community]]
        in_tube = community in tubed and entry.tube is not None
        if in_tube and entry.tube:
            size, material = entry.tube, "PVC"
        laid = min(int(year[fabric][community]), as_of.year - 3)
        rows.append(
            {
                "owner": _owner(fabric, int(carrier[community])),
                "line_class": _class(entry, trunk, in_tube),
                **attributes_of(entry, tubed=in_tube),
                "pressure_mpa": 0.15 if trunk and fabric == "gas" else entry.pressure,
                "size_text": size.text,
                "nominal_diameter_mm": size.nominal,
                "outer_width_mm": size.width,
                "outer_height_mm": size.height,
                "material": material,
                "year_laid": laid if state != LineState.ABANDONED else min(laid, 1994),
            }
        )
    return pd.DataFrame(rows)


def _class(entry: Fabric, trunk: bool, in_tube: bool) -> str:
    if in_tube:
        return "E2"
    return entry.trunk_class if trunk and entry.trunk_class else entry.line_class


def attributes_of(entry: Fabric, *, tubed: bool = False) -> dict[str, object]:
    """The columns that are the same for every line of a kind, its cables buried as they are or ``tubed``."""
    reference = depth_reference(entry.utility)
    return {
        "utility": str(entry.utility),
        "kind": entry.kind,
        "depth_reference": str(reference if reference is DepthReference.INVERT else DepthReference.TOP),
        "laying": "GM" if tubed and entry.tube else entry.laying,
        "pressure_mpa": entry.pressure,
        "voltage_kv": entry.voltage,
        "cable_count": entry.cables,
        "hole_count": entry.holes,
        "holes_used": None if entry.holes is None else entry.holes - 1,
        "note": SUPPLY_RETURN if entry.prefix == "RL" else None,
    }


def _forget(rng: np.random.Generator, lines: gpd.GeoDataFrame, protected: np.ndarray) -> None:
    """A survey never knows everything: blank some depths, sizes, materials and years.

    Depths and sizes only where nothing is planned: what a dig comes near to was measured again.
    """
    free, every = np.flatnonzero(~protected), np.arange(len(lines))

    def blank(among: Ints, share: float, columns: list[str]) -> None:
        wanted = min(round(share * len(lines)), len(among))
        lines.loc[np.sort(rng.choice(among, wanted, replace=False)), columns] = None

    blank(free, _UNKNOWN_DEPTH, ["depth_start_m", "depth_end_m", "elevation_start_m", "elevation_end_m"])
    blank(free, _UNKNOWN_SIZE, ["size_text", "nominal_diameter_mm", "outer_width_mm", "outer_height_mm"])
    blank(every, _UNKNOWN_OTHER, ["material"])
    blank(every, _UNKNOWN_OTHER, ["year_laid"])
    blank(free, _UNKNOWN_OTHER, ["outer_width_mm", "outer_height_mm"])
