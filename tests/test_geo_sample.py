"""The sample district adds up to the plan, stands at the plan's stages and is the same every time."""

import csv
import hashlib
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from geo.boundaries import read_boundaries
from geo.district import District, PlanTotals, SampleParameters, Town, read_district
from geo.errors import BadDistrict, NotFound
from geo.layers import LAYERS, check
from geo.programme.catalogue import read_catalogue
from geo.programme.progress import standing, work_progress
from geo.programme.status import by_stage, by_town, totals
from geo.sample.district import build_sample
from geo.vocabulary import Stage, WorkPart

DATA = Path(__file__).parent.parent / "data"
SEEDS = (None, 1, 2, 7)
STAGES = {"survey": 1, "selection": 2, "preparation": 4, "renovation": 13, "acceptance": 3, "long_term": 2}


def committees() -> list[tuple[str, str, str]]:
    path = DATA / "codes" / "committees_640302106_640302107.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return [(row["code"], row["name"], row["streetCode"]) for row in rows]


@cache
def litong() -> District:
    return read_district(DATA / "district.toml")


@cache
def sample(seed: int | None = None) -> dict[str, pd.DataFrame]:
    district = litong()
    boundaries = read_boundaries(DATA / "boundaries", district)
    catalogue = read_catalogue(DATA / "works_catalogue.csv")
    return build_sample(district, catalogue, boundaries, committees=committees(), seed=seed)


def digest(frames: dict[str, pd.DataFrame]) -> str:
    summed = hashlib.sha256()
    for name, frame in frames.items():
        plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
        summed.update(name.encode() + plain.to_csv(index=False).encode())
        if "geometry" in frame:
            summed.update(b"".join(shapely.to_wkb(np.asarray(frame["geometry"].array))))
    return summed.hexdigest()


@pytest.fixture(params=SEEDS)
def layers(request) -> dict[str, pd.DataFrame]:
    return sample(request.param)


def test_every_layer_keeps_its_contract(layers):
    assert list(layers) == list(LAYERS)
    for name, frame in layers.items():
        checked = check(frame, LAYERS[name], crs=litong().crs)
        pd.testing.assert_frame_equal(pd.DataFrame(checked), pd.DataFrame(frame))
        assert len(frame) or name in ("inspections", "files")


def test_the_sums_are_the_plan_s_to_the_last_digit(layers):
    plan, communities, buildings = litong().plan, layers["communities"], layers["buildings"]
    assert (
        len(communities) == communities["building_count"].map(lambda n: n > 0).sum() == plan.communities == 25
    )
    assert len(buildings) == communities["building_count"].sum() == plan.buildings == 82
    assert buildings["floor_area_dm2"].sum() == communities["floor_area_dm2"].sum() == 27_610_000
    assert buildings["households"].sum() == communities["households"].sum() == 3_247
    assert layers["works"]["cost_fen"].sum() == communities["investment_fen"].sum() == 8_294_520_000


def test_a_community_is_the_sum_of_its_buildings_and_works(layers):
    communities = layers["communities"].set_index("id")
    grouped = layers["buildings"].groupby("community")
    for figure in ("households", "floor_area_dm2"):
        assert (grouped[figure].sum().reindex(communities.index) == communities[figure]).all()
    assert (grouped.size().reindex(communities.index) == communities["building_count"]).all()
    cost = layers["works"].groupby("community")["cost_fen"].sum()
    assert (cost.reindex(communities.index) == communities["investment_fen"]).all()


def test_the_figures_split_over_both_towns(layers):
    rows = standing(layers["communities"], layers["buildings"], layers["works"], litong().sample.as_of)
    towns, whole = by_town(rows, litong().town_codes()), totals(rows)
    assert towns["communities"].tolist() == [13, 12]
    assert towns["buildings"].tolist() == [44, 38]
    for figure in ("households", "floor_area_dm2", "investment_fen"):
        assert towns[figure].min() > 0
        assert towns[figure].sum() == whole[figure]


def test_every_stage_shows_and_four_are_late(layers):
    as_of = litong().sample.as_of
    rows = standing(layers["communities"], layers["buildings"], layers["works"], as_of)
    assert by_stage(rows)["communities"].to_dict() == STAGES
    late = rows[rows["late_days"] > 0].sort_values("late_days")
    assert late["late_days"].tolist() == [9, 12, 14, 21]
    assert late["stage"].tolist() == ["renovation", "preparation", "renovation", "renovation"]
    assert late["delay_reason"].notna().all()
    assert rows.loc[rows["late_days"] == 0, "delay_reason"].isna().all()


