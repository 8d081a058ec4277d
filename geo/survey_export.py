"""Lines and nodes as a survey delivers them: a point table and a line table in one workbook, X is
northing."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.exports import new_file, write_workbook
from geo.intake.words import layer_words, value_words

POINTS, LINES = "管点", "管线"

_NODE_FIELDS = {
    "number": "number",
    "x": "_x",
    "y": "_y",
    "ground_elevation": "ground_elevation_m",
    "feature": "feature",
    "appurtenance": "appurtenance",
    "chamber_depth": "chamber_depth_m",
    "chamber_size": "_chamber",
    "kind": "_kind",
    "owner": "_owner",
    "surveyed_on": "surveyed_on",
    "rotation": "rotation_deg",
    "note": "note",
}
_LINE_FIELDS = {
    "start_number": "_start",
    "end_number": "_end",
    "depth_start": "depth_start_m",
    "depth_end": "depth_end_m",
    "elevation_start": "elevation_start_m",
    "elevation_end": "elevation_end_m",
    "kind": "_kind",
    "size": "_size",
    "material": "material",
    "laying": "laying",
    "status": "_status",
    "pressure": "pressure_mpa",
    "voltage": "voltage_kv",
    "cable_count": "cable_count",
    "hole_count": "hole_count",
    "holes_used": "holes_used",
    "flow": "_flow",
    "laid_on": "year_laid",
    "owner": "_owner",
    "surveyed_on": "surveyed_on",
    "road": "road",
    "note": "note",
}
_PLACE_DIGITS = 3
_BETWEEN = ("depth", "elevation")


def write_survey_tables(
    lines: gpd.GeoDataFrame,
    nodes: gpd.GeoDataFrame,
    path: Path,
    *,
    owners: pd.DataFrame | None = None,
    overwrite: bool = False,
) -> None:
    """Write lines and nodes (same projected CRS, metres) as the sheets 管点 and 管线 of a new XLSX workbook.

    A line of more than two vertices becomes one segment for each pair, its depths and elevations interpolated
    by length; vertices that no node stands at become points with a number of their own.
    """
    segments = _segments(lines)
    segments, points = _numbered(segments, nodes)
    sheets = {
        POINTS: _table(_dressed(points, owners), _NODE_FIELDS, "nodes"),
        LINES: _table(_dressed(segments, owners), _LINE_FIELDS, "lines"),
    }
    with new_file(path, overwrite) as place:
        write_workbook(sheets, place)


def _segments(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """One row for each straight piece, with its ends as ``_x0 _y0 _x1 _y1`` and the values at its ends."""
    parts, owner_row = shapely.get_parts(np.asarray(lines.geometry.array), return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[:-1] == part[1:]) if len(part) else np.zeros(0, dtype=int)
    row = owner_row[part[joined]]
    out: pd.DataFrame = pd.DataFrame(lines.drop(columns="geometry")).iloc[row].reset_index(drop=True)
    out[["_x0", "_y0"]], out[["_x1", "_y1"]] = xy[joined], xy[joined + 1]
    length: npt.NDArray[np.float64] = np.hypot(*(xy[joined + 1] - xy[joined]).T)
    total = np.bincount(row, weights=length, minlength=len(lines))[row] if len(row) else length
    after = pd.Series(length).groupby(row).cumsum().to_numpy() if len(row) else length
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (after - length) / total, after / total
    for name in _BETWEEN:
        start, end = (out[f"{name}_{side}_m"].to_numpy(dtype=float) for side in ("start", "end"))
        for side, share in zip(("start", "end"), shares, strict=True):
            out[f"{name}_{side}_m"] = np.where(
                share <= 0, start, np.where(share >= 1, end, start + (end - start) * share)
            )
    first, last = np.isclose(shares[0], 0), np.isclose(shares[1], 1)
    out["_start"] = out["start_number"].where(first).astype("string")
    out["_end"] = out["end_number"].where(last).astype("string")
    return out


def _numbered(segments: pd.DataFrame, nodes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Segments with a number at every end, and the points: the nodes and what had to be added."""
    known = _node_numbers(nodes)
    ends = [
        (segments["_start"], segments["_x0"], segments["_y0"]),
        (segments["_end"], segments["_x1"], segments["_y1"]),
    ]
    keys = [_place_keys(segments["utility"], x.to_numpy(), y.to_numpy()) for _, x, y in ends]
    for (number, _, _), key in zip(ends, keys, strict=True):
        known = {**dict(zip(key[number.notna()], number.dropna(), strict=True)), **known}
    used = set(known.values()) | set(nodes["number"].dropna())
    fresh: dict[str, str] = {}
    code = (
        segments["kind"].astype("string").fillna(segments["utility"].astype("string"))
        if len(segments)
        else None
    )
    for place, key in [(place, key) for side in keys for place, key in enumerate(side) if key not in known]:
        if key not in fresh:
            fresh[key] = _new_number(str(code.iloc[place]) if code is not None else "", used)
    for (number, _, _), key, name in zip(ends, keys, ("_start", "_end"), strict=True):
        segments[name] = number.fillna(pd.Series(key).map({**known, **fresh}).astype("string"))
    return segments, _points(segments, nodes)


