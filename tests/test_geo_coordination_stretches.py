"""Stretches, distances and crossings are exact, with and without machine code."""

import numpy as np
import pytest
import shapely

from geo.coordination import machine
from geo.coordination.stretches import stretches, touches

HERE = np.array([605_000.0, 4_207_000.0])


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    machine.compile_all()


def walks(rng: np.random.Generator, count: int) -> np.ndarray:
    steps = rng.normal(0, 4, (count, 4, 2)).cumsum(axis=1)
    return shapely.linestrings(rng.uniform(0, 15, (count, 1, 2)) + steps + HERE)


@pytest.mark.parametrize("areal", [False, True])
def test_length_least_distance_and_worst_place(areal: bool) -> None:
    rng = np.random.default_rng(1)
    a, b, radius = walks(rng, 200), walks(rng, 200), rng.uniform(0.3, 5, 200)
    if areal:
        b = shapely.buffer(b, 2.0, quad_segs=3)
    rows = np.arange(200)
    found, gap = stretches(a, b, rows, rows, radius), shapely.distance(a, b)
    near = gap < radius - 1e-9
    assert 60 < near.sum() < 200
    assert np.isinf(found.least[~near]).all()
    np.testing.assert_allclose(found.least[near], gap[near], atol=1e-9)
    exact = shapely.length(shapely.intersection(a, shapely.buffer(b, radius, quad_segs=4000)))
    np.testing.assert_allclose(found.length, exact, atol=2e-6)
    geometry = found.geometry()
    np.testing.assert_allclose(shapely.length(geometry[near]), found.length[near], atol=1e-6)
    worst = shapely.points(found.worst[near])
    np.testing.assert_allclose(shapely.distance(worst, b[near]), gap[near], atol=1e-8)
    assert (shapely.distance(worst, geometry[near]) < 1e-8).all()


def test_a_larger_radius_gives_a_longer_stretch_and_reversal_the_same() -> None:
    rng = np.random.default_rng(2)
    a, b, rows = walks(rng, 100), walks(rng, 100), np.arange(100)
    lengths = [stretches(a, b, rows, rows, np.full(100, radius)).length for radius in (0.5, 1.0, 2.0)]
    assert (lengths[0] <= lengths[1] + 1e-9).all()
    assert (lengths[1] <= lengths[2] + 1e-9).all()
    back = stretches(shapely.reverse(a), shapely.reverse(b), rows, rows, np.full(100, 1.0))
    np.testing.assert_allclose(back.length, lengths[1], atol=1e-8)


def test_discs_are_left_out() -> None:
    a, b = shapely.linestrings([[[0, 0], [40, 0]], [[0, 1], [40, 1]]])
    discs = (np.array([0, 0]), np.array([[10.0, 0.0, 2.0], [20.0, 0.0, 3.0]]))
    found = stretches(np.array([a]), np.array([b]), np.array([0]), np.array([0]), np.array([1.5]), discs)
    assert found.length[0] == pytest.approx(40 - 4 - 6)
    assert shapely.get_num_geometries(found.geometry()[0]) == 3


def test_crossings_are_where_shapely_has_them() -> None:
    rng = np.random.default_rng(3)
    a, b, rows = walks(rng, 300), walks(rng, 300), np.arange(300)
    found, cut = touches(a, b, rows, rows), shapely.intersection(a, b)
    counts = np.where(shapely.is_empty(cut), 0, shapely.get_num_geometries(cut))
    assert np.bincount(found.pair, minlength=300).tolist() == counts.tolist()
    for lines, along in ((a, found.along_a), (b, found.along_b)):
        there = shapely.line_interpolate_point(lines[found.pair], along, normalized=True)
        assert (shapely.distance(there, shapely.points(found.xy)) < 1e-8).all()


def test_ends_meet_parallel_runs_do_not() -> None:
    a = shapely.LineString([(0, 0), (10, 0)])
    others = {
        (10, 0, 20, 0): 1,
        (10, 0, 10, 5): 1,
        (3, 0, 3, 5): 1,
        (0, 0.5, 10, 0.5): 0,
        (2, 0, 8, 0): 0,
        (10.0005, 0, 12, 3): 1,
    }
    for ends, count in others.items():
        b = shapely.LineString([ends[:2], ends[2:]])
        assert len(touches(np.array([a]), np.array([b]), np.array([0]), np.array([0])).pair) == count, ends


def test_the_same_source_without_machine_code_says_the_same() -> None:
    rng = np.random.default_rng(4)
    a, b, rows, radius = walks(rng, 20), walks(rng, 20), np.arange(20), np.full(20, 1.5)
    fast, fast_touches = stretches(a, b, rows, rows, radius), touches(a, b, rows, rows)
    before, machine.code = machine.code, machine._plain
    try:
        slow, slow_touches = stretches(a, b, rows, rows, radius), touches(a, b, rows, rows)
    finally:
        machine.code = before
    np.testing.assert_allclose(slow.length, fast.length, atol=1e-9)
    np.testing.assert_allclose(slow.xy, fast.xy, atol=1e-9)
    np.testing.assert_allclose(slow_touches.xy, fast_touches.xy, atol=1e-9)