def test_the_whole_is_a_little_behind_its_plan(layers):
    rows = standing(layers["communities"], layers["buildings"], layers["works"], litong().sample.as_of)
    whole = totals(rows)
    assert 44.0 <= whole["progress"] <= 46.0
    assert 47.3 <= whole["planned"] <= 48.7


def test_progress_goes_with_the_stage(layers):
    rows = standing(layers["communities"], layers["buildings"], layers["works"], litong().sample.as_of)
    early = rows["stage"].isin([Stage.SURVEY, Stage.SELECTION, Stage.PREPARATION])
    done = rows["stage"].isin([Stage.ACCEPTANCE, Stage.LONG_TERM])
    assert (rows.loc[early, "progress"] == 0).all()
    assert (rows.loc[done, "progress"] == 100).all()
    assert rows.loc[~early & ~done, "progress"].between(5, 97).all()


def test_stage_due_is_known_and_past_only_for_the_late(layers):
    communities, today = layers["communities"], pd.Timestamp(litong().sample.as_of)
    assert communities["stage_due"].notna().all()
    past = communities[communities["stage_due"] < today]
    assert past["stage"].tolist() == ["preparation"]


def test_the_dates_of_works_fit_their_progress(layers):
    works, district = layers["works"], litong()
    season, today = district.stages[Stage.RENOVATION], pd.Timestamp(district.sample.as_of)
    assert (works["planned_start"] <= works["planned_end"]).all()
    assert (works["planned_start"] >= pd.Timestamp(season.start)).all()
    assert (works["planned_end"] <= pd.Timestamp(season.end)).all()
    begun, finished = works["progress_percent"] > 0, works["progress_percent"] == 100
    assert (works["actual_start"].notna() == begun).all()
    assert (works["actual_end"].notna() == finished).all()
    assert (works["actual_start"].dropna() <= today).all()
    assert (works["actual_end"].dropna() <= today).all()
    assert (works["actual_end"] >= works["actual_start"])[finished].all()
    assert (works.loc[works["planned_start"] > today, "progress_percent"] == 0).all()


def test_works_cover_the_whole_catalogue(layers):
    catalogue = read_catalogue(DATA / "works_catalogue.csv")
    works = layers["works"]
    assert set(works["code"]) == {kind.code for kind in catalogue}
    assert not works.duplicated(["community", "code"]).any()
    assert works.groupby("community").size().between(14, 20).all()
    services = works["code"].isin([kind.code for kind in catalogue if kind.part is WorkPart.SERVICE])
    assert services.mean() < 0.12
    units = {kind.code: kind.unit for kind in catalogue}
    assert (works["unit"] == works["code"].map(units)).all()
    assert (works["quantity"] > 0).all()
    assert (works["cost_fen"] > 0).all()


def test_the_planned_curve_rises_to_the_end(layers):
    season, groups = litong().stages[Stage.RENOVATION], pd.Index(layers["communities"]["id"])
    works, weight = layers["works"], layers["communities"]["investment_fen"].to_numpy(float)
    days = [season.start, date(2026, 6, 15), litong().sample.as_of, date(2026, 9, 15), season.end]
    curve = [
        np.average(work_progress(works, day, groups, "community")["planned"], weights=weight) for day in days
    ]
    assert curve == sorted(curve)
    assert curve[0] < 2
    assert curve[-1] == 100


def test_names_and_committees(layers):
    communities = layers["communities"]
    named = dict(litong().sample.named_communities)
    for town, name in named.items():
        assert communities.loc[communities["name"] == name, "town"].tolist() == [town]
    others = communities[~communities["name"].isin(named.values())]
    assert others["name"].tolist() == [f"示例小区 {n:02d}" for n in range(1, 24)]
    assert communities["sample"].all()
    town_of = {name: town for _, name, town in committees()}
    assert (communities["committee"].map(town_of) == communities["town"]).all()


def test_owners_are_organisations_without_people(layers):
    owners = layers["owners"]
    assert {"供水公司", "排水管理所", "燃气公司", "热力公司", "供电公司", "路灯管理所"} <= set(owners["name"])
    assert {"中国电信", "中国移动", "中国联通"} <= set(owners["name"])
    assert owners["contact"].isna().all()
    assert owners["id"].str.startswith("own-").all()


