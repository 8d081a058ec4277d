"""Pairs of lines of different owners within 1 m in overlapping windows: the kernel beside its peers."""

import argparse
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

from benchmarks.timing import Report, measure, ms
from geo.coordination import machine
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
    xy = np.stack([start, start + np.array([20.0, 0.0])], axis=1)
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


def geopandas_pairs(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    frame = gpd.GeoDataFrame(geometry=lines.shapes)
    joined = frame.sjoin(frame, predicate="dwithin", distance=DISTANCE_M)
    return kept(lines, joined.index.to_numpy(), joined["index_right"].to_numpy())


def duckdb_peer(lines: Lines) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """DuckDB spatial from a table in memory; conditions after the spatial join, or it loses its index."""
    import duckdb
    import duckdb_extension_spatial

    place = Path(duckdb_extension_spatial.__path__[0]) / "extensions" / f"v{duckdb.__version__}"
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute(f"LOAD '{place / 'spatial.duckdb_extension'}'")
    table = _table(lines)
    connection.register("given", table)
    connection.execute("CREATE TABLE line AS SELECT * EXCLUDE wkb, ST_GeomFromWKB(wkb) AS g FROM given")
    query = f"SELECT a.id AS i, b.id AS j FROM line a JOIN line b ON ST_DWithin(a.g, b.g, {DISTANCE_M})"

    def call() -> tuple[np.ndarray, np.ndarray]:
        found = connection.execute(query).fetchnumpy()
        return kept(lines, np.asarray(found["i"]), np.asarray(found["j"]))

    return call


def sedona_peer(lines: Lines) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """SedonaDB over the same table in memory."""
    import sedonadb

    session = sedonadb.connect()
    session.create_data_frame(_table(lines)).to_view("given")
    session.sql("SELECT id, owner, first, last, ST_GeomFromWKB(wkb) AS g FROM given").to_memtable().to_view(
        "line"
    )
    query = f"""
        SELECT a.id AS i, b.id AS j FROM line a JOIN line b ON ST_DWithin(a.g, b.g, {DISTANCE_M})
        WHERE a.id < b.id AND a.owner <> b.owner AND a.first <= b.last AND b.first <= a.last
    """

    def call() -> tuple[np.ndarray, np.ndarray]:
        found = pa.table(session.sql(query))
        return found["i"].to_numpy(), found["j"].to_numpy()

    return call


def _table(lines: Lines) -> pa.Table:
    count = len(lines.shapes)
    return pa.table({
        "id": np.arange(count), "owner": lines.owner, "first": lines.start, "last": lines.end,
        "wkb": pa.array(shapely.to_wkb(lines.shapes), pa.binary()),
    })  # fmt: skip


PEERS: dict[str, Callable[[Lines], Callable[[], Any]]] = {
    "geopandas sjoin(dwithin)": lambda lines: lambda: geopandas_pairs(lines),
    "DuckDB spatial": duckdb_peer,
    "SedonaDB": sedona_peer,
}
GOALS = {"geopandas sjoin(dwithin)": 20.0, "DuckDB spatial": 5.0, "SedonaDB": 5.0}


def compare(report: Report, lines: Lines, runs: int, *, goals: bool = False) -> float:
    """One table: the kernel and every peer that runs here, the same pairs checked; the kernel's median.

    All are called once in every round, the kernel before and after, so that a busy machine is busy for all; a
    ratio is the median of the rounds' own ratios.
    """
    report.title(lines.title)
    report.head("what", "median", "pairs", "times the kernel", "least and most")
    started = {name: _started(report, name, make, lines) for name, make in PEERS.items()}
    calls = {name: call for name, call in started.items() if call is not None}
    calls["shapely fallback"] = lambda: fallback_pairs(lines)
    wanted = _keys(lines, *kernel_pairs(lines))
    found = {name: _keys(lines, *call()) for name, call in calls.items()}
    ours, theirs = _rounds(lines, calls, runs)
    report.row("kernel, Arrow in, pairs out", ms(float(np.median(ours))), f"{len(wanted):,}", "1", "")
    for name, seconds in theirs.items():
        ratios = seconds / ours
        ratio = float(np.median(ratios))
        spread = f"{ratios.min():.1f} to {ratios.max():.1f}"
        report.row(name, ms(float(np.median(seconds))), f"{len(found[name]):,}", f"{ratio:.1f}", spread)
    for name, keys in found.items():
        if not np.array_equal(keys, wanted):
            report.say(f"- {name} differs on {len(np.setxor1d(keys, wanted)):,} pairs")
            if name.startswith("geopandas"):
                report.failed.append(f"{name}: other pairs on {lines.title}")
        if goals and name in GOALS and name in theirs:
            ratio = float(np.median(theirs[name] / ours))
            report.goal(f"at least {GOALS[name]:.0f} times {name}: {ratio:.1f}", met=ratio >= GOALS[name])
    return float(np.median(ours))


def _rounds(
    lines: Lines, calls: dict[str, Callable[[], Any]], runs: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Seconds of the kernel (mean of before and after) and of every peer, round by round."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        before = measure("kernel", lambda: kernel_pairs(lines), runs=1, warm=0).median
        for name, call in calls.items():
            theirs[name].append(measure(name, call, runs=1, warm=0).median)
        after = measure("kernel", lambda: kernel_pairs(lines), runs=1, warm=0).median
        ours.append((before + after) / 2)
    return np.array(ours), {name: np.array(seconds) for name, seconds in theirs.items()}


def _started(
    report: Report, name: str, make: Callable[[Lines], Callable[[], Any]], lines: Lines
) -> Callable[[], Any] | None:
    try:
        return make(lines)
    except ImportError as absent:
        report.say(f"- {name} could not be run here: {absent}")
        return None


def _keys(lines: Lines, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return np.sort(np.asarray(i, dtype=np.int64) * len(lines.shapes) + np.asarray(j, dtype=np.int64))


def run(report: Report, *, runs: int = 5, seed: int = 7, large: bool = False) -> None:
    """Cities of 25 and 750 thousand lines, other layouts, and on request 5 million for the kernel's
    growth."""
    machine.compile_all()
    compare(report, synthetic_lines(25_000, seed=seed), runs)
    median = compare(report, synthetic_lines(750_000, seed=seed), runs, goals=True)
    for layout in ("dense", "sparse", "grid45", "long"):
        compare(report, synthetic_lines(60_000, layout, seed=seed + 1), runs)
    if large:
        city = synthetic_lines(5_000_000, seed=seed)
        slow = measure("kernel", lambda: kernel_pairs(city), runs=3)
        growth = float(np.log(slow.median / median) / np.log(5_000_000 / 750_000))
        report.title(city.title)
        report.say(f"- kernel {ms(slow.median)}, peak memory {peak_gb():.1f} GB, growth n^{growth:.2f}")
        report.goal(f"growth at or below n^1.15: n^{growth:.2f}", met=growth <= 1.15)


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--large", action="store_true", help="5 million lines too")
    given = parser.parse_args()
    report = Report()
    run(report, runs=given.runs, seed=given.seed, large=given.large)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
