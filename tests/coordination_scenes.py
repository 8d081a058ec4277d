"""Small frames for the coordination rules: lines, digs and what stands beside them, a few words each."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.coordination.coordinate import find
from geo.coordination.findings import Findings
from geo.coordination.limits import Limits, read_limits
from geo.coordination.parameters import Parameters
from geo.layers import DIGS, GROUND, LINES, Layer, conform

CRS = "EPSG:32648"
EAST, NORTH = 605_000.0, 4_207_000.0
TODAY = date(2026, 7, 15)

UTILITY = {"W": "JS", "R": "JS", "S": "PS", "G": "RQ", "H": "RL", "E": "DL", "T": "TX", "C": "QT"}
GROUND_KIND = {"TR": "tree", "P1": "pole", "K": "kerb"}


def path(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def line(name: str, line_class: str | None, shape: Any, **columns: Any) -> dict[str, Any]:
    """A planned line of no outer size; depth 1.5 m to the top unless said otherwise."""
    base = {
        "id": name,
        "owner": f"own-{name}",
        "utility": UTILITY[(line_class or "C")[0]],
        "line_class": line_class,
        "state": "planned",
        "outer_width_mm": 0.0,
        "outer_height_mm": 0.0,
        "depth_start_m": 1.5,
        "depth_end_m": 1.5,
        "depth_reference": "top",
        "geometry": shape,
    }
    return {**base, **columns}


def dig(
    name: str, shape: Any, start: str | None = None, end: str | None = None, **columns: Any
) -> dict[str, Any]:
    base = {
        "id": name,
        "owner": f"own-{name}",
        "state": "submitted",
        "width_m": 0.8,
        "depth_m": 1.2,
        "utility": "JS",
        "window_start": start,
        "window_end": end,
        "community": "com-1",
        "geometry": shape,
    }
    return {**base, **columns}


def layer(rows: list[dict[str, Any]], contract: Layer) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(conform(gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), contract, CRS))


def frames(
    lines: list[dict[str, Any]] | None = None,
    digs: list[dict[str, Any]] | None = None,
    ground: list[dict[str, Any]] | None = None,
    **others: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    out: dict[str, pd.DataFrame] = dict(others)
    for name, rows, contract in (("lines", lines, LINES), ("digs", digs, DIGS), ("ground", ground, GROUND)):
        if rows:
            out[name] = layer(rows, contract)
    return out


def buildings(*rows: tuple[str, Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"id": [name for name, _ in rows], "community": "com-1"},
        geometry=[shape for _, shape in rows],
        crs=CRS,
    )


def house(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


LIMITS = read_limits()


def judge(
    where: Mapping[str, pd.DataFrame],
    limits: Limits = LIMITS,
    parameters: Parameters | None = None,
    today: date = TODAY,
) -> Findings:
    return find(where, limits, parameters or Parameters(), today)


def of_kind(found: Findings, kind: str, rule: str | None = None) -> pd.DataFrame:
    """Every row of a kind, listed or only counted."""
    rows = pd.concat([pd.DataFrame(found.listed), pd.DataFrame(found.unlisted)], ignore_index=True)
    rows = rows[rows["kind"] == kind]
    return rows if rule is None else rows[rows["rule"] == rule]


def only(found: Findings, kind: str, rule: str | None = None) -> pd.Series:
    rows = of_kind(found, kind, rule)
    assert len(rows) == 1, rows[["thing_a", "thing_b", "verdict", "reason"]]
    return rows.iloc[0]


def apart(scenes: list[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Many scenes as one, 300 m from each other; ids and references begin with the number of the scene."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for number, scene in enumerate(scenes):
        for name, frame in scene.items():
            moved = frame.assign(
                geometry=frame.geometry.translate(300.0 * (number % 40), 300.0 * (number // 40))
            )
            for column in ("id", "dig", "replaces", "connects_to", "serves_building", "owner"):
                if column in moved:
                    moved[column] = f"{number}:" + moved[column]
            parts.setdefault(name, []).append(moved)
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


def by_scene(found: Findings, kind: str) -> dict[int, list[pd.Series]]:
    """Every row of a kind by the number of its scene."""
    out: dict[int, list[pd.Series]] = {}
    for _, row in of_kind(found, kind).iterrows():
        out.setdefault(int(row["thing_a"].split(":")[0]), []).append(row)
    return out
