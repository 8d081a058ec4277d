"""Coordinates into the district's CRS, out of it, and what is said when they cannot be."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import (
    frame_from_gcj02,
    gcj02_to_wgs84,
    guess_crs,
    named_crs,
    swap_axes,
    to_district,
    to_screen,
    wgs84_to_gcj02,
)
from geo.district import read_district
from geo.errors import MissingCRS, WrongCRS

DISTRICT = read_district(Path(__file__).parents[1] / "data" / "district.toml")
HOUSE = shapely.box(605000, 4205000, 605050, 4205012)


def houses(crs: str | None = "EPSG:4544") -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame({"name": ["一号楼"]}, geometry=[HOUSE], crs="EPSG:4544")
    return frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)


def bounds(frame: gpd.GeoDataFrame) -> tuple[float, ...]:
    return tuple(frame.total_bounds)


@pytest.mark.parametrize(
    "crs", ["EPSG:4544", "EPSG:4523", "EPSG:4490", "EPSG:4326", "OGC:CRS84", "EPSG:3857", "EPSG:32648"]
)
def test_every_declared_crs_lands_in_the_district(crs):
    moved = to_district(houses(crs), DISTRICT)
    assert moved.crs == DISTRICT.crs
    np.testing.assert_allclose(bounds(moved), HOUSE.bounds, atol=0.01)


@pytest.mark.parametrize("wrong", ["EPSG:4524", "EPSG:4545", "EPSG:4509"])
def test_a_neighbouring_zone_is_refused_and_the_right_one_guessed(wrong):
    with pytest.raises(WrongCRS) as caught:
        to_district(houses().set_crs(wrong, allow_override=True), DISTRICT)
    assert caught.value.facts["found"] == wrong
    assert caught.value.facts["guess"].startswith("EPSG:4544")


def test_where_wrong_coordinates_landed_is_said():
    with pytest.raises(WrongCRS) as caught:
        to_district(houses().set_crs("EPSG:4545", allow_override=True), DISTRICT)
    assert caught.value.facts["landed"].startswith("109.")


@pytest.mark.parametrize(
    ("given", "guess"),
    [
        ("EPSG:4544", "EPSG:4544"),
        ("EPSG:4523", "EPSG:4523"),
        ("EPSG:4490", "EPSG:4490"),
        ("EPSG:3857", "EPSG:3857"),
    ],
)
def test_a_frame_without_crs_is_refused_with_what_it_looks_like(given, guess):
    with pytest.raises(MissingCRS) as caught:
        to_district(houses(given).set_crs(None, allow_override=True), DISTRICT)
    assert caught.value.facts["guess"].split(", ")[0] == guess
    assert guess_crs(bounds(houses(given)), DISTRICT)[0] == guess


def test_exchanged_axes_are_named_as_such():
    turned = swap_axes(houses())
    with pytest.raises(WrongCRS) as caught:
        to_district(turned, DISTRICT)
    assert caught.value.code == "axes_swapped"
    assert bounds(to_district(swap_axes(turned), DISTRICT)) == HOUSE.bounds


def test_coordinates_that_cannot_be_are_refused():
    nowhere = gpd.GeoDataFrame(geometry=[shapely.box(605000, 4205000, 605050, 4205012)], crs="EPSG:4326")
    with pytest.raises(WrongCRS) as caught:
        to_district(nowhere, DISTRICT)
    assert "EPSG:4544" in caught.value.facts["guess"]


def test_a_frame_without_any_shape_passes():
    empty = gpd.GeoDataFrame({"name": ["a"]}, geometry=[None], crs="EPSG:4490")
    assert to_district(empty, DISTRICT).crs == DISTRICT.crs


def test_screen_is_longitude_first():
    west, south, *_ = bounds(to_screen(houses()))
    assert 106 < west < 106.5
    assert 37.5 < south < 38.4
    with pytest.raises(MissingCRS):
        to_screen(houses(None))


def test_names_people_give():
    assert named_crs("4544", DISTRICT) == DISTRICT.crs
    assert named_crs("epsg:4544", DISTRICT) == DISTRICT.crs
    assert named_crs("CRS84", DISTRICT).is_geographic
    with pytest.raises(WrongCRS) as caught:
        named_crs("西安80", DISTRICT)
    assert caught.value.code == "crs_unknown"


@settings(deadline=None)
@given(lon=st.floats(73.7, 134.9), lat=st.floats(18.2, 53.5))
def test_gcj02_goes_there_and_back(lon, lat):
    shifted = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    back = gcj02_to_wgs84(*shifted)
    assert abs(back[0][0] - lon) < 1e-8
    assert abs(back[1][0] - lat) < 1e-8


def test_gcj02_moves_half_a_kilometre_and_frames_come_back():
    screen = to_screen(houses())
    lon, lat = shapely.get_coordinates(screen.geometry.array).T
    shifted = screen.set_geometry([shapely.Polygon(np.column_stack(wgs84_to_gcj02(lon, lat)))])
    off = shifted.to_crs(DISTRICT.crs).distance(houses()).iloc[0]
    assert 300 < off < 800
    back = to_district(frame_from_gcj02(shifted), DISTRICT)
    np.testing.assert_allclose(bounds(back), HOUSE.bounds, atol=0.01)
