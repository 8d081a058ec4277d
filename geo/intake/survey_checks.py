"""The checks that a surveyor expects of points and segments, each with sheet, row and point number."""

from functools import partial

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.intake.draft import ROW, refuse, remark
from geo.intake.report import Level, Notes

LONGEST_M, SHORTEST_M = 75.0, 0.05
STEEPEST_DEG = 30.0
ELEVATION_TOLERANCE_M = 0.02
DEPTH_TOLERANCE_M = 0.02
FALL_TOLERANCE_M = 0.005
_BRANCHES = {"三通": 3, "四通": 4, "tee": 3, "cross": 4, "三分支": 3, "四分支": 4}

Reals = npt.NDArray[np.float64]


def check_lines(lines: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame | None, notes: Notes) -> gpd.GeoDataFrame:
    """Notes on segments; ``lines`` without those that stand twice, also reversed, of the same kind."""
    kept = _without_doubles(lines, notes)
    length = shapely.length(np.asarray(kept["geometry"].array))
    label = label_of(kept)
    numbered = kept["start_number"].notna().to_numpy(bool)
    remark(
        kept,
        numbered & (length > LONGEST_M),
        notes,
        Level.NOTE,
        "segment_long",
        values=label,
        facts=lambda at: {"length": f"{length[at]:.2f}", "limit": f"{LONGEST_M:g}"},
    )
    remark(
        kept,
        length < SHORTEST_M,
        notes,
        Level.NOTE,
        "segment_short",
        values=label,
        facts=lambda at: {"length": f"{length[at]:.3f}", "limit": f"{SHORTEST_M:g}"},
    )
    _check_fall(kept, length, label, notes)
    _check_hidden(kept, label, notes)
    if nodes is not None and len(nodes):
        _check_elevations(kept, nodes, label, notes)
    return kept


def _without_doubles(lines: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    start = lines["start_number"].astype("string")
    end = lines["end_number"].astype("string")
    low, high = start.where((start <= end).fillna(True), end), end.where((start <= end).fillna(True), start)
    kind = lines["kind"].astype("string").fillna(lines["utility"].astype("string")).fillna("")
    key = low + "\x1f" + high + "\x1f" + kind
    twice = (key.duplicated(keep="first") & key.notna()).to_numpy(bool)
    if not twice.any():
        return lines
    first = pd.Series(lines[ROW].to_numpy(), index=key.to_numpy(dtype=object)).groupby(level=0).first()
    return refuse(
        lines,
        twice,
        notes,
        "segment_twice",
        values=label_of(lines),
        facts=lambda at: {"first": int(first[key.iloc[at]])},
    )


def label_of(lines: pd.DataFrame) -> pd.Series:
    """A segment's two point numbers, for people."""
    return (
        lines["start_number"].astype("string").fillna("")
        + "–"
        + lines["end_number"].astype("string").fillna("")
    )


def _column(frame: pd.DataFrame, name: str) -> Reals:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=float, na_value=np.nan)


def _check_fall(lines: pd.DataFrame, length: Reals, label: pd.Series, notes: Notes) -> None:
    start, end = _column(lines, "elevation_start_m"), _column(lines, "elevation_end_m")
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.degrees(np.arctan(np.abs(start - end) / length))
        drop = start - end
    remark(
        lines,
        np.nan_to_num(slope) > STEEPEST_DEG,
        notes,
        Level.NOTE,
        "segment_steep",
        values=label,
        facts=lambda at: {"slope": f"{slope[at]:.0f}", "limit": f"{STEEPEST_DEG:g}"},
    )
    if "flow" in lines:
        flow = _column(lines, "flow")
        against = np.nan_to_num(flow * drop) < -FALL_TOLERANCE_M
        drains = (lines["utility"] == "PS").fillna(False).to_numpy(bool)
        remark(
            lines,
            against & drains,
            notes,
            Level.NOTE,
            "flow_against_fall",
            values=label,
            facts=lambda at: {"rise": f"{abs(drop[at]):.3f}"},
        )


def _check_hidden(lines: pd.DataFrame, label: pd.Series, notes: Notes) -> None:
    if "_owner" in lines:
        remark(lines, lines["_owner"].isna(), notes, Level.NOTE, "owner_missing", values=label)
    if "depth_start_m" in lines:
        depth_known = np.isfinite(_column(lines, "depth_start_m")) & np.isfinite(
            _column(lines, "depth_end_m")
        )
        remark(lines, ~depth_known, notes, Level.NOTE, "depth_missing", values=label)