def _new_number(code: str, used: set[str]) -> str:
    turn = len(used) + 1
    while f"{code}{turn}" in used:
        turn += 1
    used.add(f"{code}{turn}")
    return f"{code}{turn}"


def _place_keys(
    utility: pd.Series, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    return np.array(
        [
            f"{group}|{a:.{_PLACE_DIGITS}f}|{b:.{_PLACE_DIGITS}f}"
            for group, a, b in zip(utility, x, y, strict=True)
        ],
        dtype=object,
    )


def _node_numbers(nodes: gpd.GeoDataFrame) -> dict[str, str]:
    named = nodes.loc[nodes["number"].notna().to_numpy(bool)]
    xy = shapely.get_coordinates(np.asarray(named.geometry.array))
    keys = _place_keys(named["utility"], xy[:, 0], xy[:, 1])
    return dict(zip(keys[::-1], named["number"].astype(str)[::-1], strict=True))


def _points(segments: pd.DataFrame, nodes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows of the point table: the nodes, and every end of a segment that is none of them."""
    xy = shapely.get_coordinates(np.asarray(nodes.geometry.array))
    own = pd.DataFrame(nodes.drop(columns="geometry")).assign(_x=xy[:, 1], _y=xy[:, 0])
    own = own.loc[own["number"].notna().to_numpy(bool)]
    ends = pd.concat(
        [
            segments[["utility", "kind", f"_{side}", f"_x{k}", f"_y{k}"]].set_axis(
                ["utility", "kind", "number", "_y", "_x"], axis=1
            )
            for k, side in enumerate(("start", "end"))
        ]
    ).drop_duplicates(["utility", "number"])
    there = set(zip(own["utility"], own["number"], strict=True))
    missing = [pair not in there for pair in zip(ends["utility"], ends["number"], strict=True)]
    return pd.concat([own, ends.loc[missing].astype({"number": "string"})], ignore_index=True)


def _dressed(frame: pd.DataFrame, owners: pd.DataFrame | None) -> pd.DataFrame:
    """Columns that the tables write in another form than the contract: kind, owner, size, status, flow."""
    frame = frame.copy()
    names = {} if owners is None else dict(zip(owners["id"], owners["name"], strict=True))
    frame["_kind"] = frame["kind"].astype("string").fillna(frame["utility"].astype("string"))
    frame["_owner"] = frame["owner"].map(names) if "owner" in frame else None
    if "state" in frame:
        words: Mapping[str, str] = {
            code: word for word, code in reversed(list(value_words("status").items())) if not word.isascii()
        }
        frame["_status"] = frame["state"].map(words)
        frame["_flow"] = frame["flow"].map({1: "0", -1: "1"})
        oblong = _sides(frame, "outer_width_mm", "outer_height_mm")
        round_size = frame["nominal_diameter_mm"].map(lambda size: f"DN{size:g}", na_action="ignore")
        frame["_size"] = (
            frame["size_text"].astype("string").fillna(round_size.astype("string")).fillna(oblong)
        )
    else:
        frame["_chamber"] = _sides(frame, "chamber_width_mm", "chamber_length_mm")
    frame["_x"] = frame["_x"].round(_PLACE_DIGITS) if "_x" in frame else None
    frame["_y"] = frame["_y"].round(_PLACE_DIGITS) if "_y" in frame else None
    return frame


def _sides(frame: pd.DataFrame, width: str, height: str) -> pd.Series:
    sides = zip(frame[width], frame[height], strict=True)
    return pd.Series(
        [f"{a:g}×{b:g}" if pd.notna(a) and pd.notna(b) else None for a, b in sides],
        dtype="string",
        index=frame.index,
    )


def _table(frame: pd.DataFrame, fields: Mapping[str, str], layer: str) -> pd.DataFrame:
    words = layer_words()[layer]
    return pd.DataFrame({words[field][0]: frame[column] for field, column in fields.items()})
