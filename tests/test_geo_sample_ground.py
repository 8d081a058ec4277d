"""The sample's ground holds together: courtyards, buildings, lines, nodes and digs, over many seeds."""

import itertools
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.kinds import kinds
from geo.programme.catalogue import read_catalogue
from geo.sample.digs import PlantedCase
from geo.sample.district import build_sample, planted_cases, sample_consents
from geo.sample.trenches import CaseKind
from geo.vocabulary import Stage

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
BOUNDARIES = read_boundaries(DATA / "boundaries", DISTRICT)
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
SEEDS = (None, 11, 12)
DEPTHS = ["depth_start_m", "depth_end_m"]


@lru_cache(maxsize=8)
def sample(seed: int | None) -> dict[str, pd.DataFrame]:
    return build_sample(DISTRICT, CATALOGUE, BOUNDARIES, seed=seed)


@lru_cache(maxsize=8)
def planted(seed: int | None) -> tuple[PlantedCase, ...]:
    return planted_cases(DISTRICT, CATALOGUE, BOUNDARIES, seed=seed)


@lru_cache(maxsize=8)
def agreed(seed: int | None) -> pd.DataFrame:
    return sample_consents(DISTRICT, CATALOGUE, BOUNDARIES, seed=seed)


@pytest.fixture(params=SEEDS)
def seed(request) -> int | None:
    return request.param


@pytest.fixture
def layers(seed) -> dict[str, pd.DataFrame]:
    return sample(seed)