def _check_elevations(lines: pd.DataFrame, nodes: gpd.GeoDataFrame, label: pd.Series, notes: Notes) -> None:
    """Ground elevation = depth + elevation of the line, at both ends."""
    if "ground_elevation_m" not in nodes:
        return
    ground = nodes.drop_duplicates("number").set_index("number")["ground_elevation_m"]
    for side in ("start", "end"):
        number = lines[f"{side}_number"]
        off = (
            number.map(ground).to_numpy(dtype=float, na_value=np.nan)
            - _column(lines, f"depth_{side}_m")
            - _column(lines, f"elevation_{side}_m")
        )
        remark(
            lines,
            np.abs(np.nan_to_num(off)) > ELEVATION_TOLERANCE_M + 1e-9,
            notes,
            Level.NOTE,
            "elevation_differs",
            values=label,
            facts=partial(_elevation_facts, number, off),
        )


def _elevation_facts(number: pd.Series, off: Reals, at: int) -> dict[str, str]:
    return {"point": str(number.iloc[at]), "difference": f"{off[at]:.3f}"}


def check_points(nodes: gpd.GeoDataFrame, lines: pd.DataFrame | None, notes: Notes) -> None:
    """Notes on points: used by no segment, two in one place, feature and appurtenance both, degree, depths
    that differ."""
    number = nodes["number"].astype("string")
    _check_same_place(nodes, number, notes)
    if "feature" in nodes and "appurtenance" in nodes:
        both = nodes["feature"].notna() & nodes["appurtenance"].notna()
        remark(nodes, both, notes, Level.NOTE, "feature_and_appurtenance", values=number)
    if lines is None or not len(lines):
        return
    ends = pd.concat(
        [
            pd.DataFrame(
                {
                    "number": lines[f"{side}_number"].astype("string"),
                    "depth": _column(lines, f"depth_{side}_m"),
                }
            )
            for side in ("start", "end")
        ],
        ignore_index=True,
    ).dropna(subset=["number"])
    degree = number.map(ends["number"].value_counts()).fillna(0).to_numpy(dtype=int)
    remark(
        nodes, (degree == 0) & number.notna().to_numpy(bool), notes, Level.NOTE, "point_unused", values=number
    )
    if "feature" in nodes:
        wanted = nodes["feature"].map(_BRANCHES).to_numpy(dtype=float, na_value=np.nan)
        off = np.isfinite(wanted) & (wanted != degree) & (degree > 0)
        remark(
            nodes,
            off,
            notes,
            Level.NOTE,
            "branches_differ",
            values=number,
            column="feature",
            facts=lambda at: {
                "feature": str(nodes["feature"].iloc[at]),
                "wanted": int(wanted[at]),
                "found": int(degree[at]),
            },
        )
    _check_depths(nodes, number, ends, notes)


def _check_same_place(nodes: gpd.GeoDataFrame, number: pd.Series, notes: Notes) -> None:
    xy = np.round(shapely.get_coordinates(np.asarray(nodes.geometry.array)), 3)
    places = pd.Series(list(map(tuple, xy)), dtype=object)
    twice = places.duplicated(keep="first").to_numpy(bool)
    if twice.any():
        first = (
            pd.Series(number.to_numpy(dtype=object), index=pd.MultiIndex.from_tuples(places))
            .groupby(level=[0, 1])
            .first()
        )
        remark(
            nodes,
            twice,
            notes,
            Level.NOTE,
            "points_in_one_place",
            values=number,
            facts=lambda at: {"other": first[places[at]]},
        )


def _check_depths(nodes: gpd.GeoDataFrame, number: pd.Series, ends: pd.DataFrame, notes: Notes) -> None:
    """One point with different depths in its segments, where the point is no chamber."""
    spread = ends.groupby("number")["depth"].agg(["min", "max"])
    gap = number.map(spread["max"] - spread["min"]).to_numpy(dtype=float, na_value=np.nan)
    chamber = (
        nodes["appurtenance"].notna().to_numpy(bool)
        if "appurtenance" in nodes
        else np.zeros(len(nodes), dtype=bool)
    )
    remark(
        nodes,
        (np.nan_to_num(gap) > DEPTH_TOLERANCE_M + 1e-9) & ~chamber,
        notes,
        Level.NOTE,
        "depths_differ",
        values=number,
        facts=lambda at: {"spread": f"{gap[at]:.2f}"},
    )
