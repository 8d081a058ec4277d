"""All kinds of findings over a city of sample districts, beside the bare join of its lines; and one edit."""

import argparse
import sys
from collections.abc import Mapping
from datetime import date

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
APART_M = 12_000.0


def copies(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """``count`` copies of a layer side by side, each with ids of its own and references within itself."""
    rows = np.tile(np.arange(len(frame)), count)
    copy = np.repeat(np.arange(count), len(frame))
    out = frame.iloc[rows].reset_index(drop=True)
    mark = pd.Series(copy.astype(str), index=out.index, dtype="string")
    for name in REFERENCES:
        if name in out:
            out[name] = (out[name] + "~" + mark).astype("string")
    if isinstance(frame, gpd.GeoDataFrame):
        side = int(np.ceil(np.sqrt(count)))
        shapes = np.asarray(out.geometry.array)
        coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
        offset = np.stack(np.divmod(copy[owner], side), axis=1) * APART_M
        out["geometry"] = gpd.GeoSeries(
            shapely.set_coordinates(shapes.copy(), coordinates + offset), crs=frame.crs
        )
    return out


def city(count: int) -> tuple[dict[str, pd.DataFrame], date]:
    """Layers of ``count`` sample districts side by side, and the sample's day."""
    frames = sample()
    return {name: copies(frames[name], count) for name in LAYERS}, district().sample.as_of


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


def run(report: Report, *, copies_of_sample: int = 500, runs: int = 3) -> None:
    """The bare join and every kind of finding, the same lines, one after the other in each round."""
    machine.compile_all()
    frames, as_of = city(copies_of_sample)
    limits, parameters = read_limits(), Parameters()
    shapes = np.asarray(frames["lines"].geometry.array)
    traits = line_traits(frames)
    report.title(f"All kinds: {len(shapes):,} lines, {len(frames['buildings']):,} buildings")
    bare, every = [], []
    for _ in range(runs):
        bare.append(measure("bare", lambda: near_pairs_compiled(shapes, None, 1.0, traits_a=traits), runs=1))
        every.append(measure("all", lambda: find(frames, limits, parameters, as_of), runs=1, warm=0))
    join, whole = (float(np.median([one.median for one in part])) for part in (bare, every))
    report.head("what", "median", "times the bare join")
    report.row("bare join, shapely in, pairs out", ms(join), "1")
    report.row("all kinds", ms(whole), f"{whole / join:.1f}")
    report.goal(f"all kinds under 15 times the bare join: {whole / join:.1f}", met=whole < 15 * join)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    report = Report()
    run(report, copies_of_sample=given.copies, runs=given.runs)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
