"""The status map beside ``GeoDataFrame.explore()``: the sample, and a city of 97,500 buildings."""

from functools import cache

import geopandas as gpd
import numpy as np

from benchmarks import setting
from benchmarks.timing import Report, measure, ms
from geo.selection import Selection
from maps.assets import LinkedAssets
from maps.atlas import Atlas
from maps.townmap import render_page
from maps.view import build_view
from maps.viewport import in_view
from maps.wording import wording

VIEWS = 20


def explore(buildings: gpd.GeoDataFrame) -> str:
    """What a planner would write by hand: the default tooltip and tiles, rendered to HTML."""
    return str(buildings.explore().get_root().render())


def page(atlas: Atlas) -> str:
    """The whole HTML of `/map`, rendered afresh; the assets' hashes are known, as in the running service."""
    return render_page(build_view(atlas), assets(), wording("zh"))


@cache
def assets() -> LinkedAssets:
    return LinkedAssets()


def run(report: Report) -> None:
    report.title("The status map on the server")
    small(report)
    big(report)


def small(report: Report) -> None:
    frames = setting.sample()
    atlas = setting.atlas_of(frames)
    buildings = frames["buildings"].astype({"storeys": "float", "units": "float"})
    peer = measure("explore", lambda: explore(buildings), runs=15, warm=2)
    ours = measure("page", lambda: page(atlas), runs=40, warm=2)
    report.say(
        f"The sample: {len(buildings)} buildings for `explore()`; our page has every layer "
        f"({sum(len(frame) for frame in frames.values()):,} rows). "
        "Whole HTML rendered at each call, no page cache.\n"
    )
    report.head("", "median", "HTML")
    report.row(
        "`GeoDataFrame.explore()`, buildings alone",
        ms(peer.median),
        f"{len(explore(buildings)) / 1000:,.0f} kB",
    )
    report.row("`/map`, all layers", ms(ours.median), f"{len(page(atlas).encode()) / 1000:,.0f} kB")
    ratio = peer.median / ours.median
    report.say("")
    report.goal(
        f"`/map` of the sample at least 10 times faster than `explore()`: {ratio:,.1f} times", met=ratio >= 10
    )


def big(report: Report) -> None:
    frames = setting.large()
    buildings = frames["buildings"].astype({"storeys": "float", "units": "float"})
    made: list[str] = []
    peer = measure("explore", lambda: made.append(explore(buildings)), runs=3, warm=0)
    atlas = setting.atlas_of(frames)
    first = measure("first", lambda: page(atlas), runs=1, warm=0)
    ours = measure("page", lambda: page(atlas), runs=20, warm=1)
    size = len(page(atlas).encode())
    report.say(
        f"\nA synthetic city: {len(buildings):,} buildings, {len(frames['communities']):,} communities.\n"
    )
    report.head("", "median", "HTML")
    report.row(
        "`GeoDataFrame.explore()`, buildings alone",
        ms(peer.median),
        f"{len(made[-1]) / 1e6:,.0f} MB",
    )
    report.row("`/map`, first after a change of the store", ms(first.median), f"{size / 1000:,.0f} kB")
    report.row("`/map`, after that", ms(ours.median), f"{size / 1000:,.0f} kB")
    views = measure_views(atlas)
    report.row(f"`/api/view`, {VIEWS} views one after another, median", ms(float(np.median(views))), "")
    report.row("the same, p95", ms(float(np.quantile(views, 0.95))), "")
    ratio = peer.median / ours.median
    report.say("")
    report.goal(
        f"`/map` of the city at least 50 times faster than `explore()`: {ratio:,.0f} times", met=ratio >= 50
    )
    report.goal(f"its HTML under 100 kB: {size / 1000:,.1f} kB", met=size < 100_000)
    p95 = float(np.quantile(views, 0.95))
    report.goal(f"{VIEWS} views one after another at p95 under 100 ms: {ms(p95)}", met=p95 < 0.1)


def measure_views(atlas: Atlas) -> list[float]:
    """Seconds of each of ``VIEWS`` different views, from the whole city to a yard, none asked twice."""
    west, south, east, north = build_view(atlas).extent
    rng = np.random.default_rng(11)
    seconds = []
    for number in range(VIEWS):
        share = 1.0 if number == 0 else float(10 ** rng.uniform(-2.3, 0))
        width, height = (east - west) * share, (north - south) * share
        left = west + rng.uniform(0, 1) * (east - west - width)
        below = south + rng.uniform(0, 1) * (north - south - height)
        box = (left, below, left + width, below + height)
        scale = width * 88_000 / 1072
        seconds += measure(
            "view",
            lambda box=box, scale=scale: in_view(
                atlas, box, scale, ("communities", "buildings"), Selection()
            ),
            runs=1,
            warm=0,
        ).seconds
    return seconds
