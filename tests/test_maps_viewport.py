"""What is in view: nothing outside, nothing filtered out, nothing too small, and every row accounted for."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.errors import BadInput
from geo.layers import BUILDINGS, COMMUNITIES, LINES, check
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from geo.selection import Selection, pick_digs, pick_lines
from geo.vocabulary import Stage
from maps import viewport
from maps.atlas import Atlas
from maps.view import build_view
from maps.viewport import in_view

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
BOUNDARIES = read_boundaries(DATA / "boundaries", DISTRICT)
JINXING, SHENGLI = DISTRICT.town_codes()
SIDE = 90
"""Communities of the synthetic city stand in a square of so many."""


def atlas_of(frames):
    return Atlas(
        frames, district=DISTRICT, catalogue=CATALOGUE, as_of=date(2026, 7, 15), revision=3, sample=True
    )


def framed(layer, rows, shapes):
    rows = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=DISTRICT.crs)
    return check(rows, layer, crs=DISTRICT.crs)


def ask(atlas, bbox, scale, *layers, selection=None, lang="zh"):
    return orjson.loads(in_view(atlas, bbox, scale, layers, selection, lang=lang))


@pytest.fixture(scope="module")
def city():
    """8,100 communities of 40 m, 50 m apart, each with a building; every hundredth is late."""
    count = SIDE * SIDE
    corner = np.stack(np.divmod(np.arange(count), SIDE), axis=1) * 50.0 + BOUNDARIES.total_bounds[:2]
    late = pd.Series(pd.NaT, index=range(count)).astype("datetime64[s]")
    late[::100] = pd.Timestamp("2026-07-01")
    ids = [f"c{n}" for n in range(count)]
    return atlas_of(
        {
            "communities": framed(
                COMMUNITIES,
                {
                    "id": ids,
                    "name": ids,
                    "town": np.where(np.arange(count) % 2, JINXING, SHENGLI),
                    "stage": np.where(np.arange(count) % 3, "survey", "renovation"),
                    "stage_due": late,
                },
                shapely.box(*corner.T, *(corner + 40).T),
            ),
            "buildings": framed(
                BUILDINGS,
                {"id": [f"b{n}" for n in range(count)], "community": ids, "number": "1"},
                shapely.box(*corner.T, *(corner + 12).T),
            ),
        }
    )


@pytest.fixture(scope="module")
def sample():
    return atlas_of(build_sample(DISTRICT, CATALOGUE, BOUNDARIES))


@pytest.fixture(scope="module")
def whole(city):
    return build_view(city).extent


def corner_of(box, share):
    west, south, east, north = box
    return west, south, west + (east - west) * share, south + (north - south) * share


def test_only_what_meets_the_box_is_handed_out(city, whole):
    box = corner_of(whole, 0.2)
    told = ask(city, box, 1.0, "communities")
    rows = city.on_screen("communities")
    expected = rows[shapely.intersects(np.asarray(rows.geometry.array), shapely.box(*box))]["id"]
    assert set(told["layers"]["communities"]["id"]) == set(expected)
    assert told["thinned"] == {}
    assert told["revision"] == 3


def test_whole_rows_carry_the_columns_of_the_contract(city, whole):
    told = ask(city, corner_of(whole, 0.2), 1.0, "communities", "buildings")["layers"]
    assert {"name", "town", "stage", "late_days"} <= set(told["communities"]["columns"])
    assert {"number", "community", "community_name", "stage"} <= set(told["buildings"]["columns"])


def test_too_many_become_one_point_per_cell_and_none_is_lost(city, whole):
    told = ask(city, whole, 8.0, "communities", "buildings")
    assert told["thinned"] == {"communities": True, "buildings": True}
    for name in ("communities", "buildings"):
        layer = told["layers"][name]
        assert layer["shape"] == "spot"
        assert sum(layer["columns"]["count"]) == SIDE * SIDE
        assert layer["count"] == len(layer["id"]) < SIDE * SIDE


def test_one_point_per_cell_of_ten_pixels(city, whole):
    layer = ask(city, whole, 20.0, "communities")["layers"]["communities"]
    across = SIDE * 50.0 / (viewport.CELL_PX * 20.0)
    assert across**2 * 0.8 < layer["count"] <= (across + 2) ** 2


def test_late_ones_stand_for_their_cell(city, whole):
    layer = ask(city, whole, 20.0, "communities")["layers"]["communities"]
    late = np.array(layer["columns"]["late_days"]) > 0
    assert late.sum() == len(late_cells(city))


def late_cells(city):
    """Ids of late communities of which no two lie in one cell of 200 m."""
    late = city.standing.loc[city.standing["late_days"] > 0, "id"].tolist()
    where = viewport.placed(city, "communities").middle_m[city.community_places(pd.Series(late))]
    return np.unique(np.floor(where / 200).astype(int), axis=0)


def test_few_but_tiny_ones_are_thinned_too(city, whole):
    told = ask(city, corner_of(whole, 0.3), 30.0, "communities")
    assert told["thinned"] == {"communities": True}


def test_filter_of_the_state_holds(city, whole):
    survey = Selection(town=JINXING, stages=frozenset({Stage.SURVEY}))
    wanted = city.standing[(city.standing["town"] == JINXING) & (city.standing["stage"] == "survey")]
    told = ask(city, whole, 8.0, "communities", "buildings", selection=survey)["layers"]
    for name in ("communities", "buildings"):
        columns = told[name]["columns"]
        counts = columns.get("count", [1] * told[name]["count"])
        assert sum(counts) == len(wanted)
        assert set(columns["stage"]) == {"survey"}
    late = ask(city, whole, 1.0, "communities", selection=Selection(late=True))["layers"]["communities"]
    assert set(late["id"]) == set(city.standing.loc[city.standing["late_days"] > 0, "id"])


def test_filter_is_remembered_within_bounds(city, whole):
    for number in range(viewport._MOST_KEPT * 2):
        ask(city, whole, 1.0, "communities", selection=Selection(text=f"c{number}"))
    assert len(city.keep("filters", dict)) <= viewport._MOST_KEPT + 1


@pytest.mark.parametrize(
    "selection", [Selection(utility="JS"), Selection(existing=False), Selection(month="2026-08")]
)
def test_lines_and_digs_pass_as_in_the_table(sample, selection):
    told = ask(sample, build_view(sample).extent, 0.1, "lines", "digs", selection=selection)["layers"]
    assert set(told["lines"]["id"]) == set(pick_lines(sample.lines, sample.digs, selection)["id"])
    assert told["digs"]["count"] == len(pick_digs(sample.digs, selection))


def test_lines_far_away_are_trunks_only(sample):
    box = build_view(sample).extent
    near = ask(sample, box, 0.1, "lines", "nodes")["layers"]
    far = ask(sample, box, 5.0, "lines", "nodes")["layers"]
    assert near["lines"]["count"] == len(sample.lines)
    assert near["nodes"]["count"] == len(sample.nodes)
    trunks = set(sample.lines.loc[sample.lines["trunk"].fillna(False).astype(bool), "id"])
    assert far["nodes"]["count"] == 0
    assert far["lines"]["id"] and set(far["lines"]["id"]) <= trunks


def test_shapes_are_simplified_for_the_scale():
    bends = np.stack([np.linspace(0, 1000, 2001), np.sin(np.linspace(0, 60, 2001)) * 0.2], axis=1)
    atlas = atlas_of(
        {
            "lines": framed(
                LINES,
                {"id": ["l"], "utility": ["JS"], "state": ["in_service"], "trunk": [True]},
                [shapely.LineString(bends + BOUNDARIES.total_bounds[:2])],
            )
        }
    )
    west, south, east, north = atlas.on_screen("lines").total_bounds
    around = (west - 0.001, south - 0.001, east + 0.001, north + 0.001)
    pairs = [len(ask(atlas, around, scale, "lines")["layers"]["lines"]["xy"]) // 2 for scale in (0.1, 1)]
    assert pairs[0] > 20
    assert pairs[1] == 2


def test_nothing_in_view_is_an_answer(city, sample):
    told = ask(
        city, (0.0, 0.0, 0.1, 0.1), 5.0, "communities", "buildings", "lines", "nodes", "digs", "ground"
    )
    assert {layer["count"] for layer in told["layers"].values()} == {0}
    assert told["thinned"] == {}
    assert (
        ask(atlas_of({}), (100.0, 30.0, 110.0, 40.0), 5.0, "communities")["layers"]["communities"]["count"]
        == 0
    )


def test_communities_without_outline_are_nowhere():
    atlas = atlas_of(
        {
            "communities": framed(
                COMMUNITIES, {"id": ["c"], "name": ["c"], "town": JINXING, "stage": "survey"}, [None]
            )
        }
    )
    assert ask(atlas, (0.0, 0.0, 180.0, 90.0), 5.0, "communities")["layers"]["communities"]["id"] == []


def test_nodes_of_an_owner(sample):
    owner = sample.nodes["owner"].dropna().iloc[0]
    box = build_view(sample).extent
    told = ask(sample, box, 0.1, "nodes", selection=Selection(owner=owner))["layers"]["nodes"]
    assert told["count"] == int((sample.nodes["owner"] == owner).sum())


@pytest.mark.parametrize(
    ("bbox", "scale", "layers", "code"),
    [
        ((106.0, 38.0, 106.1, 38.1), 1.0, ("owners",), "unknown_map_layer"),
        ((106.1, 38.0, 106.0, 38.1), 1.0, ("lines",), "bad_box"),
        ((106.0, 38.0, float("nan"), 38.1), 1.0, ("lines",), "bad_box"),
        ((106.0, 38.0, 106.1, 38.1), 0.0, ("lines",), "bad_scale"),
        ((106.0, 38.0, 106.1, 38.1), float("inf"), ("lines",), "bad_scale"),
    ],
)
def test_nonsense_is_refused(sample, bbox, scale, layers, code):
    with pytest.raises(BadInput) as caught:
        in_view(sample, bbox, scale, layers)
    assert caught.value.code == code


def test_absurdly_fine_scale_does_not_blow_up(city, whole):
    told = ask(city, whole, 1e-9, "communities")
    assert sum(told["layers"]["communities"]["columns"].get("count", [])) == SIDE * SIDE


def test_language_of_the_page(city, whole):
    told = ask(city, corner_of(whole, 0.1), 1.0, "communities", lang="en")["layers"]["communities"]
    assert set(told["columns"]["town_name"]) == {"Jinxing", "Shengli"}
