"""All kinds of findings over a city of sample districts, beside the bare join of its lines."""

import argparse
import gc
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.setting import district, sample
from benchmarks.timing import Report, measure, ms
from geo.coordination import machine
from geo.coordination.coordinate import find
from geo.coordination.limits import read_limits
from geo.coordination.pairs import Traits, near_pairs_compiled
from geo.coordination.parameters import Parameters

LAYERS = ("communities", "buildings", "ground", "nodes", "lines", "digs", "works")
REFERENCES = (
    "id", "community", "building", "dig", "replaces", "joins", "connects_to", "serves_building"
)  # fmt: skip
# copies of the sample, which is 1.4 km wide, that make 25, 75 and 750 thousand lines
SIZES = (16, 49, 488)
BUILDINGS = 97_500
GOAL, MEMORY, GROWTH = 15.0, 1.5, 1.15
APART_M = {"turned": 2_000.0, "apart": 12_000.0, "dense": 2_000.0}
LAYOUTS = tuple(APART_M)
_TURN = np.radians(137.5)
_PEAKS = ("inputs", "find", "geopandas")


def copies(frame: pd.DataFrame, count: int, layout: str = "apart") -> pd.DataFrame:
    """``count`` copies of a layer, each with ids of its own and references within itself.

    They lie ``apart`` in rows; or each ``turned`` by another angle and side by side; or ``dense``: turned and
    four on top of each other, 30 m to the side, so that lines of one run among those of another.
    """
    rows = np.tile(np.arange(len(frame)), count)
    copy = np.repeat(np.arange(count), len(frame))
    out = frame.iloc[rows].reset_index(drop=True)
    mark = pd.Series(copy.astype(str), index=out.index, dtype="string")
    for name in REFERENCES:
        if name in out:
            out[name] = (out[name] + "~" + mark).astype("string")
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = np.asarray(out.geometry.array)
        xy, owner = shapely.get_coordinates(shapes, return_index=True)
        moved = shapely.set_coordinates(shapes.copy(), _placed(xy, copy[owner], count, layout))
        out["geometry"] = gpd.GeoSeries(moved, crs=frame.crs)
    return out


