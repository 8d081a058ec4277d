"""One edited dig in a city of sample districts: until the findings are current, and a drawing's preview."""

import argparse
import gc
import sys
from functools import partial

import geopandas as gpd
import numpy as np
from shapely import affinity

from benchmarks.findings import city
from benchmarks.timing import Report, Timing, measure, ms
from geo.coordination import machine
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters
from geo.coordination.standing import Standing, stand

EDIT_S, PREVIEW_S = 0.020, 0.050


def run(report: Report, *, copies_of_sample: int = 500, edits: int = 60) -> None:
    """Digs moved a little, one after the other; each is previewed, then changed."""
    machine.compile_all()
    frames, as_of = city(copies_of_sample)
    state = stand(frames, read_limits(), Parameters(), as_of)
    gc.collect()
    gc.freeze()
    report.title(f"One edited dig: {len(frames['lines']):,} lines, {len(frames['digs']):,} digs")
    previews, changes = _edits(state, gpd.GeoDataFrame(frames["digs"]), edits)
    report.head("what", "median", "nine of ten under")
    report.row("findings current after the edit", ms(changes.median), ms(changes.quantile(0.9)))
    report.row("preview of the drawing", ms(previews.median), ms(previews.quantile(0.9)))
    report.goal(f"findings current in under 20 ms: {ms(changes.median)}", met=changes.median < EDIT_S)
    report.goal(f"preview under 50 ms: {ms(previews.median)}", met=previews.median < PREVIEW_S)


def _edits(state: Standing, digs: gpd.GeoDataFrame, count: int) -> tuple[Timing, Timing]:
    rng = np.random.default_rng(3)
    previews, changes = Timing("preview", []), Timing("after", [])
    for row in rng.integers(0, len(digs), count):
        x, y = rng.uniform(-1, 1, 2)
        dig = digs.iloc[[row]]
        shapes = [affinity.translate(shape, x, y) for shape in dig.geometry]
        moved = {"digs": dig.set_geometry(shapes, crs=digs.crs)}
        shown = measure("preview", partial(state.preview, moved), runs=1, warm=0)
        done = measure("after", partial(state.after, moved), runs=1, warm=0)
        previews.seconds += shown.seconds
        changes.seconds += done.seconds
        state, _ = state.after(moved)
    return previews, changes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=500)
    given = parser.parse_args()
    report = Report()
    run(report, copies_of_sample=given.copies)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
