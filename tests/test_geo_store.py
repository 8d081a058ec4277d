"""A store of either kind: made whole, opened, read back as it was given."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from pyproj import CRS

from geo.district import District, read_district
from geo.errors import ContractError, NotFound
from geo.layers import AREA, BOOLEAN, DATE, INTEGER, LAYERS, PATH, REAL, SPOT, Column, Layer, conform
from geo.store.opening import create_store, open_store
from geo.store.protocol import Store
from geo.store.record import Change, record

DISTRICT = Path(__file__).parents[1] / "data" / "district.toml"
AT = datetime(2026, 7, 15, 3, 4, 5, 678901, tzinfo=UTC)
HOSTILE = (
    """中文 "双引号" '单引号'; DROP TABLE communities;-- \\ \n\t<img src=x onerror=alert(1)> ${x} 😀 ﷽"""
)
X, Y = 456_000.125, 4_210_000.1

SQUARE = shapely.box(X, Y, X + 60, Y + 12.3)
RING = SQUARE.difference(shapely.box(X + 5, Y + 5, X + 8, Y + 8))
TWO = shapely.MultiPolygon([SQUARE, shapely.box(X + 100, Y, X + 160, Y + 12)])
LINE = shapely.LineString([(X, Y), (X + 0.1, Y + 0.2), (X + 50, Y + 1 / 3)])
TWO_LINES = shapely.MultiLineString([LINE, [(X + 60, Y), (X + 70, Y)]])
SHAPES = {AREA: [RING, TWO, SQUARE], PATH: [LINE, TWO_LINES, LINE], SPOT: [shapely.Point(X, Y)] * 3}


def district() -> District:
    return read_district(DISTRICT)


def new_store(location: str) -> Store:
    return create_store(location, district())


def value(column: Column) -> object:
    """A value that the column may hold, as awkward as it can be."""
    if column.refers_to:
        return "640302106" if column.refers_to == "towns" else f"{column.refers_to}-0 号"
    if column.choices:
        return next(iter(column.choices)).value
    if column.kind == INTEGER:
        return int(column.high) if column.high is not None else 2**52 + 1
    if column.kind == REAL:
        return 0.1 + 0.2
    return {DATE: pd.Timestamp(2024, 2, 29), BOOLEAN: True}.get(column.kind, HOSTILE)


def frame_of(layer: Layer) -> pd.DataFrame:
    """Three rows: full, only what is required, and full once more with false where true could be."""
    rows = [{column.name: value(column) for column in layer.columns} for _ in range(3)]
    for number, row in enumerate(rows):
        row["id"] = f"{layer.name}-{number} 号"
    needed = {column.name for column in layer.columns if column.required}
    rows[1] = {name: kept for name, kept in rows[1].items() if name in needed}
    rows[2] |= {column.name: False for column in layer.columns if column.kind == BOOLEAN}
    frame = pd.DataFrame(rows)
    if not layer.geometry:
        return conform(frame, layer, CRS(4544))
    shapes = list(SHAPES.get(layer.geometry, [RING, TWO_LINES, LINE]))
    if not layer.geometry_required:
        shapes[1] = None
    return conform(gpd.GeoDataFrame(frame, geometry=shapes, crs=4544), layer, CRS(4544))


def full_store(location: str) -> Store:
    store = new_store(location)
    changes = [Change(layer.name, add=frame_of(layer)) for layer in LAYERS.values()]
    record(store, changes, actor="用户", at=AT, origin="测试")
    return store


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_every_layer_comes_back_as_it_was_given(layer: Layer, location: str) -> None:
    with full_store(location) as store:
        read = store.read(layer)
    assert read.pop("row_revision").tolist() == [1, 1, 1]
    if layer.geometry:
        assert_geodataframe_equal(read, frame_of(layer), check_crs=True)
        assert shapely.equals_identical(read.geometry.array, frame_of(layer).geometry.array)[
            read.geometry.notna()
        ].all()
    else:
        assert_frame_equal(read, frame_of(layer))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_an_empty_layer_has_the_types_of_a_full_one(layer: Layer, location: str) -> None:
    with new_store(location) as store:
        empty = store.read(layer.name)
        assert not len(empty)
        record(
            store,
            [Change(one.name, add=frame_of(one)) for one in LAYERS.values()],
            actor="a",
            at=AT,
            origin="t",
        )
        assert empty.dtypes.equals(store.read(layer.name).dtypes)
        if layer.geometry:
            assert empty.crs == CRS(4544)


def test_rows_come_by_id_in_the_order_in_which_they_were_added(location: str) -> None:
    with full_store(location) as store:
        wanted = ["communities-2 号", "no such row", "communities-0 号"]
        assert store.read("communities", wanted)["id"].tolist() == ["communities-0 号", "communities-2 号"]
        assert not len(store.read("communities", []))
        with pytest.raises(NotFound):
            store.read("no_such_layer")


def test_heights_and_one_part_multis_are_brought_to_one_form(location: str) -> None:
    tall = shapely.force_3d(shapely.MultiPolygon([SQUARE]), 7.5)
    frame = frame_of(LAYERS["communities"]).iloc[:1].set_geometry([tall], crs=4544)
    with new_store(location) as store:
        record(store, [Change("communities", add=frame)], actor="a", at=AT, origin="t")
        shape = store.read("communities").geometry.iloc[0]
        assert not shape.has_z and shape.geom_type == "Polygon"
        assert shape.normalize() == SQUARE.normalize()
        assert store.events()["after"].str.contains(shape.wkb_hex.lower()).all()


def test_an_empty_outline_is_none(location: str) -> None:
    frame = frame_of(LAYERS["communities"]).iloc[:1].set_geometry([shapely.Polygon()], crs=4544)
    with new_store(location) as store:
        record(store, [Change("communities", add=frame)], actor="a", at=AT, origin="t")
        assert store.read("communities").geometry.isna().all()


def test_meta_says_what_the_store_is(location: str) -> None:
    with create_store(location, district(), sample=True, as_of=date(2026, 7, 15)) as store:
        expected = {
            "district": "640302",
            "crs": "EPSG:4544",
            "towns": "640302106,640302107",
            "schema_version": "2",
            "sample": "true",
            "as_of": "2026-07-15",
            "revision": "0",
        }
        assert store.meta() == expected
        assert store.crs == CRS(4544)
        assert store.revision() == 0
    with open_store(location) as store:
        assert store.meta() == expected


def test_text_with_nul_is_refused_and_never_found(location: str) -> None:
    frame = frame_of(LAYERS["owners"])
    with full_store(location) as store:
        before = store.meta()
        for column in ("id", "name", "contact"):
            with pytest.raises(ContractError):
                wrong = frame.assign(id=["a", "b", "c"]).assign(**{column: ["x", "y\0", "z"]})
                record(store, [Change("owners", add=wrong)], actor="a", at=AT, origin="t")
        with pytest.raises(ContractError):
            wrong = pd.DataFrame({"id": ["owners-0 号"], "contact": ["\0"]})
            record(store, [Change("owners", update=wrong)], actor="a", at=AT, origin="t")
        assert not len(store.read("owners", ["owners-0 号\0"]))
        assert not len(store.events(ids=["\0"]))
        assert store.meta() == before


def test_the_same_changes_make_the_same_chain_in_both_kinds(places: Callable[[str], str]) -> None:
    chains = []
    for kind in ("gpkg", "postgis"):
        with full_store(places(kind)) as store:
            edit = pd.DataFrame(
                {"id": ["digs-0 号"], "width_m": [0.1 + 0.2], "window_end": [date(2026, 8, 1)]}
            )
            changes = [Change("digs", update=edit), Change("works", remove=["works-1 号"])]
            record(store, changes, actor="张三", at=AT, origin="测试")
            with store.view() as view:
                chains.append(list(view.chain()))
    assert chains[0] == chains[1]
