"""Progress, lateness, figures and selections, on small districts that can be reckoned by hand."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geo import layers
from geo.district import District, read_district
from geo.errors import BadDistrict
from geo.programme.progress import outlines, overdue_days, planned_percent, standing
from geo.programme.status import by_stage, by_town, totals
from geo.selection import Selection, pick_communities, pick_digs, pick_lines
from geo.vocabulary import Stage

CRS = "EPSG:4544"
DAY = date(2026, 7, 15)


def frame(name: str, rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    layer = layers.layer_named(name)
    table = pd.DataFrame(rows)
    if layer.geometry and "geometry" in table:
        table = gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)
    return layers.check(table, layer, crs=CRS)


@pytest.fixture()
def communities() -> gpd.GeoDataFrame:
    return frame(
        "communities",
        [
            {"id": "a", "name": "甲", "town": "t1", "stage": "renovation", "geometry": box(0, 0, 100, 100)},
            {"id": "b", "name": "乙", "town": "t2", "stage": "preparation", "stage_due": "2026-07-03",
             "geometry": None, "building_count": 3, "households": 70, "floor_area_dm2": 500000,
             "investment_fen": 900},
            {"id": "c", "name": "丙", "town": "t2", "stage": "long_term", "geometry": None},
        ],
    )  # fmt: skip


@pytest.fixture()
def buildings() -> gpd.GeoDataFrame:
    return frame(
        "buildings",
        [
            {
                "id": "1",
                "community": "a",
                "households": 20,
                "floor_area_dm2": 100,
                "geometry": box(0, 0, 10, 10),
            },
            {
                "id": "2",
                "community": "a",
                "households": 30,
                "floor_area_dm2": 200,
                "geometry": box(20, 0, 30, 10),
            },
            {
                "id": "3",
                "community": "c",
                "households": None,
                "floor_area_dm2": 70,
                "geometry": box(200, 0, 210, 10),
            },
        ],
    )


@pytest.fixture()
def works() -> pd.DataFrame:
    def row(
        name: str, community: str, code: str, cost: int, done: int, start: str, end: str
    ) -> dict[str, object]:
        return {"id": name, "community": community, "code": code, "cost_fen": cost, "progress_percent": done,
                "planned_start": start, "planned_end": end}  # fmt: skip

    return frame(
        "works",
        [
            row("w1", "a", "roof", 300, 100, "2026-05-01", "2026-05-31"),
            row("w2", "a", "water", 100, 20, "2026-06-26", "2026-07-10"),
            row("w3", "a", "gas", 100, 0, "2026-08-01", "2026-08-31"),
        ],
    )


@pytest.fixture()
def stand(communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, works: pd.DataFrame) -> pd.DataFrame:
    return standing(communities, buildings, works, DAY).set_index("id", drop=False)


def test_progress_is_weighted_by_cost(stand: pd.DataFrame) -> None:
    assert stand.loc["a", "progress"] == pytest.approx((300 * 100 + 100 * 20) / 500)
    assert stand.loc["a", "planned"] == pytest.approx((300 * 100 + 100 * 100) / 500)


def test_without_works_the_stage_tells_the_progress(stand: pd.DataFrame) -> None:
    assert stand.loc["b", "progress"] == 0
    assert stand.loc["c", "progress"] == 100


def test_lateness_is_the_worst_of_stage_and_works(stand: pd.DataFrame) -> None:
    assert stand.loc["a", "late_days"] == 5
    assert stand.loc["b", "late_days"] == 12
    assert stand.loc["c", "late_days"] == 0


def test_drawn_buildings_count_before_the_ledger_and_the_ledger_before_nothing(stand: pd.DataFrame) -> None:
    assert stand.loc["a", ["buildings", "households", "floor_area_dm2"]].tolist() == [2, 50, 300]
    assert stand.loc["b", ["buildings", "households", "floor_area_dm2", "investment_fen"]].tolist() == [
        3,
        70,
        500000,
        900,
    ]
    assert stand.loc["c", "buildings"] == 1
    assert pd.isna(stand.loc["c", "households"]), "an unknown figure is unknown, never zero"


def test_a_figure_that_some_buildings_lack_is_taken_from_the_ledger(
    communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, works: pd.DataFrame
) -> None:
    communities.loc[0, "households"] = 64
    buildings.loc[0, "households"] = pd.NA
    assert standing(communities, buildings, works, DAY).loc[0, "households"] == 64


def test_the_last_day_of_a_window_is_not_late_and_the_next_is(works: pd.DataFrame) -> None:
    assert overdue_days(works, date(2026, 7, 10)).tolist() == [0, 0, 0]
    assert overdue_days(works, date(2026, 7, 11)).tolist() == [0, 1, 0]


def test_the_plan_counts_both_ends_of_a_window(works: pd.DataFrame) -> None:
    assert planned_percent(works, date(2026, 5, 1))[0] == pytest.approx(100 / 31)
    assert planned_percent(works, date(2026, 5, 31))[0] == 100
    assert planned_percent(works, date(2026, 4, 30))[0] == 0


def test_towns_and_stages_add_up_to_the_total_and_empty_ones_stay(stand: pd.DataFrame) -> None:
    towns = by_town(stand, ["t1", "t2", "t3"])
    assert towns["communities"].tolist() == [1, 2, 0]
    assert towns.loc["t3", "households"] == 0 and pd.isna(towns.loc["t3", "progress"])
    stages = by_stage(stand)
    assert stages.index.tolist() == [str(stage) for stage in Stage]
    whole = totals(stand)
    for figure in (
        "communities",
        "buildings",
        "households",
        "floor_area_dm2",
        "investment_fen",
        "late",
        "late_households",
    ):
        assert towns[figure].sum() == stages[figure].sum() == whole[figure]


def test_totals_of_nothing_are_zeros() -> None:
    nothing = standing(frame_of("communities"), frame_of("buildings"), frame_of("works"), DAY)
    assert totals(nothing)["communities"] == 0
    assert by_stage(nothing)["buildings"].tolist() == [0] * 6


def frame_of(name: str) -> pd.DataFrame:
    return layers.empty(layers.layer_named(name), CRS)


def test_a_community_without_outline_gets_the_hull_of_its_buildings(
    communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> None:
    shown = outlines(communities, buildings)
    assert shown["provisional"].tolist() == [False, False, True]
    assert shown.geometry[1] is None
    assert shown.geometry[2].contains(buildings.geometry[2])
    assert shown.geometry[0].equals(communities.geometry[0])


def test_selections_narrow_and_widen(stand: pd.DataFrame, works: pd.DataFrame) -> None:
    def ids(**wanted: object) -> list[str]:
        return pick_communities(stand, works, Selection(**wanted))["id"].tolist()  # type: ignore[arg-type]

    assert ids() == ["a", "b", "c"]
    assert ids(town="t2") == ["b", "c"]
    assert ids(stages=frozenset({Stage.LONG_TERM, Stage.RENOVATION})) == ["a", "c"]
    assert ids(late=True) == ["a", "b"]
    assert ids(work="gas") == ["a"]
    assert ids(text="乙") == ["b"]
    assert ids(text=".*") == []
    assert Selection(town="t2", late=True).widened() == Selection(town="t2")


def test_lines_of_a_month_are_those_whose_dig_is_open_in_it() -> None:
    digs = frame_of("digs")
    digs = pd.concat([digs, pd.DataFrame({
        "id": ["d1", "d2"], "owner": ["w", "g"], "state": ["draft", "draft"], "town": ["t1", "t1"],
        "window_start": pd.to_datetime(["2026-06-30", "2026-08-01"]),
        "window_end": pd.to_datetime(["2026-07-01", "2026-08-02"]),
    })])  # fmt: skip
    lines = pd.DataFrame({
        "id": ["l1", "l2", "l3"], "owner": ["w", "g", "w"], "utility": ["JS", "RQ", "JS"],
        "state": ["planned", "planned", "in_service"], "dig": ["d1", "d2", None],
        "town": "t1", "community": None,
    })  # fmt: skip
    assert pick_lines(lines, digs, Selection(month="2026-07"))["id"].tolist() == ["l1"]
    assert pick_lines(lines, digs, Selection(month="2026-06"))["id"].tolist() == ["l1"]
    assert pick_lines(lines, digs, Selection(existing=True, owner="w"))["id"].tolist() == ["l3"]
    assert pick_lines(lines, digs, Selection(existing=False, utility="RQ"))["id"].tolist() == ["l2"]
    assert pick_digs(digs, Selection(month="2026-08"))["id"].tolist() == ["d2"]
    assert pick_digs(digs, Selection(existing=True)).empty


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 10**9), st.integers(0, 100)), min_size=1, max_size=30
    )
)
def test_progress_never_leaves_its_bounds(rows: list[tuple[str, int, int]]) -> None:
    communities = frame(
        "communities",
        [{"id": c, "name": c, "town": "t1", "stage": "renovation", "geometry": None} for c in "ab"],
    )
    works = frame("works", [
        {"id": str(n), "community": c, "code": "roof", "cost_fen": cost, "progress_percent": done}
        for n, (c, cost, done) in enumerate(rows)
    ])  # fmt: skip
    found = standing(communities, frame_of("buildings"), works, DAY)
    known = found["progress"].dropna()
    assert ((known >= -1e-9) & (known <= 100 + 1e-9)).all()
    assert found["investment_fen"].fillna(0).sum() == sum(cost for _, cost, _ in rows)


@pytest.fixture()
def district() -> District:
    return read_district(Path(__file__).resolve().parent.parent / "data" / "district.toml")


def test_the_district_reads_back_what_the_file_says(district: District) -> None:
    assert sum(district.plan.funding.values()) == district.plan.investment_fen
    for town in district.towns:
        assert district.town_code(town.names["zh"]) == district.town_code(town.names["en"]) == town.code
    assert district.town_code("金兴镇") is None


@pytest.mark.parametrize("text", ["", "code = ", 'code = "1"', b"\xff\xfe"])
def test_a_faulty_district_file_is_named(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "district.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadDistrict) as caught:
        read_district(path)
    assert caught.value.facts["path"] == str(path)
