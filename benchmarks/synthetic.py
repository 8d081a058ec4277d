"""Synthetic cities for the benchmarks: seeded, any size, density and rotation; nothing like the sample."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo import layers
from geo.district import District
from geo.vocabulary import Stage


def city(
    district: District,
    *,
    buildings: int = 97_500,
    communities: int = 30_000,
    spacing_m: float = 60.0,
    rotation_deg: float = 17.0,
    seed: int = 7,
) -> Mapping[str, pd.DataFrame]:
    """Frames of ``communities`` and ``buildings`` in the district's CRS, keyed by layer.

    Communities stand on a jittered and rotated grid ``spacing_m`` apart around the middle of the district's
    extent; each building lies in one of them.
    """
    rng = np.random.default_rng(seed)
    centre = _centre(district)
    side = int(np.ceil(np.sqrt(communities)))
    grid = np.stack(np.divmod(np.arange(communities), side), axis=1) - side / 2
    angle = np.radians(rotation_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (grid * spacing_m + rng.uniform(-4, 4, grid.shape)) @ turn.T + centre
    home = np.sort(rng.integers(0, communities, buildings))
    return {
        "communities": _communities(district, middle, spacing_m, turn, rng),
        "buildings": _buildings(district, middle[home], home, spacing_m, turn, rng),
    }


def _centre(district: District) -> np.ndarray:
    west, south, east, north = district.extent
    point = gpd.GeoSeries.from_xy([(west + east) / 2], [(south + north) / 2], crs=4326).to_crs(district.crs)
    return np.array([point.x[0], point.y[0]])


def _rectangles(middle: np.ndarray, size: np.ndarray, turn: np.ndarray) -> np.ndarray:
    corner = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    rings = (corner[None] * size[:, None]) @ turn.T + middle[:, None]
    return np.asarray(shapely.polygons(rings))


def _communities(
    district: District, middle: np.ndarray, spacing: float, turn: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    count = len(middle)
    stages = rng.choice([str(stage) for stage in Stage], count)
    frame = gpd.GeoDataFrame(
        {
            "id": [f"c{n}" for n in range(count)],
            "name": [f"试验小区{n:05d}" for n in range(count)],
            "town": rng.choice(district.town_codes(), count),
            "stage": stages,
            "households": rng.integers(20, 300, count),
            "floor_area_dm2": rng.integers(100_000, 3_000_000, count),
            "investment_fen": rng.integers(10**7, 10**9, count),
            "sample": True,
        },
        geometry=_rectangles(middle, np.full((count, 2), spacing * 0.8), turn),
        crs=district.crs,
    )
    return layers.check(frame, layers.COMMUNITIES, crs=district.crs)


def _buildings(
    district: District,
    middle: np.ndarray,
    home: np.ndarray,
    spacing: float,
    turn: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    count = len(middle)
    size = np.stack([rng.uniform(10, 16, count), rng.uniform(6, 9, count)], axis=1)
    offset = rng.uniform(-0.25, 0.25, (count, 2)) * spacing @ turn.T
    frame = gpd.GeoDataFrame(
        {
            "id": [f"b{n}" for n in range(count)],
            "community": [f"c{n}" for n in home],
            "number": [f"{n % 40 + 1}号楼" for n in range(count)],
            "storeys": rng.integers(3, 8, count),
            "units": rng.integers(1, 5, count),
            "households": rng.integers(6, 80, count),
            "floor_area_dm2": rng.integers(10_000, 800_000, count),
            "year_built": rng.integers(1980, 2005, count),
        },
        geometry=_rectangles(middle + offset, size, turn),
        crs=district.crs,
    )
    return layers.check(frame, layers.BUILDINGS, crs=district.crs)
