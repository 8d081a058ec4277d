"""Against the plan, over time and by item, on figures that can be reckoned by hand."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geo import layers
from geo.district import District, PlanTotals, read_district
from geo.programme.curve import cumulative
from geo.programme.progress import standing
from geo.programme.reconcile import is_equal, reconcile, stated_against_counted
from geo.programme.scope import cells, item_counts
from geo.vocabulary import FundingSource

DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def district() -> District:
    found = read_district(Path(__file__).parent.parent / "data" / "district.toml")
    funding = {FundingSource.CENTRAL: 80, FundingSource.DISTRICT: 20}
    return replace(found, plan=PlanTotals(2, 3, 50, 700, 100, funding))


def frame(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    layer = layers.layer_named(name)
    return layers.conform(pd.DataFrame(rows), layer, "EPSG:4544")


@pytest.fixture()
def works() -> pd.DataFrame:
    def row(
        name: str, community: str, code: str, cost: int | None, done: int, **days: str
    ) -> dict[str, object]:
        return {
            "id": name,
            "community": community,
            "code": code,
            "cost_fen": cost,
            "progress_percent": done,
            **days,
        }

    june = {"planned_start": "2026-06-01", "planned_end": "2026-06-30"}
    july = {"planned_start": "2026-07-01", "planned_end": "2026-07-31"}
    return frame(
        "works",
        [
            row("1", "a", "roof", 60, 100, **june, actual_start="2026-06-01", actual_end="2026-06-20"),
            row("2", "a", "roof", 20, 50, **june, actual_start="2026-06-11"),
            row("3", "b", "roof", 20, 0, **july),
            row("4", "b", "water", None, 100, planned_start="2026-05-01", planned_end="2026-05-10"),
        ],
    )


def stand(works: pd.DataFrame, households: int = 30) -> pd.DataFrame:
    communities = frame(
        "communities",
        [
            {
                "id": "a",
                "name": "A",
                "town": "t",
                "stage": "renovation",
                "households": 25,
                "building_count": 2,
            },
            {"id": "b", "name": "B", "town": "t", "stage": "renovation", "investment_fen": 20},
        ],
    )
    buildings = frame(
        "buildings",
        [
            {"id": "1", "community": "a", "households": 10, "floor_area_dm2": 300},
            {"id": "2", "community": "a", "households": 10, "floor_area_dm2": 300},
            {"id": "3", "community": "b", "households": households, "floor_area_dm2": 100},
        ],
    )
    return standing(communities, buildings, works, DAY)


def test_every_figure_is_held_against_the_plan(works: pd.DataFrame, district: District) -> None:
    table = reconcile(stand(works), district)
    assert table["figure"].tolist() == [
        "communities", "buildings", "households", "floor_area_dm2", "investment_fen", "funding_fen",
    ]  # fmt: skip
    assert table["difference"].tolist() == [0] * 6 and is_equal(table)
    off = reconcile(stand(works, households=29), district)
    assert not is_equal(off)
    assert off.set_index("figure").loc["households", ["plan", "found", "difference"]].tolist() == [50, 49, -1]


def test_a_plan_without_sources_has_no_row_for_them(works: pd.DataFrame, district: District) -> None:
    bare = replace(district, plan=replace(district.plan, funding={}))
    assert "funding_fen" not in set(reconcile(stand(works), bare)["figure"])


def test_what_a_ledger_states_is_held_against_the_rows(works: pd.DataFrame) -> None:
    rows = stated_against_counted(stand(works)).to_dict("records")
    assert [
        (row["community"], row["figure"], row["stated"], row["counted"], row["difference"]) for row in rows
    ] == [("a", "households", 25, 20, -5)]


def test_cells_weigh_rows_by_cost_and_know_the_late(works: pd.DataFrame) -> None:
    table = cells(works, date(2026, 7, 3)).set_index(["community", "code"])
    assert len(table) == 3
    assert table.loc[("a", "roof"), "percent"] == pytest.approx((60 * 100 + 20 * 50) / 80)
    assert table.loc[("a", "roof"), ["done", "late_days"]].tolist() == [False, 3]
    assert table.loc[("b", "roof"), ["percent", "done", "late_days"]].tolist() == [0, False, 0]
    assert table.loc[("b", "water"), ["percent", "done"]].tolist() == [100, True]
    counts = item_counts(table.reset_index(), ["water", "roof", "gas"])
    assert counts.index.tolist() == ["water", "roof", "gas"]
    assert counts["in_scope"].tolist() == [1, 2, 0] and counts["done"].tolist() == [1, 0, 0]
    assert counts.loc["roof", "percent"] == pytest.approx(70) and counts.loc["gas", "percent"] == 0
    nothing = cells(works.iloc[:0], DAY)
    assert nothing.empty and item_counts(nothing, ["roof"]).loc["roof", "in_scope"] == 0


def test_the_curve_ends_at_the_progress_of_the_day(works: pd.DataFrame) -> None:
    days = [date(2026, 5, 31), date(2026, 6, 10), DAY, date(2026, 7, 31)]
    table = cumulative(works, days, DAY)
    assert table["planned"].tolist() == pytest.approx([0, 80 / 3, 80, 100])
    assert table["actual"].tolist()[:3] == pytest.approx([0, 30, 70])
    assert pd.isna(table["actual"].iloc[3])
    assert table["planned"].is_monotonic_increasing
    assert cumulative(works.iloc[:0], days, DAY)["planned"].isna().all()
