"""The contract at the door: every fault at once, each with its row and column."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from geo import layers
from geo.errors import ContractError, MissingCRS, NotFound, WrongCRS

CRS = "EPSG:4544"


def communities(**columns: object) -> gpd.GeoDataFrame:
    data = {
        "id": ["a", "b"],
        "name": ["甲", "乙"],
        "town": ["t", "t"],
        "stage": ["survey", "survey"],
        **columns,
    }
    return gpd.GeoDataFrame(data, geometry=[box(0, 0, 1, 1), None], crs=CRS)


def faults(frame: pd.DataFrame, layer: layers.Layer) -> set[tuple[str, str, str]]:
    with pytest.raises(ContractError) as caught:
        layers.check(frame, layer, crs=CRS)
    return {(fault.code, fault.row, fault.column) for fault in caught.value.facts["faults"]}


@pytest.mark.parametrize("layer", layers.LAYERS.values(), ids=lambda layer: layer.name)
def test_a_frame_of_no_rows_keeps_every_contract(layer: layers.Layer) -> None:
    nothing = layers.empty(layer, CRS)
    assert len(layers.check(nothing, layer, crs=CRS)) == 0
    assert isinstance(nothing, gpd.GeoDataFrame) == bool(layer.geometry)


def test_check_types_and_orders_columns_and_drops_unknown_ones() -> None:
    out = layers.check(communities(households=["12", None], extra=[1, 2]), layers.COMMUNITIES, crs=CRS)
    assert list(out.columns) == [*layers.COMMUNITIES.names, "geometry"]
    assert out["households"].dtype == "Int64" and out["households"].tolist()[0] == 12
    assert pd.isna(out["households"][1]) and pd.isna(out["year_built"]).all()


def test_every_fault_comes_at_once() -> None:
    frame = communities(stage=["survey", "digging"], year_built=[1850, 1990], households=[-1, 2])
    frame.loc[1, "id"] = "a"
    frame.loc[0, "name"] = ""
    frame.loc[0, "geometry"] = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert faults(frame, layers.COMMUNITIES) == {
        ("duplicate_id", "a", "id"),
        ("missing", "a", "name"),
        ("not_a_choice", "a", "stage"),
        ("too_low", "a", "year_built"),
        ("too_low", "a", "households"),
        ("invalid_geometry", "a", "geometry"),
    }


def test_values_that_are_not_of_the_type_are_named() -> None:
    assert faults(communities(households=["twelve", "3"]), layers.COMMUNITIES) == {
        ("wrong_type", "a", "households")
    }
    assert ("wrong_type", "b", "stage_due") in faults(
        communities(stage_due=["2026-07-01", "soon"]), layers.COMMUNITIES
    )
    assert ("wrong_type", "b", "households") in faults(communities(households=[1, 2.5]), layers.COMMUNITIES)


@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_geometry_of_the_wrong_kind_or_none_is_a_fault() -> None:
    lines = {"id": ["x", "y", "z"], "utility": "JS", "state": "planned"}
    shapes = [Point(0, 0), None, LineString([(0, 0), (np.nan, 1)])]
    found = faults(gpd.GeoDataFrame(lines, geometry=shapes, crs=CRS), layers.LINES)
    assert {("wrong_geometry", "x", "geometry"), ("no_geometry", "y", "geometry")} <= found
    assert ("not_finite", "z", "geometry") in found


def test_a_frame_without_crs_or_in_another_is_refused_whole() -> None:
    with pytest.raises(MissingCRS):
        layers.check(communities().set_crs(None, allow_override=True), layers.COMMUNITIES, crs=CRS)
    with pytest.raises(WrongCRS) as caught:
        layers.check(communities().to_crs(4326), layers.COMMUNITIES, crs=CRS)
    assert caught.value.facts["found"] == "EPSG:4326"


def test_unknown_layers_and_columns_are_not_found() -> None:
    with pytest.raises(NotFound):
        layers.layer_named("roads")
    with pytest.raises(NotFound):
        layers.COMMUNITIES.column("colour")
