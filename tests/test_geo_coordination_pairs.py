"""Near pairs are the pairs that geopandas finds, whatever the data look like."""

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from geo.coordination import machine
from geo.coordination.chains import chains
from geo.coordination.pairs import Traits, near_pairs, near_pairs_compiled, near_pairs_shapely
from geo.errors import WrongGeometry

HERE = np.array([605_000.0, 4_207_000.0])
DISTANCES = (0.05, 0.5, 1.0, 5.0, 50.0)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    machine.compile_all()


def walks(rng: np.random.Generator, count: int, extent: float, step: float, vertices: int = 4) -> np.ndarray:
    start = rng.uniform(0, extent, (count, 1, 2)) + HERE
    return shapely.linestrings(start + rng.normal(0, step, (count, vertices, 2)).cumsum(axis=1))


def by_geopandas(a: np.ndarray, b: np.ndarray, distance: float) -> set[tuple[int, int]]:
    left, right = gpd.GeoDataFrame(geometry=a), gpd.GeoDataFrame(geometry=b)
    joined = left.sjoin(right, predicate="dwithin", distance=distance)
    return set(zip(joined.index.tolist(), joined["index_right"].tolist(), strict=True))


def as_set(pairs: tuple[np.ndarray, np.ndarray]) -> set[tuple[int, int]]:
    found = list(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))
    assert len(found) == len(set(found)), "each pair once"
    assert found == sorted(found), "in order"
    return set(found)


def half(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(i, j) for i, j in pairs if i < j}


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(
    ("count", "extent", "step"), [(600, 300, 6), (300, 40, 3), (400, 5000, 40), (300, 1000, 0.02)]
)
def test_random_lines_within_and_across(count: int, extent: float, step: float, distance: float) -> None:
    rng = np.random.default_rng(count)
    a, b = walks(rng, count, extent, step), walks(rng, count // 2, extent, step)
    assert as_set(near_pairs_compiled(a, None, distance)) == half(by_geopandas(a, a, distance))
    assert as_set(near_pairs_compiled(a, b, distance)) == by_geopandas(a, b, distance)
    assert as_set(near_pairs_shapely(a, b, distance)) == by_geopandas(a, b, distance)


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.0, 89.999])
@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_exact_offsets_where_rounding_decides(angle: float, distance: float) -> None:
    rows = [shapely.LineString([(0, y), (20, y)]) for y in np.arange(0, 30, 0.5)]
    turned = np.array([affinity.translate(affinity.rotate(r, angle, origin=(0, 0)), *HERE) for r in rows])
    assert as_set(near_pairs_compiled(turned, None, distance)) == half(by_geopandas(turned, turned, distance))


COORDINATE = st.one_of(st.integers(-4, 4).map(float), st.floats(-4, 4, allow_nan=False, width=32))
VERTICES = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(VERTICES, min_size=2, max_size=12),
    distance=st.sampled_from([0.05, 0.5, 1.0, 2.0, 5.0]),
    angle=st.sampled_from([0.0, 30.0, 45.0, 71.3]),
    shift=st.sampled_from([0.0, 4_207_000.0, 35_600_000.0]),
)
def test_degenerate_lines(
    lines: list[list[tuple[float, float]]], distance: float, angle: float, shift: float
) -> None:
    """No length, repeated vertices, collinear overlap, touching ends, whole-number offsets, far away."""
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    shapes = np.array([shapely.LineString(np.array(line) @ matrix + shift) for line in lines])
    assert as_set(near_pairs_compiled(shapes, None, distance)) == half(by_geopandas(shapes, shapes, distance))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), distance=st.sampled_from([0.0, 0.3, 1.0, 10.0]))
def test_areas_points_and_multilines(seed: int, distance: float) -> None:
    rng = np.random.default_rng(seed)
    lines = walks(rng, 12, 30, 4)
    areas = shapely.buffer(walks(rng, 6, 30, 4), rng.uniform(0.5, 8, 6))
    holed = shapely.difference(
        shapely.buffer(shapely.points(HERE + 15), 12), shapely.buffer(shapely.points(HERE + 15), 9)
    )
    multi = shapely.multilinestrings(list(walks(rng, 3, 30, 2)))
    dots = shapely.points(rng.uniform(0, 30, (6, 2)) + HERE)
    mixed = np.array([*areas, holed, multi, *dots, None, shapely.LineString()], dtype=object)
    assert as_set(near_pairs_compiled(lines, mixed, distance)) == by_geopandas(lines, mixed, distance)
    assert as_set(near_pairs_compiled(mixed, lines, distance)) == by_geopandas(mixed, lines, distance)
    assert as_set(near_pairs_compiled(mixed, None, distance)) == half(by_geopandas(mixed, mixed, distance))