def shapes(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(frame["geometry"].array)


def by_id(frame: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    return shapes(frame.set_index("id").loc[ids])


def touching(frame: pd.DataFrame, predicate: str = "intersects") -> np.ndarray:
    left, right = shapely.STRtree(shapes(frame)).query(shapes(frame), predicate=predicate)
    return np.column_stack([left, right])[left < right]


def existing(layers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return layers["lines"][layers["lines"]["state"] != "planned"]


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_any_seed_makes_a_sound_district(seed):
    layers = build_sample(DISTRICT, CATALOGUE, BOUNDARIES, seed=seed)
    buildings, plan = layers["buildings"], DISTRICT.plan
    assert buildings["floor_area_dm2"].sum() == plan.floor_area_dm2
    assert layers["works"]["cost_fen"].sum() == plan.investment_fen
    assert len(touching(buildings)) == 0
    assert len(touching(layers["communities"])) == 0
    homes = by_id(layers["communities"], buildings["community"])
    assert shapely.contains_properly(homes, shapes(buildings)).all()
    assert len(existing(layers)) >= 500 and len(layers["lines"]) <= 1650
    assert len(layers["digs"]) >= 60


def test_storeys_times_footprint_is_the_floor_area(layers):
    buildings = layers["buildings"]
    built = shapely.area(shapes(buildings)) * buildings["storeys"].to_numpy(float)
    assert np.abs(built - buildings["floor_area_dm2"].to_numpy(float) / 100).max() < 0.001


def test_buildings_are_slabs_of_the_time(layers):
    buildings = layers["buildings"]
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes(buildings))).reshape(-1, 5, 2)
    sides = np.sort(np.hypot(*np.diff(corners, axis=1)[:, :2].transpose(2, 0, 1)), axis=1)
    assert ((sides[:, 0] > 10.99) & (sides[:, 0] < 13.01)).all()
    assert ((sides[:, 1] > 39.99) & (sides[:, 1] < 80.01)).all()
    assert buildings["storeys"].between(4, 7).all()
    assert buildings["units"].between(2, 4).all()
    assert buildings["year_built"].between(1985, 2003).all()
    assert set(buildings["structure"]) == {"砖混", "框架"}
    per_home = buildings["floor_area_dm2"] / buildings["households"] / 100
    assert per_home.between(80, 90).all()


def test_buildings_face_south_in_rows_18_m_apart(layers):
    for _, own in layers["buildings"].groupby("community"):
        box = shapely.bounds(shapes(own))
        assert ((box[:, 2] - box[:, 0]) > 2.5 * (box[:, 3] - box[:, 1])).all()
        gaps = shapely.distance(shapes(own)[:, None], shapes(own)[None, :])
        overlap = np.minimum(box[:, None, 2], box[None, :, 2]) - np.maximum(box[:, None, 0], box[None, :, 0])
        facing = (overlap > 15) & ~np.eye(len(own), dtype=bool)
        assert not facing.any() or gaps[facing].min() >= 18
        assert own["number"].tolist() == [f"{n}号楼" for n in range(1, len(own) + 1)]
        assert 2 <= len(own) <= 6


def test_courtyards_lie_in_their_town_and_buildings_in_their_courtyard(layers):
    communities, buildings = layers["communities"], layers["buildings"]
    assert len(touching(buildings)) == 0
    assert len(touching(communities)) == 0
    towns = BOUNDARIES.set_index("code").geometry
    assert shapely.contains_properly(towns.loc[communities["town"]].to_numpy(), shapes(communities)).all()
    assert shapely.contains_properly(by_id(communities, buildings["community"]), shapes(buildings)).all()
    assert (
        buildings["town"].to_numpy() == communities.set_index("id").loc[buildings["community"], "town"]
    ).all()
    corners = shapely.get_num_coordinates(shapes(communities)) - 1
    assert set(corners.tolist()) == {4, 6}


def test_the_ground_shows_the_way(layers):
    ground, communities = layers["ground"], layers["communities"]
    streets = ground[ground["kind"] == "street"]
    assert len(streets) >= 8
    assert streets["width_m"].between(8, 13).all()
    assert streets["name"].str.match(r"示例路 \d+$").all()
    assert streets["schematic"].all()
    assert (shapely.get_type_id(shapes(streets)) == 1).all()
    roads = shapely.union_all(shapely.buffer(shapes(streets), streets["width_m"].to_numpy() / 2))
    assert not shapely.intersects(roads, shapes(communities)).any()
    water = shapes(ground[ground["kind"] == "water"])
    assert len(water) == 1
    assert not shapely.intersects(water[0], shapes(communities)).any()
    parks = shapes(ground[(ground["kind"] == "green") & ground["community"].isna()])
    assert len(parks) >= 2
    assert not shapely.intersects(shapely.union_all(parks), roads).any()
    whole = BOUNDARIES.geometry.iloc[0].buffer(0.01)
    assert shapely.contains(whole, shapes(ground)).all()


@pytest.mark.parametrize("kind", ["gate", "lane", "wall", "green", "parking", "tree", "place"])
def test_each_courtyard_has_its_ground(layers, kind):
    ground, communities = layers["ground"], layers["communities"]
    own = ground[(ground["kind"] == kind) & ground["community"].notna()]
    assert set(own["community"]) == set(communities["id"])
    inside = own[~own["name"].isin(["入院路"])]
    homes = shapely.buffer(by_id(communities, inside["community"]), 0.01)
    assert shapely.covers(homes, shapes(inside)).all()
    if kind in ("green", "parking", "place"):
        left, _ = shapely.STRtree(shapes(layers["buildings"])).query(shapes(inside), predicate="intersects")
        assert len(left) == 0


def test_there_are_many_lines_of_every_group(layers):
    lines = existing(layers)
    assert len(lines) >= 500
    assert len(layers["lines"]) <= 1650
    assert set(lines["utility"]) == {"JS", "PS", "RQ", "RL", "DL", "TX"}
    assert set(lines["state"]) == {"in_service", "to_abandon", "abandoned"}
    assert {"W1", "S", "G0", "H", "E1", "E2", "T2"} <= set(lines["line_class"])
    assert lines["trunk"].sum() > 50
    known = kinds()
    assert [str(known[kind].utility) for kind in lines["kind"]] == lines["utility"].tolist()
    assert set(lines["kind"]) == {"JP", "WS", "YS", "TR", "RS", "GD", "LD", "XX"}


def test_a_line_is_a_survey_segment_between_two_nodes(layers):
    lines, nodes = existing(layers), layers["nodes"]
    assert nodes["number"].is_unique
    assert all(re.fullmatch(r"(JS|WS|YS|RQ|RL|DL|LD|TX)\d+", number) for number in nodes["number"])
    at = nodes.set_index("number")
    for end, place in (("start_number", 0), ("end_number", -1)):
        spots = shapes(at.loc[lines[end]])
        assert shapely.distance(spots, shapely.get_point(shapes(lines), place)).max() < 1e-6
        assert (at.loc[lines[end], "utility"].to_numpy() == lines["utility"].to_numpy()).all()
    lengths = shapely.length(shapes(lines))
    assert lengths.max() <= 75
    assert lengths.min() >= 0.05
    assert set(nodes["number"]) == set(lines["start_number"]) | set(lines["end_number"])
    assert (nodes["feature"].isna() != nodes["appurtenance"].isna()).all()
    assert len(shapely.STRtree(shapes(nodes)).query(shapes(nodes), "dwithin", distance=0.05)[0]) == len(nodes)


def test_depths_are_positive_and_a_few_are_unknown(layers):
    lines = existing(layers)
    unknown = lines["depth_start_m"].isna()
    assert (unknown == lines["depth_end_m"].isna()).all()
    assert 0.05 <= unknown.mean() <= 0.10
    assert (lines.loc[~unknown, DEPTHS] > 0.3).all(axis=None)
    assert (lines.loc[~unknown, DEPTHS] < 6).all(axis=None)
    for column in ("size_text", "material", "year_laid", "outer_width_mm"):
        assert 0 < lines[column].isna().mean() < 0.25
    means = lines.groupby("kind")["depth_start_m"].mean()
    assert means["LD"] < means["GD"] < means["TR"] < means["JP"] < means["WS"]
    assert (lines["depth_reference"] == "invert").equals(lines["utility"] == "PS")


def test_one_point_has_one_depth(layers):
    lines = existing(layers)
    ends = pd.concat(
        [
            lines[["start_number", "depth_start_m"]].set_axis(["number", "depth"], axis=1),
            lines[["end_number", "depth_end_m"]].set_axis(["number", "depth"], axis=1),
        ]
    ).dropna()
    assert (ends.groupby("number")["depth"].nunique() == 1).all()


def test_ground_is_depth_plus_elevation(layers):
    lines, ground = (
        existing(layers).dropna(subset=DEPTHS),
        layers["nodes"].set_index("number")["ground_elevation_m"],
    )
    for end in ("start", "end"):
        surface = ground.loc[lines[f"{end}_number"]].to_numpy()
        assert np.abs(lines[f"depth_{end}_m"] + lines[f"elevation_{end}_m"] - surface).max() < 0.002


def test_drains_fall_the_way_they_flow(layers):
    drains = layers["lines"][layers["lines"]["utility"] == "PS"].dropna(subset=DEPTHS)
    assert (drains["depth_end_m"] > drains["depth_start_m"]).all()
    fall = drains["elevation_start_m"] - drains["elevation_end_m"]
    assert (fall.dropna() > 0).all()
    assert (drains["flow"] == 0).all()


def test_house_connections_join_a_main_to_a_building(layers):
    lines = layers["lines"]
    house = lines[lines["house_connection"].fillna(False).astype(bool)]
    assert len(house) > 200
    assert house["serves_building"].notna().all()
    assert house["connects_to"].notna().all()
    walls = shapely.distance(by_id(layers["buildings"], house["serves_building"]), shapes(house))
    mains = shapely.distance(by_id(lines, house["connects_to"]), shapes(house))
    assert walls.max() < 1e-6
    assert mains.max() < 1e-6
    main_kinds = lines.set_index("id").loc[house["connects_to"], "kind"].to_numpy()
    assert (main_kinds == house["kind"].to_numpy()).all()


def test_no_main_runs_under_a_building(layers):
    lines = layers["lines"]
    mains = lines[~lines["house_connection"].fillna(False).astype(bool)]
    inner = shapely.buffer(shapes(layers["buildings"]), -0.05)
    assert len(shapely.STRtree(inner).query(shapes(mains), predicate="intersects")[0]) == 0


def test_every_dig_has_its_owner_window_and_lines(layers):
    digs, lines = layers["digs"], layers["lines"]
    season = DISTRICT.stages[Stage.RENOVATION]
    assert len(digs) >= 60
    assert digs["number"].tolist() == [f"K-{n:03d}" for n in range(1, len(digs) + 1)]
    assert digs["owner"].nunique() >= 8
    assert set(digs["state"]) == {"draft", "submitted", "approved"}
    assert digs["window_start"].is_monotonic_increasing
    assert (digs["window_start"] >= pd.Timestamp(season.start)).all()
    assert (digs["window_end"] <= pd.Timestamp(season.end) - pd.Timedelta(days=30)).all()
    assert (digs["window_end"] > digs["window_start"]).all()
    assert digs["width_m"].between(0.6, 1.6).all()
    assert digs["depth_m"].between(0.5, 3.5).all()
    planned = lines[lines["state"] == "planned"]
    assert set(planned["dig"]) == set(digs["id"])
    assert lines.loc[lines["state"] != "planned", "dig"].isna().all()
    trench = by_id(digs, planned["dig"])
    assert shapely.covered_by(shapes(planned), shapely.buffer(trench, 0.01)).all()
    assert planned[[*DEPTHS, "size_text", "outer_width_mm"]].notna().all(axis=None)
    deep = digs.set_index("id").loc[planned["dig"], "depth_m"].to_numpy()
    assert (planned[DEPTHS].max(axis=1).to_numpy() < deep).all()


def test_finished_communities_have_no_digs(layers):
    stage = layers["communities"].set_index("id")["stage"]
    assert not stage.loc[layers["digs"]["community"]].isin(["acceptance", "long_term"]).any()


def test_what_is_replaced_is_on_its_way_out(layers):
    lines = layers["lines"].set_index("id")
    replaced = pd.concat([lines["replaces"].dropna(), layers["digs"]["replaces"].dropna()])
    assert len(replaced) > 20
    assert (lines.loc[replaced, "state"] == "to_abandon").all()


def test_planted_cases_are_what_they_say(seed, layers):
    cases = planted(seed)
    assert {case.kind for case in cases} == set(CaseKind)
    digs, lines = layers["digs"].set_index("id"), layers["lines"].set_index("id")
    for case in cases:
        assert (digs.loc[list(case.digs), "community"] == case.community).all()
        own = digs.loc[list(case.digs)]
        trench = lines.loc[list(case.lines)]
        planned, beside = trench[trench["state"] == "planned"], trench[trench["state"] != "planned"]
        if case.kind in (CaseKind.SHARE_PAIR, CaseKind.SHARE_TRIPLE):
            assert len(own) == (2 if case.kind is CaseKind.SHARE_PAIR else 3)
            assert own["owner"].nunique() == len(own)
            together = shapes(own)
            for first, second in itertools.pairwise(together):
                assert shapely.length(first.intersection(second.buffer(1.5))) > 15
            starts = own["window_start"].sort_values()
            assert (starts.diff().dropna() <= pd.Timedelta(days=31)).all()
        elif case.kind is CaseKind.HEATING_SEASON:
            assert own["utility"].tolist() == ["RL"]
            assert own["window_end"].iloc[0] > pd.Timestamp(DISTRICT.year, 10, 20)
        elif case.kind is CaseKind.UNKNOWN_DEPTH:
            assert len(beside)
            assert beside[DEPTHS].isna().all(axis=None)
            assert beside["utility"].unique().tolist() == ["DL"]
            assert shapely.intersects(shapes(own)[0], shapes(beside)).any()
        elif case.kind is CaseKind.FRESH_PAVING:
            works = layers["works"]
            paving = works[(works["community"] == case.community) & (works["code"] == "paving")]
            assert (own["window_start"].iloc[0] > paving["planned_end"]).all()
            assert len(paving) == 1
        elif case.kind is CaseKind.WATER_TOO_DEEP:
            assert beside["utility"].unique().tolist() == ["PS"]
            assert (planned["depth_start_m"] == 2.0).all()
        elif case.kind is CaseKind.TOO_SHALLOW:
            assert (planned[DEPTHS] < 0.5).all(axis=None)
        elif case.kind is CaseKind.NO_CONSENT:
            assert beside["utility"].unique().tolist() == ["RQ"]
            assert not own["owner"].isin(beside["owner"]).any()
            granted = agreed(seed)
            assert not granted[granted["line"].isin(beside.index)]["dig"].isin(case.digs).any()
        else:
            assert beside[[*DEPTHS, "outer_width_mm"]].notna().all(axis=None)
            gap = shapely.distance(shapes(planned)[0], shapes(beside)).min()
            clear = gap - (planned["outer_width_mm"].iloc[0] + beside["outer_width_mm"].iloc[0]) / 2000
            assert clear < (1.0 if case.kind is CaseKind.WATER_BY_FOUL else 0.5)


def test_the_water_runs_0_70_m_beside_the_foul_drain(seed, layers):
    lines = layers["lines"].set_index("id")
    for case in planted(seed):
        if case.kind is CaseKind.WATER_BY_FOUL:
            own = lines.loc[list(case.lines)]
            drains = (own["kind"] == "WS") & ~own["house_connection"].fillna(False).astype(bool)
            water, foul = own[own["kind"] == "JP"].iloc[0], own[drains]
            half = (water["outer_width_mm"] + foul["outer_width_mm"].iloc[0]) / 2000
            drain = shapely.union_all(shapes(foul))
            near = water["geometry"].intersection(drain.buffer(half + 0.9))
            assert near.length > 20
            middle = shapely.line_interpolate_point(water["geometry"], 0.4, normalized=True)
            assert drain.distance(middle) - half == pytest.approx(0.70, abs=0.01)
