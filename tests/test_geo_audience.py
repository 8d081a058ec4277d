"""What an audience sees of rows and history: held against a rule that looks at one row at a time."""

import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.audience import (
    HIDDEN,
    INTERNAL,
    PUBLIC,
    RULES,
    Audience,
    knows_money,
    masks,
    presence,
    visible,
    visible_events,
)
from geo.layers import LAYERS, conform
from geo.programme.published import FEWEST, published, visible_standing
from geo.store.rows import to_rows
from geo.vocabulary import AudienceKind, LineState

CRS = "EPSG:4544"
TOWNS = ("t1", "t2", "t3")
OWNERS = ("o1", "o2")
EAST = Audience(AudienceKind.TOWN, town="t1")
WATER = Audience(AudienceKind.UTILITY, owner="o1")
AUDIENCES = (INTERNAL, EAST, WATER, PUBLIC)
OUTLINES = {"t1": shapely.box(0, 0, 50, 100), "t2": shapely.box(50, 0, 100, 100)}
REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "boundaries": {"level": "town", "name": "x"},
    "owners": {"name": "x"},
    "communities": {"name": "x", "stage": "survey"},
    "ground": {"kind": "lane"},
    "nodes": {"utility": "JS"},
    "lines": {"utility": "JS", "state": "planned"},
    "digs": {"state": "draft"},
    "works": {"code": "roof"},
    "inspections": {"inspected_on": "2026-05-01", "result": "passed"},
    "consents": {},
    "files": {"name": "x", "media_type": "image/png", "size_bytes": 1, "sha256": "00"},
}
MONEY = {"cost_fen": 7, "investment_fen": 9}