def test_a_polyline_of_a_hundred_thousand_vertices_and_an_outlier() -> None:
    rng = np.random.default_rng(3)
    long = shapely.LineString(np.cumsum(rng.normal(0, 1.0, (100_000, 2)), axis=0) + HERE)
    far = shapely.LineString([(0, 0), (3, 4)])
    shapes = np.array([long, far, *walks(rng, 300, 400, 5)])
    assert as_set(near_pairs_compiled(shapes, None, 1.0)) == half(by_geopandas(shapes, shapes, 1.0))


def test_attributes_go_before_distance() -> None:
    rng = np.random.default_rng(5)
    shapes = walks(rng, 400, 120, 5)
    owner, start = rng.integers(-1, 4, 400), rng.integers(0, 60, 400)
    traits = Traits(owner=owner, start=start, end=start + 10)
    wanted = {
        (i, j)
        for i, j in half(by_geopandas(shapes, shapes, 2.0))
        if (owner[i] != owner[j] or owner[i] < 0) and abs(start[i] - start[j]) <= 10
    }
    for call in (near_pairs_compiled, near_pairs_shapely):
        assert as_set(call(shapes, None, 2.0, traits_a=traits)) == wanted
    assert 0 < len(wanted) < len(half(by_geopandas(shapes, shapes, 2.0)))


def test_a_table_of_distances_and_margins() -> None:
    rng = np.random.default_rng(6)
    a, b = walks(rng, 200, 80, 4), walks(rng, 150, 80, 4)
    table = np.array([[0.5, -1.0, 3.0], [1.0, 0.0, -1.0]])
    of_a = Traits(group=rng.integers(0, 2, 200), margin=rng.uniform(0, 0.5, 200))
    of_b = Traits(group=rng.integers(0, 3, 150), margin=rng.uniform(0, 0.5, 150))
    limit = table[of_a.group][:, of_b.group]
    reach = np.where(limit < 0, -1.0, limit + of_a.margin[:, None] + of_b.margin[None])
    gap = shapely.distance(a[:, None], b[None])
    wanted = set(map(tuple, np.argwhere(gap <= reach).tolist()))
    for call in (near_pairs_compiled, near_pairs_shapely):
        assert as_set(call(a, b, table, traits_a=of_a, traits_b=of_b)) == wanted


def test_order_of_rows_and_direction_change_nothing() -> None:
    rng = np.random.default_rng(8)
    shapes = walks(rng, 300, 100, 5)
    plain = as_set(near_pairs_compiled(shapes, None, 1.0))
    assert as_set(near_pairs_compiled(shapely.reverse(shapes), None, 1.0)) == plain
    order = rng.permutation(300)
    mixed = near_pairs_compiled(shapes[order], None, 1.0)
    assert {tuple(sorted((int(order[i]), int(order[j])))) for i, j in zip(*mixed, strict=True)} == plain


def test_arrow_geometry_is_taken_as_it_is() -> None:
    rng = np.random.default_rng(9)
    shapes = walks(rng, 300, 100, 5)
    xy = shapely.get_coordinates(shapes)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(shapes))]).astype(np.int32)
    arrow = pa.ListArray.from_arrays(
        pa.array(offsets), pa.FixedSizeListArray.from_arrays(pa.array(xy.ravel()), 2)
    )
    plain = as_set(near_pairs_compiled(shapes, None, 1.0))
    for form in (arrow, pa.chunked_array([arrow]), pa.array(shapely.to_wkb(shapes)), gpd.GeoSeries(shapes)):
        assert as_set(near_pairs_compiled(form, None, 1.0)) == plain
        assert as_set(near_pairs_shapely(form, None, 1.0)) == plain
    assert as_set(near_pairs_compiled(arrow.slice(100, 50), None, 1.0)) == {
        (i - 100, j - 100) for i, j in plain if 100 <= i < j < 150
    }


def test_empty_sides_give_no_pairs() -> None:
    some = walks(np.random.default_rng(1), 3, 5, 1)
    for a, b in (([], None), (some, []), ([], some), ([None], some)):
        for call in (near_pairs, near_pairs_shapely):
            assert (
                as_set(call(np.array(a, dtype=object), None if b is None else np.array(b, dtype=object), 1.0))
                == set()
            )


def test_collections_are_refused() -> None:
    with pytest.raises(WrongGeometry):
        chains([shapely.GeometryCollection([shapely.Point(0, 0)])])


def test_machine_code_is_found_on_disk_again() -> None:
    """What set-up has compiled, another process loads: no request waits for a compiler."""
    import subprocess
    import sys
    from pathlib import Path

    code = "from geo.coordination import machine; raise SystemExit(0 if machine.ready() else 3)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=False)
    assert done.returncode == 0