def test_references_lead_somewhere(layers):
    ids = {name: set(frame["id"]) for name, frame in layers.items()}
    ids["towns"] = set(litong().town_codes())
    for name, frame in layers.items():
        for column in LAYERS[name].columns:
            if column.refers_to:
                assert set(frame[column.name].dropna()) <= ids[column.refers_to], (name, column.name)


def test_the_same_seed_gives_the_same_bytes():
    again = sample.__wrapped__(None)
    assert digest(again) == digest(sample())
    assert digest(sample(1)) != digest(sample(2))


def test_another_process_gives_the_same_bytes():
    code = "import sys; sys.path.insert(0, 'tests'); from test_geo_sample import *; print(digest(sample()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=DATA.parent,
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": str(DATA.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest(sample())


def test_it_is_made_quickly():
    sample()
    begun = time.perf_counter()
    sample.__wrapped__(5)
    assert time.perf_counter() - begun < 5.0


def elsewhere(**changes) -> tuple[District, gpd.GeoDataFrame]:
    """A made-up district in another CRS: two towns, 9 communities, 31 buildings."""
    west = shapely.Polygon([(0, 0), (520, -20), (530, 400), (500, 830), (10, 800), (-15, 420)])
    east = shapely.Polygon([(520, -20), (980, 0), (1010, 390), (970, 790), (500, 830), (530, 400)])
    crs = CRS.from_epsg(32650)
    outlines = shapely.transform(np.array([west | east, west, east]), lambda xy: xy * 1.05 + [4.2e5, 3.1e6])
    towns = (Town("990001001", {"zh": "甲镇"}), Town("990001002", {"zh": "乙镇"}))
    plan = PlanTotals(9, 31, 1177, 9_876_543, 271_828_183, {})
    district = replace(
        litong(),
        code="990001",
        crs=crs,
        towns=towns,
        plan=plan,
        sample=SampleParameters(date(2026, 8, 1), 5, (("990001002", "乙镇一号院"),)),
    )
    boundaries = gpd.GeoDataFrame(
        {
            "id": ["a", "b", "c"],
            "level": ["district", "town", "town"],
            "code": ["990001", towns[0].code, towns[1].code],
            "name": ["某区", "甲镇", "乙镇"],
        },
        geometry=gpd.GeoSeries(outlines, crs=crs),
    )
    return replace(district, **changes), boundaries


@pytest.mark.parametrize("seed", [None, 3, 4])
def test_another_district_with_another_plan(seed):
    district, boundaries = elsewhere()
    layers = build_sample(district, read_catalogue(DATA / "works_catalogue.csv"), boundaries, seed=seed)
    assert layers["communities"].crs == district.crs
    rows = standing(layers["communities"], layers["buildings"], layers["works"], district.sample.as_of)
    whole = totals(rows)
    assert whole[["communities", "buildings", "households"]].tolist() == [9, 31, 1177]
    assert whole["floor_area_dm2"] == 9_876_543
    assert whole["investment_fen"] == 271_828_183
    assert (by_stage(rows)["communities"] >= 1).all()
    assert by_town(rows, district.town_codes())["communities"].tolist() == [5, 4]
    assert "乙镇一号院" in set(layers["communities"]["name"])
    assert layers["communities"]["committee"].isna().all()
    outlines = boundaries.set_index("code").geometry
    town = outlines.loc[layers["communities"]["town"]].to_numpy()
    assert shapely.contains(town, layers["communities"].geometry.to_numpy()).all()


def test_a_plan_that_cannot_be_built_is_refused():
    catalogue = read_catalogue(DATA / "works_catalogue.csv")
    plan = elsewhere()[0].plan
    for changes in ({"buildings": 200}, {"floor_area_dm2": 1}, {"floor_area_dm2": 10**9}):
        district, boundaries = elsewhere(plan=replace(plan, **changes))
        with pytest.raises(BadDistrict):
            build_sample(district, catalogue, boundaries)


def test_an_outline_without_room_or_missing_is_refused():
    catalogue = read_catalogue(DATA / "works_catalogue.csv")
    district, boundaries = elsewhere()
    with pytest.raises(NotFound) as caught:
        build_sample(district, catalogue, boundaries.iloc[:2])
    assert caught.value.code == "no_outline"
    small = boundaries.assign(geometry=boundaries.geometry.scale(0.3, 0.3, origin=(4.2e5, 3.1e6)))
    with pytest.raises(NotFound) as caught:
        build_sample(district, catalogue, small)
    assert caught.value.code == "no_room"
