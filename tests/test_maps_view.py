"""The atlas and its views: what is derived, what belongs to a town, and figures that equal the standing."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.errors import BadInput, NotFound, UnknownTown
from geo.layers import BUILDINGS, COMMUNITIES, DIGS, LAYERS, LINES, NODES, WORKS, conform
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from geo.vocabulary import Stage
from maps.atlas import MAP_LAYERS, Atlas
from maps.view import THEMES, build_view

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
BOUNDARIES = read_boundaries(DATA / "boundaries", DISTRICT)
JINXING, SHENGLI = DISTRICT.town_codes()
AS_OF = date(2026, 7, 15)


def atlas_of(frames):
    return Atlas(frames, district=DISTRICT, catalogue=CATALOGUE, as_of=AS_OF, revision=3, sample=True)


def frame(layer, rows, shapes=None):
    table = pd.DataFrame(rows)
    if shapes is not None:
        table = gpd.GeoDataFrame(table, geometry=shapes, crs=DISTRICT.crs)
    return conform(table, layer, DISTRICT.crs)


@pytest.fixture(scope="module")
def sample():
    return atlas_of(build_sample(DISTRICT, CATALOGUE, BOUNDARIES))


@pytest.fixture(scope="module")
def middle():
    """A point in the middle of each town's outline."""
    towns = BOUNDARIES.set_index("code").geometry.representative_point()
    return {code: towns[code] for code in (JINXING, SHENGLI)}


@pytest.fixture(scope="module")
def small(middle):
    """Two communities: one drawn, one only in the ledger; a building, lines, nodes and a dig."""
    home, away = middle[JINXING], middle[SHENGLI]
    site = home.buffer(50, cap_style="square")
    across = shapely.LineString([(away.x - 20, away.y), (away.x + 20, away.y)])
    nowhere = shapely.affinity.translate(across, 0, 9000)
    return atlas_of(
        {
            "boundaries": BOUNDARIES,
            "communities": frame(
                COMMUNITIES,
                {
                    "id": ["c1", "c2"],
                    "name": ["甲", "乙"],
                    "town": [JINXING, SHENGLI],
                    "stage": ["renovation", "survey"],
                    "stage_due": [None, pd.Timestamp("2026-07-01")],
                    "households": [10, 20],
                },
                [site, None],
            ),
            "buildings": frame(
                BUILDINGS,
                {
                    "id": ["b1", "b2"],
                    "community": ["c1", None],
                    "town": [None, SHENGLI],
                    "number": ["1", "2"],
                },
                [home.buffer(5), away.buffer(5)],
            ),
            "lines": frame(
                LINES,
                {
                    "id": ["l1", "l2", "l3"],
                    "community": ["c1", None, None],
                    "dig": ["d1", None, None],
                    "utility": ["JS", "PS", "RQ"],
                    "kind": ["JP", "WS", None],
                    "state": ["planned", "in_service", "abandoned"],
                },
                [across, across, nowhere],
            ),
            "nodes": frame(NODES, {"id": ["n1"], "utility": ["PS"], "kind": ["WS"]}, [away]),
            "digs": frame(
                DIGS,
                {
                    "id": ["d1"],
                    "state": ["draft"],
                    "utility": ["JS"],
                    "width_m": [2.0],
                    "window_start": [pd.Timestamp("2026-07-20")],
                    "window_end": [pd.Timestamp("2026-08-08")],
                },
                [shapely.box(away.x, away.y, away.x + 40, away.y + 2)],
            ),
            "works": frame(
                WORKS,
                {
                    "id": ["w1"],
                    "community": ["c1"],
                    "code": ["roof"],
                    "cost_fen": [100],
                    "progress_percent": [40],
                },
            ),
        }
    )


def test_town_of_a_line_is_its_communitys_else_the_outline_it_lies_in(small):
    assert small.lines["town"].fillna("none").tolist() == [JINXING, SHENGLI, "none"]
    assert small.nodes["town"].tolist() == [SHENGLI]
    assert small.digs["town"].tolist() == [SHENGLI]


def test_buildings_take_town_and_stage_of_their_community(small):
    assert small.buildings["town"].tolist() == [JINXING, SHENGLI]
    assert small.buildings["stage"].fillna("none").tolist() == ["renovation", "none"]


def test_planned_line_has_the_window_of_its_dig(small):
    planned = small.lines.iloc[0]
    assert (planned["window_start"], planned["window_end"]) == (
        pd.Timestamp("2026-07-20"),
        pd.Timestamp("2026-08-08"),
    )
    assert small.lines["window_start"].isna().tolist() == [False, True, True]


def test_lines_have_style_code_and_length(small):
    assert small.lines["style"].tolist() == ["JS", "PS", "FQ"]
    assert small.lines["shown_code"].tolist() == ["JS", "WS", "RQ"]
    assert small.lines["length_m"].round(6).tolist() == [40.0, 40.0, 40.0]


def test_trench_band_is_as_long_as_it_is_dug(small):
    assert small.digs["length_m"].tolist() == pytest.approx([40.0])


def test_everything_is_worked_out_once(small):
    assert small.lines is small.lines
    assert small.on_screen("communities") is small.on_screen("communities")
    assert build_view(small).rows is build_view(small, theme="lines").rows


def test_frames_of_the_store_are_left_alone(small):
    before = {name: list(rows.columns) for name, rows in small.frames.items()}
    build_view(small, embed_limit=None).frames["lines"].assign(x=1)
    assert {name: list(rows.columns) for name, rows in small.frames.items()} == before


def test_community_without_outline_and_buildings_waits(small):
    view = build_view(small)
    assert view.not_on_map["name"].tolist() == ["乙"]
    assert view.summary["totals"]["communities"] == 2
    assert build_view(small, town=JINXING).not_on_map.empty


