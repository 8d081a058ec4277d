"""What the rules work out for many rows at once is what one would work out row by row."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.coordination import machine
from geo.coordination.approaches import goes_on
from geo.coordination.chains import chains
from geo.coordination.cover import _under_roads
from geo.coordination.findings import Rows, draft, joined
from geo.coordination.gates import AtGates, shut_days
from geo.coordination.order import _shortest
from geo.coordination.stretches import gaps, nearest, stretches
from geo.coordination.tables import table
from geo.vocabulary import FindingKind

HERE = np.array([605_000.0, 4_207_000.0])


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    machine.compile_all()


def walks(rng: np.random.Generator, count: int, width: float = 60.0) -> np.ndarray:
    steps = rng.normal(0, 6, (count, 4, 2)).cumsum(axis=1)
    return np.asarray(shapely.linestrings(rng.uniform(0, width, (count, 1, 2)) + steps + HERE))


def test_the_nearest_place_on_a_line_is_the_one_of_geos_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    lines, xy = walks(rng, 300), rng.uniform(0, 60, (300, 2)) + HERE
    xy[:40] = shapely.get_coordinates(shapely.get_point(lines[:40], 1))
    wanted = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(shapely.points(xy), lines), 1))
    np.testing.assert_array_equal(nearest(lines, np.arange(300), xy), wanted)


def test_gaps_are_the_distances_of_geos_to_the_last_bit() -> None:
    rng = np.random.default_rng(2)
    shapes, xy = walks(rng, 300), rng.uniform(0, 60, (300, 2)) + HERE
    shapes[::2] = shapely.buffer(shapes[::2], 3.0, quad_segs=2)
    found = gaps(shapes, np.arange(300), xy)
    np.testing.assert_array_equal(found, shapely.distance(shapely.points(xy), shapes))
    assert (found == 0).any()


def test_stretches_of_many_pairs_are_those_of_each_pair() -> None:
    """So many pairs are shared out to threads."""
    rng = np.random.default_rng(3)
    lines = walks(rng, 200)
    i, j = rng.integers(0, 200, (2, 41_000))
    radius = rng.uniform(0.5, 6, len(i))
    found = stretches(lines, lines, i, j, radius)
    few = rng.integers(0, len(i), 300)
    alone = stretches(lines, lines, i[few], j[few], radius[few])
    np.testing.assert_array_equal(found.length[few], alone.length)
    assert shapely.equals_exact(found.geometry(few), alone.geometry()).sum() == (alone.length > 0).sum()
    middles = found.middles()[few]
    first = shapely.line_interpolate_point(shapely.get_geometry(alone.geometry(), 0), 0.5, normalized=True)
    some = alone.length > 0
    np.testing.assert_array_equal(middles[some], shapely.get_coordinates(first[some]))


def test_lines_go_on_where_a_line_of_their_series_begins_or_ends() -> None:
    rng = np.random.default_rng(4)
    cells, series = rng.integers(0, 6, (200, 4)), rng.integers(0, 3, 200)
    begin, following = goes_on(cells, series)
    ends = [{tuple(row[:2]), tuple(row[2:])} for row in cells.tolist()]
    for line in range(200):
        wanted = {k for k in range(200) if k != line and series[k] == series[line] and ends[k] & ends[line]}
        assert set(following[begin[line] : begin[line + 1]].tolist()) == wanted


@pytest.mark.parametrize("lines", [1, 2, 5])
def test_the_least_stack_is_the_least_over_every_order(lines: int) -> None:
    gaps_of = np.random.default_rng(5).integers(1, 30, (4, lines + 1, lines + 1)) / 10
    gaps_of = (gaps_of + gaps_of.transpose(0, 2, 1)) / 2
    for one, least in zip(gaps_of, _shortest(gaps_of), strict=True):
        orders = ([0, *order, 0] for order in permutations(range(1, lines + 1)))
        assert least == pytest.approx(min(one[ring[:-1], ring[1:]].sum() for ring in orders))


def at_gates(rng: np.random.Generator, courts: int) -> AtGates:
    gates = rng.integers(1, 4, courts)
    court = np.repeat(np.arange(courts), gates)
    gate = np.repeat(np.arange(len(court)), rng.integers(1, 5, len(court)))
    low = rng.uniform(-4, 3, len(gate))
    start = rng.integers(20_000, 20_040, len(gate))
    half = rng.uniform(1, 4, len(court))[gate]
    end = start + rng.integers(-1, 30, len(gate))
    return AtGates(court[gate], gate, gate, half, low, low + rng.uniform(0.5, 6, len(gate)), start, end)


def shut(met: AtGates, rows: np.ndarray, day: int, clear: float) -> bool:
    """One gate on one day, strip by strip."""
    there = rows[(met.start[rows] <= day) & (day <= met.end[rows])]
    if not len(there):
        return False
    edge, widest = -met.half[there[0]], -np.inf
    for row in there[np.argsort(met.low[there])]:
        widest = max(widest, min(met.low[row], met.half[row]) - edge)
        edge = max(edge, met.high[row])
    return bool(max(widest, met.half[there[0]] - edge) < clear)


def test_days_on_which_no_gate_is_passable_are_those_of_a_day_by_day_count() -> None:
    met = at_gates(np.random.default_rng(6), 120)
    found = shut_days(met, 1.5)
    seen = dict(zip(found.court.tolist(), zip(found.days, found.first, found.last, strict=True), strict=True))
    assert 5 < len(seen) < 115
    for court in range(120):
        gates = [np.flatnonzero(met.gate == gate) for gate in np.unique(met.gate[met.court == court])]
        days = [day for day in range(20_000, 20_080) if all(shut(met, rows, day, 1.5) for rows in gates)]
        assert (court in seen) == bool(days)
        if days:
            assert tuple(seen[court]) == (len(days), days[0], days[-1])


def test_what_runs_under_a_road_is_what_lies_in_its_area() -> None:
    rng = np.random.default_rng(7)
    roads, lines = walks(rng, 60, 300.0), walks(rng, 400, 300.0)
    roads[:20] = shapely.linestrings(shapely.get_coordinates(roads[:20]).reshape(20, 4, 2)[:, :2])
    roads[20:25] = shapely.buffer(roads[20:25], 2.0)
    width = rng.uniform(1, 8, 60)
    kinds = np.array(["street", "lane"], dtype=object)[rng.integers(0, 2, 60)]
    ground = table(pd.DataFrame({"kind": kinds, "width_m": width, "geometry": roads}), "ground")
    areas = roads.copy()
    paths = shapely.get_type_id(roads) == 1
    areas[paths] = shapely.buffer(roads[paths], width[paths] / 2, cap_style="flat")
    inside = shapely.length(shapely.intersection(lines[:, None], areas[None])) > 0.1
    np.testing.assert_array_equal(_under_roads(lines, ground), inside.any(axis=1))
    assert 20 < inside.any(axis=1).sum() < 380


def test_columns_for_later_follow_the_rows_that_are_kept() -> None:
    columns = {"thing_a": lambda at: np.array([f"t{row}" for row in at], dtype=object)}
    rows = draft(FindingKind.COVER, {**columns, "measured": np.arange(5.0)}, 5)
    kept = rows.where(np.array([True, False, True, True, False])).where(np.array([False, True, True]))
    assert kept.of("thing_a").tolist() == ["t2", "t3"]
    both = joined([kept, Rows({"kind": np.array(["x"], dtype=object)}, 1)])
    assert both.columns["thing_a"].tolist() == ["t2", "t3", None]


def test_chains_of_single_and_several_parts_have_the_same_vertices() -> None:
    ring = shapely.box(0, 0, 4, 4)
    several = shapely.MultiPolygon([shapely.box(9, 9, 10, 10), ring.difference(shapely.box(1, 1, 2, 2))])
    shapes = np.array([shapely.Point(1, 2), ring, several, shapely.LineString([(0, 0), (1, 1)])])
    alone, together = chains(shapes[[0, 1, 3]]), chains(shapes).take(np.array([0, 1, 3]))
    np.testing.assert_array_equal(alone.xy, together.xy)
    np.testing.assert_array_equal(alone.part, together.part)
    assert alone.areal.tolist() == together.areal.tolist() == [False, True, False]
    assert np.diff(chains(shapes).shape).tolist() == [1, 1, 3, 1]