def frame_of(layer: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    data = [{"id": f"{layer}-{n}", **REQUIRED.get(layer, {}), **row} for n, row in enumerate(rows)]
    frame = pd.DataFrame(data, index=range(len(data)))
    if LAYERS[layer].geometry:
        frame = gpd.GeoDataFrame(frame, geometry=[row.get("geometry") for row in rows], crs=CRS)
    if not rows:
        frame = pd.DataFrame({"id": pd.Series([], dtype="string")})
    return conform(frame, LAYERS[layer], CRS)


def some(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


def refs(layer: str) -> st.SearchStrategy[str | None]:
    return some(*(f"{layer}-{n}" for n in range(5)))


SPOT = st.builds(shapely.Point, st.integers(1, 99), st.integers(1, 99))
PATHS = SPOT.map(lambda spot: shapely.LineString([(spot.x, spot.y), (spot.x + 0.5, spot.y)]))
AREAS = SPOT.map(lambda spot: spot.buffer(0.4, quad_segs=1))


def rows_of(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(columns), max_size=5)


FRAMES = st.fixed_dictionaries(
    {
        "boundaries": st.booleans().map(
            lambda rough: [
                {"code": code, "schematic": rough, "geometry": area, "source": "s"}
                for code, area in OUTLINES.items()
            ]
        ),
        "owners": st.just([{"id": owner, "contact": "who"} for owner in OWNERS]),
        "communities": rows_of(
            town=st.sampled_from(TOWNS), note=some("n"), delay_reason=some("r"), investment_fen=st.just(9)
        ),
        "buildings": rows_of(
            community=refs("communities"), town=some(*TOWNS), geometry=AREAS, households=st.just(3)
        ),
        "ground": rows_of(community=refs("communities"), geometry=AREAS),
        "nodes": rows_of(owner=some(*OWNERS), community=refs("communities"), geometry=SPOT),
        "lines": rows_of(
            owner=some(*OWNERS),
            community=refs("communities"),
            dig=refs("digs"),
            replaces=refs("lines"),
            state=st.sampled_from(["planned", "removed"]),
            geometry=PATHS,
        ),
        "digs": rows_of(
            owner=some(*OWNERS), community=refs("communities"), joins=refs("digs"), geometry=PATHS
        ),
        "works": rows_of(community=refs("communities"), building=refs("buildings"), cost_fen=st.just(7)),
        "inspections": rows_of(community=refs("communities"), work=refs("works")),
        "files": rows_of(community=refs("communities"), dig=refs("digs")),
        "consents": rows_of(dig=refs("digs"), line=refs("lines")),
    }
).map(lambda told: {name: frame_of(name, rows) for name, rows in told.items()})


def sees(audience: Audience, layer: str, row: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> bool:
    """The rule for one row, as one would say it."""
    if audience.kind is AudienceKind.INTERNAL:
        return True
    if audience.kind is AudienceKind.PUBLIC:
        return layer in ("boundaries", "communities", "buildings", "ground")
    if audience.kind is AudienceKind.UTILITY:
        return utility_sees(audience, layer, row, frames)
    return town_sees(audience, layer, row, frames)


def utility_sees(audience: Audience, layer: str, row: Mapping[str, Any], frames: Any) -> bool:
    if layer in ("lines", "nodes", "digs"):
        return bool(row["owner"] == audience.owner)
    if layer == "files":
        return sees_dig(audience, row["dig"], frames)
    return layer not in ("inspections", "consents")


def town_sees(audience: Audience, layer: str, row: Mapping[str, Any], frames: Any) -> bool:
    if layer in ("boundaries", "owners"):
        return True
    if layer == "communities":
        return bool(row["town"] == audience.town)
    if layer == "consents":
        return False
    towns = dict(zip(frames["communities"]["id"], frames["communities"]["town"], strict=True))
    home, homeless = towns.get(row["community"]) == audience.town, row["community"] is None
    if layer == "files":
        named = [home] if not homeless else []
        named += [sees_dig(audience, row["dig"], frames)] if row["dig"] is not None else []
        return bool(named) and all(named)
    at_large = {
        "buildings": lambda: row["town"] == audience.town,
        "ground": lambda: True,
        **dict.fromkeys(("lines", "nodes", "digs"), lambda: in_surveyed_outline(audience, row, frames)),
    }
    return bool(home or (homeless and layer in at_large and at_large[layer]()))


def sees_dig(audience: Audience, dig: Any, frames: Any) -> bool:
    rows = frames["digs"]
    return any(
        sees(audience, "digs", one, frames) for one in records(rows[(rows["id"] == dig).fillna(False)])
    )


def in_surveyed_outline(audience: Audience, row: Mapping[str, Any], frames: Any) -> bool:
    rows = frames["boundaries"]
    own = rows[(rows["code"] == audience.town) & ~rows["schematic"].fillna(False)]
    return any(shape.intersects(row["geometry"].representative_point()) for shape in own.geometry)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = pd.DataFrame(frame).astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


@settings(max_examples=150, deadline=None)
@given(FRAMES, st.sampled_from(AUDIENCES))
def test_rows_are_seen_by_the_rule(frames: dict[str, pd.DataFrame], audience: Audience) -> None:
    seen = masks(frames, audience)
    for name, frame in frames.items():
        assert seen[name].tolist() == [sees(audience, name, row, frames) for row in records(frame)], name


@settings(max_examples=150, deadline=None)
@given(FRAMES, st.sampled_from(AUDIENCES))
def test_what_is_hidden_never_appears(frames: dict[str, pd.DataFrame], audience: Audience) -> None:
    shown = visible(frames, audience)
    seen = masks(frames, audience)
    for name, frame in frames.items():
        kept = frame[seen[name]]
        assert shown[name]["id"].tolist() == kept["id"].tolist()
        assert shown[name].dtypes.to_dict() == frame.dtypes.to_dict()
        for column in LAYERS[name].columns:
            values = shown[name][column.name]
            if column.name in HIDDEN.get((audience.kind, name), ()):
                assert values.isna().all()
            elif column.refers_to in frames:
                known = set(shown[column.refers_to]["id"])
                if audience.kind is not AudienceKind.INTERNAL:
                    assert set(values.dropna()) <= known
                same = [
                    value if value in known else None
                    for value in records(kept[[column.name]])
                    for value in value.values()
                ]
                if audience.kind is not AudienceKind.INTERNAL:
                    assert [row[column.name] for row in records(shown[name])] == same
            else:
                assert values.tolist() == kept[column.name].tolist() or values.equals(
                    kept[column.name].reset_index(drop=True)
                )


@settings(max_examples=80, deadline=None)
@given(FRAMES, st.sampled_from(AUDIENCES))
def test_seeing_twice_shows_the_same(frames: dict[str, pd.DataFrame], audience: Audience) -> None:
    once = visible(frames, audience)
    twice = visible(once, audience)
    for name in frames:
        pd.testing.assert_frame_equal(pd.DataFrame(once[name]), pd.DataFrame(twice[name]))


@settings(max_examples=60, deadline=None)
@given(FRAMES, st.sampled_from(AUDIENCES))
def test_rows_that_are_not_seen_change_nothing(frames: dict[str, pd.DataFrame], audience: Audience) -> None:
    """A store that never had the hidden rows looks the same, but for what a town's dig rule reads of them."""
    seen = masks(frames, audience)
    reduced = {name: frame[seen[name]].reset_index(drop=True) for name, frame in frames.items()}
    whole, part = visible(frames, audience), visible(reduced, audience)
    for name in frames:
        pd.testing.assert_frame_equal(pd.DataFrame(whole[name]), pd.DataFrame(part[name]))


def test_frames_that_lose_nothing_are_shared() -> None:
    frames = {name: frame_of(name, [{"geometry": shapely.Point(1, 1)}]) for name in ("ground", "nodes")}
    assert visible(frames, INTERNAL) is frames
    shown = visible({**frames, "communities": frame_of("communities", [])}, WATER)
    assert shown["ground"] is frames["ground"] and shown["nodes"] is not frames["nodes"]


def test_a_layer_without_a_rule_is_for_the_inside_only() -> None:
    frames = {"secrets": pd.DataFrame({"id": ["s"]}), "communities": frame_of("communities", [])}
    assert len(visible(frames, INTERNAL)["secrets"]) == 1
    for audience in (EAST, WATER, PUBLIC):
        assert visible(frames, audience)["secrets"].empty
    assert all(set(rules) <= set(LAYERS) for rules in RULES.values())


def test_the_rules_name_columns_that_there_are() -> None:
    assert all(set(columns) <= set(LAYERS[layer].names) for (_, layer), columns in HIDDEN.items())
    for (kind, layer), columns in HIDDEN.items():
        assert not {one.name for one in LAYERS[layer].columns if one.required} & columns, (kind, layer)
    assert knows_money(INTERNAL) and knows_money(EAST) and not knows_money(WATER) and not knows_money(PUBLIC)


@settings(max_examples=60, deadline=None)
@given(FRAMES)
def test_presence_tells_whose_and_where_and_nothing_else(frames: dict[str, pd.DataFrame]) -> None:
    told = presence(frames, WATER)
    assert list(told.columns) == ["community", "owner", "utility"]
    wanted = {
        (row["community"], row["owner"], row["utility"])
        for row in records(frames["lines"])
        if row["community"] and row["owner"] != "o1" and row["state"] != LineState.REMOVED
    }
    assert {tuple(row.values()) for row in records(told)} == wanted and len(told) == len(wanted)
    assert all(presence(frames, audience).empty for audience in (INTERNAL, EAST, PUBLIC))


def standing_of(count: int, **columns: Any) -> pd.DataFrame:
    data = {
        "id": [f"c{n}" for n in range(count)],
        "town": ["t1" if n % 2 else "t2" for n in range(count)],
        "progress": np.linspace(0.123, 99.456, count),
        "planned": 50.0,
        "late_days": 0,
        "stage": "survey",
        **{name: pd.array(range(1, count + 1), dtype="Int64") for name in ("buildings", "households")},
        **{
            name: pd.array(range(1, count + 1), dtype="Int64")
            for name in ("floor_area_dm2", "investment_fen")
        },
        "delay_reason": "why",
    }
    return pd.DataFrame({**data, **columns})


def test_standing_is_blanked_after_it_was_worked_out() -> None:
    whole = standing_of(12)
    assert visible_standing(whole, INTERNAL) is whole and visible_standing(whole, EAST) is whole
    for audience in (WATER, PUBLIC):
        shown = visible_standing(whole, audience)
        assert shown["progress"].tolist() == whole["progress"].round(1).tolist()
        assert shown[["investment_fen", "planned", "delay_reason"]].isna().all(axis=None)
        assert shown["households"].tolist() == whole["households"].tolist()
    assert visible_standing(whole, PUBLIC)["floor_area_dm2"].isna().all()
    assert visible_standing(whole, WATER)["floor_area_dm2"].notna().all()


def test_sums_weighted_by_money_are_of_many_communities() -> None:
    whole = standing_of(2 * FEWEST)
    table = published(whole, TOWNS)
    weighted = (whole["progress"] * whole["investment_fen"].astype(float)).sum() / whole[
        "investment_fen"
    ].sum()
    assert table.loc["", "progress"] == round(weighted, 1)
    assert table.loc[["t1", "t2"], "progress"].notna().all() and pd.isna(table.loc["t3", "progress"])
    few = published(standing_of(2 * FEWEST - 1), TOWNS)
    assert few["progress"].notna().tolist() == [True, False, True, False]


def event(
    seq: int, layer: str, action: str, before: Any, after: Any, row: str, actor: str = "li"
) -> dict[str, Any]:
    around = {"revision": seq, "seq": seq, "at": pd.Timestamp("2026-05-01", tz="UTC"), "origin": "f.xlsx"}
    told = {"layer": layer, "row_id": row, "action": action, "before": before, "after": after}
    return {**around, "actor": actor, **told}


def text(layer: str, **row: Any) -> str:
    return to_rows(frame_of(layer, [row]), LAYERS[layer]).texts()[0]


def events_of(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows)).astype({"revision": "Int64", "seq": "Int64"})
    texts = ["actor", "origin", "layer", "row_id", "action", "before", "after"]
    return frame.astype(dict.fromkeys(texts, "string"))


HERE = {"id": "c1", "town": "t1"}
THERE = {"id": "c2", "town": "t2"}
LINE = shapely.LineString([(1, 1), (2, 1)])


@pytest.fixture()
def present() -> dict[str, pd.DataFrame]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
    rows["communities"] = [HERE, THERE]
    rows["owners"] = [{"id": owner} for owner in OWNERS]
    rows["digs"] = [
        {"id": "d1", "owner": "o1", "community": "c1", "geometry": LINE},
        {"id": "d2", "owner": "o2", "community": "c2", "geometry": LINE},
    ]
    return {name: frame_of(name, some) for name, some in rows.items()}


def test_an_event_is_seen_where_both_sides_are(present: dict[str, pd.DataFrame]) -> None:
    line = {"id": "l", "community": "c1", "geometry": LINE}
    events = events_of(
        event(1, "lines", "add", None, text("lines", **line, owner="o1"), "l"),
        event(
            2, "lines", "update", text("lines", **line, owner="o1"), text("lines", **line, owner="o2"), "l"
        ),
        event(
            3, "lines", "update", text("lines", **line, owner="o2"), text("lines", **line, owner="o1"), "l"
        ),
        event(4, "lines", "remove", text("lines", **line, owner="o1"), None, "l"),
        event(
            5,
            "communities",
            "update",
            text("communities", **HERE),
            text("communities", **{**HERE, "town": "t2"}),
            "c1",
        ),
        event(
            6,
            "communities",
            "update",
            text("communities", **HERE),
            text("communities", **HERE, note="n"),
            "c1",
        ),
        event(7, "files", "add", None, text("files", id="f", dig="d1"), "f"),
        event(8, "files", "add", None, text("files", id="f", dig="d2"), "f"),
        event(9, "unheard", "add", None, "{}", "u"),
    )
    assert visible_events(events, WATER, present)["seq"].tolist() == [1, 4, 5, 7]
    assert visible_events(events, EAST, present)["seq"].tolist() == [1, 2, 3, 4, 6, 7]
    assert visible_events(events, PUBLIC, present).empty
    assert visible_events(events, INTERNAL, present) is events
    assert visible_events(events[:0], WATER, present).empty
    assert visible_events(events[8:], WATER, present).empty


def test_hidden_columns_are_missing_in_the_history(present: dict[str, pd.DataFrame]) -> None:
    old = text("communities", **HERE, investment_fen=123456, note="alt", stage_due="2026-05-01")
    new = text("communities", **HERE, investment_fen=654321, note="neu", stage_due="2026-06-01")
    line = text("lines", id="l", owner="o1", community="c1", dig="d2", replaces="gone", geometry=LINE)
    events = events_of(
        event(1, "communities", "update", old, new, "c1"),
        event(2, "communities", "update", old, old.replace("123456", "654321"), "c1"),
        event(3, "lines", "add", None, line, "l"),
    )
    shown = visible_events(events, WATER, present)
    assert shown["seq"].tolist() == [1, 3], "a change of nothing that is seen is not told"
    assert not any(
        word in shown.to_csv() for word in ("123456", "654321", "alt", "neu", "f.xlsx", "d2", "gone")
    )
    after = json.loads(shown["after"].iloc[0])
    assert after["stage_due"] == "2026-06-01" and after["investment_fen"] is None
    assert shown["actor"].tolist() == ["", "li"], "who changed others' rows is not told"
    inside = visible_events(events, EAST, present)
    assert (
        inside["seq"].tolist() == [1, 2, 3]
        and set(inside["actor"]) == {"li"}
        and set(inside["origin"]) == {""}
    )
    assert "654321" in inside["after"].iloc[1]


def test_events_keep_their_order_and_columns(present: dict[str, pd.DataFrame]) -> None:
    rows = [
        event(n, layer, "add", None, text(layer, id="x", owner="o1", community="c1", geometry=LINE), f"x{n}")
        for n, layer in enumerate(["lines", "digs", "lines", "digs"], start=1)
    ]
    events = events_of(*rows).iloc[::-1]
    shown = visible_events(events, WATER, present)
    assert shown["seq"].tolist() == [4, 3, 2, 1] and list(shown.columns) == list(events.columns)
    assert shown.dtypes.to_dict() == events.dtypes.to_dict()