def _placed(xy: np.ndarray, copy: np.ndarray, count: int, layout: str) -> np.ndarray:
    """Where the coordinates of each copy come to lie."""
    stack = 4 if layout == "dense" else 1
    place, above = np.divmod(copy, stack)
    side = int(np.ceil(np.sqrt(-(-count // stack))))
    offset = np.stack(np.divmod(place, side), axis=1) * APART_M[layout] + above[:, None] * [30.0, 17.0]
    if layout == "apart":
        return np.asarray(xy + offset)
    middle = sample()["communities"].total_bounds.reshape(2, 2).mean(axis=0)
    (x, y), angle = (xy - middle).T, place * _TURN
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    return np.asarray(turned + middle + offset)


def divided(frames: Mapping[str, pd.DataFrame], count: int) -> dict[str, pd.DataFrame]:
    """The layers with their buildings cut across, entrance by entrance, so that there are ``count``; a line
    serves the piece that is nearest to it."""
    whole, lines = frames["buildings"], frames["lines"].copy()
    pieces = count // len(whole) + (np.arange(len(whole)) < count % len(whole))
    row = np.repeat(np.arange(len(whole)), pieces)
    number = np.arange(count) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    corners = shapely.get_coordinates(np.asarray(whole.geometry.array)).reshape(len(whole), 5, 2)
    size = np.hypot(*(np.diff(corners[:, :3], axis=1)).transpose(2, 0, 1))
    corners = np.where((size[:, 0] < size[:, 1])[:, None, None], corners[:, [1, 2, 3, 0]], corners[:, :4])[
        row
    ]
    low, high = (number / pieces[row])[:, None], ((number + 1) / pieces[row])[:, None]
    a, b, c, d = corners.transpose(1, 0, 2)
    ring = [a + (b - a) * low, a + (b - a) * high, d + (c - d) * high, d + (c - d) * low]
    shapes = np.asarray(shapely.polygons(np.stack(ring, axis=1)))
    out = whole.iloc[row].reset_index(drop=True).assign(geometry=gpd.GeoSeries(shapes, crs=whole.crs))
    mark = pd.Series(number, index=out.index).astype("string").radd("/").where(number > 0, "")
    out["id"] = (out["id"] + mark).astype("string")
    served = pd.Index(whole["id"]).get_indexer(pd.Index(lines["serves_building"]))
    for line in np.flatnonzero(served >= 0):
        mine = np.flatnonzero(row == served[line])
        nearest = mine[shapely.distance(shapes[mine], lines.geometry.iloc[line]).argmin()]
        lines.loc[lines.index[line], "serves_building"] = out["id"].iloc[nearest]
    return {**frames, "buildings": out, "lines": lines}


def city(count: int, layout: str = "apart", buildings: int = 0) -> tuple[dict[str, pd.DataFrame], date]:
    """Layers of ``count`` sample districts with at least ``buildings`` in all, and the sample's day."""
    frames: Mapping[str, pd.DataFrame] = sample()
    if buildings > count * len(frames["buildings"]):
        frames = divided(frames, -(-buildings // count))
    day = district().sample
    assert day is not None
    return {name: copies(frames[name], count, layout) for name in LAYERS}, day.as_of


def line_traits(frames: Mapping[str, pd.DataFrame]) -> Traits:
    """Owner and days of each line, as the bare join compares them."""
    lines, digs = frames["lines"], frames["digs"]
    place = pd.Index(digs["id"]).get_indexer(pd.Index(lines["dig"]))
    none = np.iinfo(np.int64).max // 2
    days = [digs[name].to_numpy("datetime64[D]").astype("int64") for name in ("window_start", "window_end")]
    first, last = (
        np.where((place >= 0) & (days_of[place] > -none), days_of[place], default)
        for days_of, default in zip(days, (-none, none), strict=True)
    )
    return Traits(owner=pd.factorize(lines["owner"])[0], start=first, end=last)


def compare(report: Report, count: int, layout: str, runs: int) -> tuple[float, float]:
    """The bare join and every kind of finding, one after the other in each round: median seconds of all
    kinds, and the median of the rounds' own ratios."""
    share = BUILDINGS * count // SIZES[-1]
    frames, as_of = city(count, layout, share)
    limits, parameters, traits = read_limits(), Parameters(), line_traits(frames)
    shapes = np.asarray(frames["lines"].geometry.array)
    found = find(frames, limits, parameters, as_of)
    bare, every = [], []
    for _ in range(runs):
        before, after = (
            measure("bare", lambda: near_pairs_compiled(shapes, None, 1.0, traits_a=traits), runs=1).median
            for _ in range(2)
        )
        bare.append((before + after) / 2)
        every.append(measure("all", lambda: find(frames, limits, parameters, as_of), runs=1, warm=0).median)
    started = time.perf_counter()
    counted = len(found.unlisted)
    asked = time.perf_counter() - started
    ratios = np.array(every) / np.array(bare)
    report.row(
        f"{len(shapes):,} lines, {len(frames['buildings']):,} buildings, {layout}",
        ms(float(np.median(bare))), ms(float(np.median(every))), f"{np.median(ratios):.1f}",
        f"{ratios.min():.1f} to {ratios.max():.1f}", f"{len(found.listed):,}", f"{counted:,} in {ms(asked)}",
    )  # fmt: skip
    return float(np.median(every)), float(np.median(ratios))


def peak(name: str, count: int) -> dict[str, float]:
    """Peak memory of a process of its own, in GB, that makes the layers and then does one thing more."""
    call = [sys.executable, "-m", "benchmarks.findings", "--peak", name, "--copies", str(count)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    out: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return out


def _peak_here(name: str, count: int) -> None:
    machine.compile_all()
    frames, as_of = city(count, LAYOUTS[0], BUILDINGS)
    gc.collect()
    # what making the layers took is forgotten (Linux); from here on the greatest counts
    Path("/proc/self/clear_refs").write_text("5")
    before = _greatest_gb()
    if name == "find":
        find(frames, read_limits(), Parameters(), as_of)
    elif name == "geopandas":
        lines = gpd.GeoDataFrame(geometry=np.asarray(frames["lines"].geometry.array))
        lines.sjoin(lines, predicate="dwithin", distance=1.0)
    print(json.dumps({"before": before, "after": _greatest_gb()}))


def _greatest_gb() -> float:
    """Greatest resident memory of this process since it was last forgotten."""
    status = Path("/proc/self/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1e6


def run(report: Report, *, runs: int = 5, sizes: tuple[int, ...] = SIZES) -> None:
    """Three sizes of a city, other layouts of the middle one, and the memory of the greatest."""
    machine.compile_all()
    report.title("All kinds of findings, beside the bare join of the same lines")
    report.head("city", "bare join", "all kinds", "ratio", "least and most", "listed", "counted, when asked")
    seconds, ratios = zip(*(compare(report, count, LAYOUTS[0], runs) for count in sizes), strict=True)
    for layout in LAYOUTS[1:]:
        compare(report, sizes[len(sizes) // 2], layout, runs)
    peaks = {name: peak(name, sizes[-1]) for name in _PEAKS}
    report.say(
        "\n- peak memory with the layers made: "
        + ", ".join(f"{name} {each['after']:.2f} GB" for name, each in peaks.items())
    )
    share = peaks["find"]["after"] / peaks["geopandas"]["after"]
    report.goal(f"all kinds under {GOAL:.0f} times the bare join: {ratios[-1]:.1f}", met=ratios[-1] < GOAL)
    report.goal(f"memory at most {MEMORY} times geopandas' join: {share:.2f}", met=share <= MEMORY)
    for one in range(len(sizes) - 1):
        grown = float(np.log(seconds[-1] / seconds[one]) / np.log(sizes[-1] / sizes[one]))
        report.goal(f"growth from {sizes[one]} to {sizes[-1]} districts: n^{grown:.2f}", met=grown <= GROWTH)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, help="one size instead of three")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peak", choices=_PEAKS, help="print the peak memory of one thing and stop")
    given = parser.parse_args()
    if given.peak:
        _peak_here(given.peak, given.copies or SIZES[-1])
        return 0
    report = Report()
    run(report, runs=given.runs, sizes=(given.copies,) if given.copies else SIZES)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