def test_town_is_found_by_name_and_code(small):
    by_name = [build_view(small, town=name, lang="en") for name in ("金星镇", "Jinxing", JINXING)]
    assert {view.town for view in by_name} == {JINXING}
    assert {view.place for view in by_name} == {"Jinxing"}


def test_unknown_town_theme_and_language_are_refused(small):
    with pytest.raises(UnknownTown) as caught:
        build_view(small, town="金兴镇")
    assert "金星镇" in caught.value.facts["known"]
    with pytest.raises(BadInput, match="unknown_theme"):
        build_view(small, theme="heat")
    with pytest.raises(NotFound, match="no_such_language"):
        build_view(small, lang="tlh")


def test_town_view_holds_its_own_rows_and_every_boundary(sample):
    view = build_view(sample, town=SHENGLI, embed_limit=None)
    for name in ("communities", "buildings", "lines", "nodes", "digs"):
        towns = set(view.frames[name]["town"])
        assert towns == {SHENGLI}, name
    assert view.counts["boundaries"] == len(BOUNDARIES)
    assert 0 < view.counts["ground"] < build_view(sample).counts["ground"]


def test_towns_share_out_the_district(sample):
    whole = build_view(sample).counts
    halves = [build_view(sample, town=town).counts for town in (JINXING, SHENGLI)]
    for name in ("communities", "buildings", "digs"):
        assert sum(half[name] for half in halves) == whole[name]


def test_frames_are_in_longitude_and_latitude(sample):
    view = build_view(sample)
    assert set(view.frames) == set(MAP_LAYERS)
    for rows in view.frames.values():
        assert rows.crs.to_epsg() == 4326
    west, south, east, north = view.extent
    assert shapely.box(west, south, east, north).contains(
        shapely.box(*view.frames["communities"].total_bounds)
    )


def test_town_extent_holds_the_outline(sample):
    view = build_view(sample, town=JINXING)
    outline = sample.on_screen("boundaries").set_index("code").geometry[JINXING]
    assert shapely.box(*view.extent).contains(outline)
    assert not shapely.box(*view.extent).contains(shapely.box(*build_view(sample).extent))


def test_a_schematic_outline_that_lies_elsewhere_does_not_widen_the_extent(middle):
    site = shapely.affinity.translate(middle[JINXING].buffer(50), 0, -6000)
    rows = {"id": ["far"], "name": ["远"], "town": [JINXING], "stage": [Stage.SURVEY]}
    frames = {
        layer.name: frame(layer, {"id": []}, [] if layer.geometry else None) for layer in LAYERS.values()
    }
    atlas = atlas_of({**frames, "boundaries": BOUNDARIES, "communities": frame(COMMUNITIES, rows, [site])})
    west, south, east, north = build_view(atlas, town=JINXING).extent
    assert north - south < 0.002 and east - west < 0.002


def test_large_layers_stay_remote(sample):
    view = build_view(sample, embed_limit=100)
    assert set(view.remote) == {"ground", "lines", "nodes"}
    assert set(view.frames) == set(MAP_LAYERS) - set(view.remote)
    assert build_view(sample, embed_limit=None).remote == ()


@pytest.mark.parametrize("town", [None, JINXING, SHENGLI])
def test_legend_equals_the_standing(sample, town):
    summary = build_view(sample, town=town).summary
    standing = sample.standing if town is None else sample.standing[sample.standing["town"] == town]
    for stage in Stage:
        own = standing[standing["stage"] == str(stage)]
        assert summary["stages"][str(stage)] == {
            "communities": len(own),
            "households": int(own["households"].sum()),
        }
    late = standing[standing["late_days"] > 0]
    assert summary["late"] == {"communities": len(late), "households": int(late["households"].sum())}
    assert summary["totals"]["investment_yuan"] == standing["investment_fen"].sum() / 100
    lines = sample.lines if town is None else sample.lines[sample.lines["town"] == town]
    assert sum(sum(counts.values()) for counts in summary["lines"].values()) == len(lines)


def test_summary_equals_the_plan(sample):
    totals = build_view(sample).summary["totals"]
    plan = DISTRICT.plan
    assert (totals["communities"], totals["buildings"], totals["households"]) == (
        plan.communities,
        plan.buildings,
        plan.households,
    )
    assert totals["area_m2"] == plan.floor_area_dm2 / 100
    assert totals["investment_yuan"] == plan.investment_fen / 100
    towns = build_view(sample, town=JINXING).summary["towns"]
    assert sum(town["buildings"] for town in towns.values()) == plan.buildings


def test_works_counts_equal_the_rows(sample):
    counts = build_view(sample).summary["works"]
    cells = sample.works.groupby(["code", "community"])["progress_percent"].min()
    assert list(counts) == [kind.code for kind in CATALOGUE]
    for code, told in counts.items():
        own = cells[code] if code in cells.index.get_level_values(0) else pd.Series([], dtype="Int64")
        assert told == {"in_scope": len(own), "done": int((own == 100).sum())}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("town", [None, JINXING])
def test_empty_store_has_a_view(theme, town):
    view = build_view(atlas_of({}), theme=theme, town=town)
    west, south, east, north = view.extent
    assert west < east and south < north
    assert view.summary["totals"]["communities"] == 0
    assert view.summary["totals"]["progress"] is None


def test_without_communities_the_boundaries_are_shown():
    view = build_view(atlas_of({"boundaries": BOUNDARIES}))
    west, south, east, north = BOUNDARIES.to_crs(4326).total_bounds
    assert np.allclose(view.extent, (west, south, east, north), atol=0.01)
    assert view.extent[2] - view.extent[0] < 0.1
