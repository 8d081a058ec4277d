"""An atlas that takes over from the revision before shows what a fresh one shows, whatever was edited."""

from collections.abc import Callable, Mapping
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from maps.atlas import MAP_LAYERS, Atlas
from maps.payload import payload
from maps.view import build_view
from maps.viewport import in_view
from tests.test_maps_payload import DATA

DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
Frames = Mapping[str, pd.DataFrame]

TOLD = {
    "boundaries": ("schematic", False),
    "owners": ("short_name", "别名"),
    "communities": ("town", DISTRICT.town_codes()[1]),
    "buildings": ("number", "99号楼"),
    "ground": ("name", "别路"),
    "nodes": ("number", "JS-999"),
    "lines": ("material", "别材"),
    "digs": ("window_end", pd.Timestamp("2026-12-31")),
    "works": ("progress_percent", 99),
}
"""A column of each layer that the map tells of, and another value for it."""


def told_otherwise(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    column, value = TOLD[name]
    return frame.assign(**{column: frame[column].where(frame.index != frame.index[0], value)})


def without_first(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.iloc[1:].reset_index(drop=True)


def moved(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if not isinstance(frame, gpd.GeoDataFrame):
        return told_otherwise(frame, name)
    shapes = frame.geometry.copy()
    shapes.iloc[:1] = shapes.iloc[:1].translate(30, -20)
    out: pd.DataFrame = frame.set_geometry(shapes)
    return out


@pytest.fixture(scope="module")
def frames() -> Frames:
    boundaries = read_boundaries(DATA / "boundaries", DISTRICT)
    return build_sample(DISTRICT, CATALOGUE, boundaries)


def atlas_of(frames: Frames) -> Atlas:
    return Atlas(
        frames, district=DISTRICT, catalogue=CATALOGUE, as_of=date(2026, 7, 15), revision=3, sample=True
    )


def shown(atlas: Atlas) -> list[bytes]:
    """Everything of the map: each town in both languages, and what is asked for by view."""
    towns = (None, *DISTRICT.town_codes())
    views = [
        payload(build_view(atlas, town=town, lang=lang, theme="lines"))
        for town in towns
        for lang in ("zh", "en")
    ]
    west, south, east, north = build_view(atlas).extent
    return [*views, in_view(atlas, (west, south, east, north), 0.5, MAP_LAYERS)]


@pytest.mark.parametrize("edit", [told_otherwise, without_first, moved])
@pytest.mark.parametrize("layer", TOLD)
def test_taking_over_shows_the_same_as_starting_anew(
    layer: str, edit: Callable[[pd.DataFrame, str], pd.DataFrame], frames: Frames
) -> None:
    old = atlas_of(frames)
    before = shown(old)
    edited = {**frames, layer: edit(frames[layer], layer)}
    taking, fresh = atlas_of(edited), atlas_of(edited)
    taking.take_over(old)
    assert shown(taking) == shown(fresh)
    assert shown(fresh) != before, "the edit shows"
    again = atlas_of(frames)
    again.take_over(taking)
    assert shown(again) == before


def test_an_edit_of_works_leaves_the_lines_as_they_were_made(frames: Frames) -> None:
    old = atlas_of(frames)
    shown(old)
    new = atlas_of({**frames, "works": told_otherwise(frames["works"], "works")})
    new.take_over(old)
    assert new.on_screen("lines") is old.on_screen("lines")
    assert new.communities is not old.communities
