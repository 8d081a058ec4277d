"""The timeline says in words and units what changed, by day and by change, and what a revert brings back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.wiring import Services
from maps.history import ROWS_SHOWN, Event, grouped, timeline
from maps.page import make_scene
from maps.panel import Scene
from maps.reader import Reader
from maps.state import State

WHEN = datetime(2026, 7, 15, 17, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def scene(services: Services) -> Scene:
    edits = frozenset({"communities", "buildings", "works"})
    return make_scene(services.atlas(), State(), Reader(way="session", edits=edits))


def event(*cells: tuple, layer="communities", row="com-01", action="update", revision=7, **more) -> Event:
    return Event(revision, more.pop("at", WHEN), "李", more.pop("origin", "web"), layer, row, action, cells)


def only_entry(scene: Scene, *events: Event) -> dict:
    (day,) = timeline(scene, list(events))
    (entry,) = day["entries"]
    return entry


def test_the_day_is_the_districts_own(scene: Scene) -> None:
    (day,) = timeline(scene, [event(("stage", "survey", "selection"))])
    assert day["day"] == "2026-07-16"
    assert day["entries"][0]["time"] == "01:30"


def test_values_are_told_with_words_and_units_and_backwards(scene: Scene) -> None:
    entry = only_entry(
        scene,
        event(
            ("investment_fen", 612_400_000, 616_930_000),
            ("floor_area_dm2", None, 2_100_650),
            ("stage", "preparation", "renovation"),
            ("delay_reason", "招标", None),
            ("year_built", 1996, 1997),
        ),
    )
    (row,) = entry["parts"][0]["rows"]
    assert row["changes"] == [
        "建成年份：1996 → 1997",
        "阶段：准备工作 → 全面改造",
        "滞后原因：招标 → 清空",
        "建筑面积：21,006.5 m²",
        "估算投资：612.4 万元 → 616.93 万元",
    ]
    assert row["back"][1] == "阶段：全面改造 → 准备工作"
    assert row["back"][2] == "滞后原因：招标"


def test_a_moved_shape_is_told_by_its_size(scene: Scene) -> None:
    line = {"type": "LineString", "coordinates": [[106.2, 37.99], [106.201, 37.99]]}
    longer = {"type": "LineString", "coordinates": [[106.2, 37.99], [106.202, 37.99]]}
    entry = only_entry(scene, event(("geometry", line, longer), layer="digs", row="none"))
    (told,) = entry["parts"][0]["rows"][0]["changes"]
    assert told == "长度：87.9 m → 175.7 m"
    gone = only_entry(scene, event(("geometry", None, line), layer="digs", row="none"))
    assert gone["parts"][0]["rows"][0]["changes"] == ["图形改动"]


def test_one_change_of_many_rows_is_one_line_that_unfolds(scene: Scene) -> None:
    rows = [
        event(("number", None, f"{n}号楼"), layer="buildings", row=f"b{n}", action="add")
        for n in range(ROWS_SHOWN + 1)
    ]
    (part,) = only_entry(scene, *rows)["parts"]
    assert part["many"] == "新增楼栋 4 项"
    assert part["rows"][0]["head"] == "新增楼栋 0号楼"
    assert part["rows"][0]["back"] == ["删除楼栋 0号楼"]
    (day,) = timeline(scene, rows, cut=True)
    assert day["entries"][0]["parts"][0]["many"] == "新增楼栋 4 项，等"


def test_only_who_may_edit_all_of_it_may_revert(scene: Scene) -> None:
    change = event(("stage", "survey", "selection"))
    assert only_entry(scene, change)["may_revert"]
    line = event(("size_text", "a", "b"), layer="lines", row="l1")
    assert not only_entry(scene, change, line)["may_revert"]
    assert not only_entry(replace(scene, reader=Reader()), change)["may_revert"]
    assert not only_entry(scene, event(("stage", "survey", "selection"), origin="sample"))["may_revert"]


def test_the_map_of_that_day_is_a_press_away(scene: Scene) -> None:
    entry = only_entry(scene, event(("stage", "survey", "selection")))
    assert entry["then_url"] == "/?community=com-01&as_of=2026-07-16"


def test_names_are_told_not_columns(scene: Scene) -> None:
    told = str(timeline(scene, [event(("sha256", "a", "b"), ("nowhere", 1, 2), ("note", "x", "y"))]))
    assert "备注：x → y" in told
    assert "sha256" not in told and "nowhere" not in told


@pytest.mark.parametrize(
    ("plain", "marked"), [("1234567.5", "1,234,567.5"), ("-1200", "-1,200"), ("0.07", "0.07")]
)
def test_thousands_are_marked(plain: str, marked: str) -> None:
    assert grouped(plain) == marked
