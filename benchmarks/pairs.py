"""Pairs of lines of different owners within 1 m in overlapping windows: the kernel beside its peers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

from geo.coordination.pairs import Traits, near_pairs_compiled, near_pairs_shapely

DISTANCE_M = 1.0
CRS = "EPSG:4544"
MIDDLE = np.array([605_000.0, 4_207_000.0])
OWNERS = 9
PER_YARD = 25


@dataclass(frozen=True)
class Lines:
    """Lines in memory: GeoArrow, shapely, and the codes and days that are compared before any distance."""

    layout: str
    arrow: pa.Array
    shapes: np.ndarray
    owner: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def traits(self) -> Traits:
        return Traits(owner=self.owner, start=self.start, end=self.end)

    @property
    def title(self) -> str:
        return f"{len(self.shapes):,} lines, {self.layout}"


def synthetic_lines(count: int, layout: str = "city", seed: int = 7) -> Lines:
    """``count`` lines of ``layout``: city, dense, sparse, grid45 (exact offsets at 45 degrees) or long."""
    rng = np.random.default_rng(seed)
    if layout == "long":
        xy, lengths = _long(rng, count)
    elif layout == "grid45":
        xy, lengths = _exact(rng, count)
    else:
        xy, lengths = _yards(rng, count, {"city": 60.0, "dense": 40.0, "sparse": 240.0}[layout])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    shapes = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, xy, (offsets,))
    start = rng.integers(0, 200, count)
    return Lines(
        layout,
        _arrow(xy, offsets),
        shapes,
        rng.integers(0, OWNERS, count),
        start,
        start + rng.integers(5, 40, count),
    )


def _arrow(xy: np.ndarray, offsets: np.ndarray) -> pa.Array:
    pairs = pa.FixedSizeListArray.from_arrays(pa.array(xy.ravel()), 2)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pairs)


def _turned(xy: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return xy @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + MIDDLE


def _yards(rng: np.random.Generator, count: int, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """25 lines in each courtyard: mains along the rows, connections across them, 2 to 4 vertices each."""
    yards = -(-count // PER_YARD)
    side = int(np.ceil(np.sqrt(yards)))
    corner = np.stack(np.divmod(np.repeat(np.arange(yards), PER_YARD)[:count], side), axis=1) * spacing
    across = rng.random(count) < 0.45
    begin = corner + rng.uniform(0.0, 50.0, (count, 2))
    reach = np.where(across, rng.uniform(3.0, 12.0, count), rng.uniform(15.0, 50.0, count))
    lengths = rng.integers(2, 5, count)
    steps = np.linspace(0.0, 1.0, 4)[None] * 3.0 / (lengths[:, None] - 1) * reach[:, None]
    wobble = np.where(np.arange(4)[None] % 3 == 0, 0.0, rng.normal(0.0, 0.3, (count, 4)))
    along = np.stack([steps, wobble], axis=2)
    along[across] = along[across][:, :, ::-1]
    xy = begin[:, None] + along
    keep = np.arange(4)[None] < lengths[:, None]
    return _turned(xy[keep] - side * spacing / 2, 17.0), lengths


def _exact(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A grid at 45 degrees whose lines are exactly 1 m apart, where rounding decides who is near."""
    side = int(np.ceil(np.sqrt(count)))
    row, column = np.divmod(np.arange(count), side)
    start = np.stack([column * 22.0, row * 1.0 + (column % 3) * 0.5], axis=1)
    xy = np.stack([start, start + [20.0, 0.0]], axis=1)
    return _turned(xy.reshape(-1, 2) - side, 45.0), np.full(count, 2)


def _long(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Polylines of 10 to 200 vertices a few metres apart, wandering over a city."""
    lengths = np.minimum(rng.geometric(0.04, count) + 9, 200)
    first = rng.uniform(0, np.sqrt(count) * 60.0, (count, 2))
    heading = np.repeat(rng.uniform(0, 2 * np.pi, count), lengths) + rng.normal(0, 0.2, lengths.sum())
    step = rng.uniform(2.0, 6.0, lengths.sum())[:, None] * np.stack(
        [np.cos(heading), np.sin(heading)], axis=1
    )
    walk = np.cumsum(step, axis=0)
    begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return walk - np.repeat(walk[begin] - first, lengths, axis=0) + MIDDLE, lengths


def kernel_pairs(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    return near_pairs_compiled(lines.arrow, None, DISTANCE_M, traits_a=lines.traits)


def fallback_pairs(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    return near_pairs_shapely(lines.arrow, None, DISTANCE_M, traits_a=lines.traits)


def kept(lines: Lines, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keep = (i < j) & (lines.owner[i] != lines.owner[j])
    keep &= (lines.start[i] <= lines.end[j]) & (lines.start[j] <= lines.end[i])
    return i[keep], j[keep]
