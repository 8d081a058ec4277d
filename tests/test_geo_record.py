"""The record: all of a change or nothing of it, and a history that cannot be altered unseen."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone

import geopandas as gpd
import orjson
import pandas as pd
import pytest
import shapely

from geo.errors import ContractError, DuplicateId, MissingCRS, NotFound, PlanError, StaleRevision, WrongCRS
from geo.store.canonical import GENESIS, line, verify_chain
from geo.store.gpkg import GeoPackageStore
from geo.store.opening import create_store
from geo.store.protocol import Event, Store
from geo.store.record import Change, Recorded, record
from tests.conftest import gpkg_only
from tests.test_geo_store import district

AT = datetime(2026, 7, 15, 8, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with create_store(location, district()) as store:
        yield store


def communities(*ids: str, **columns: object) -> gpd.GeoDataFrame:
    data = {"id": list(ids), "name": "朝阳家园", "town": "640302107", "stage": "survey", **columns}
    shapes = [shapely.box(0, 0, 10 + place, 10) for place in range(len(ids))]
    return gpd.GeoDataFrame(data, geometry=shapes, crs=4544)


def buildings(*ids: str, community: str = "c1") -> gpd.GeoDataFrame:
    shapes = [shapely.box(1, place, 9, place + 0.5) for place in range(len(ids))]
    return gpd.GeoDataFrame({"id": list(ids), "community": community}, geometry=shapes, crs=4544)


def put(store: Store, *changes: Change, **given: object) -> Recorded:
    return record(store, changes, **{"actor": "u1", "at": AT, "origin": "test", **given})  # type: ignore[arg-type]


def fault(store: Store, *changes: Change) -> set[tuple[str, str, str, str]]:
    with pytest.raises(ContractError) as caught:
        put(store, *changes)
    return {(one.code, one.row, one.column, one.value) for one in caught.value.facts["faults"]}


def state(store: Store) -> tuple[object, ...]:
    """All that a failed record must leave as it was."""
    with store.view() as view:
        queries = [
            "SELECT fid, id, name, stage, row_revision FROM communities",
            "SELECT id FROM buildings",
            "SELECT * FROM tongchou_event",
            "SELECT * FROM tongchou_revision",
        ]
        if isinstance(store, GeoPackageStore):
            queries += ["SELECT count(*) FROM rtree_communities_geom", "SELECT * FROM gpkg_contents"]
        return tuple(tuple(view._rows(query)) for query in queries)  # type: ignore[attr-defined]


def test_each_record_is_one_revision_and_each_row_one_event(store: Store) -> None:
    first = put(
        store, Change("communities", add=communities("c1", "c2")), Change("buildings", add=buildings("b1"))
    )
    assert first == Recorded(1, 3, 0, 0)
    second = put(
        store,
        Change("communities", update=pd.DataFrame({"id": ["c2"], "stage": ["renovation"]})),
        Change("buildings", remove=["b1"]),
    )
    assert second == Recorded(2, 0, 1, 1)
    assert store.revision() == 2
    events = store.events()
    shown = events[["revision", "seq", "layer", "row_id", "action"]].values.tolist()
    assert shown == [
        [1, 1, "communities", "c1", "add"],
        [1, 2, "communities", "c2", "add"],
        [1, 3, "buildings", "b1", "add"],
        [2, 4, "communities", "c2", "update"],
        [2, 5, "buildings", "b1", "remove"],
    ]
    assert set(events["actor"]) == {"u1"} and set(events["origin"]) == {"test"}
    assert (events["at"] == pd.Timestamp("2026-07-15T00:30:00Z")).all()
    assert store.read("communities")["row_revision"].tolist() == [1, 2]


def test_an_event_tells_the_row_before_and_after_in_canonical_json(store: Store) -> None:
    shape = shapely.box(0, 0, 10, 10)
    put(
        store, Change("communities", add=communities("c1", stage_due=date(2026, 4, 30), investment_fen=2**52))
    )
    put(store, Change("communities", update=pd.DataFrame({"id": ["c1"], "note": ['引号 " 和\n换行']})))
    _, update = store.events().itertuples()
    before, after = orjson.loads(update.before), orjson.loads(update.after)
    assert orjson.dumps(after, option=orjson.OPT_SORT_KEYS).decode() == update.after
    assert before["geometry"] == after["geometry"] == shapely.to_wkb(shape, byte_order=1).hex()
    assert (after["stage_due"], after["investment_fen"], after["year_built"]) == ("2026-04-30", 2**52, None)
    assert {name for name in after if before[name] != after[name]} == {"note"}
    assert after["note"] == '引号 " 和\n换行'


def test_columns_that_are_not_given_stay_and_missing_ones_are_emptied(store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2", note="旧", households=[5, 6])))
    put(store, Change("communities", update=pd.DataFrame({"id": ["c2", "c1"], "note": ["新", None]})))
    frame = store.read("communities")
    assert frame["note"].isna().tolist() == [True, False] and frame["note"][1] == "新"
    assert frame["households"].tolist() == [5, 6]
    assert frame.geometry.notna().all()


def test_an_update_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2")))
    before = state(store)
    assert put(store, Change("communities", update=communities("c1", "c2"))) == Recorded(1, 0, 0, 0)
    assert put(store) == Recorded(1, 0, 0, 0)
    assert state(store) == before
    mixed = pd.DataFrame({"id": ["c1", "c2"], "stage": ["survey", "selection"]})
    assert put(store, Change("communities", update=mixed)) == Recorded(2, 0, 1, 0)
    assert store.read("communities")["row_revision"].tolist() == [1, 2]
    assert store.events(since=1)["row_id"].tolist() == ["c2"]


FAILING: dict[str, tuple[Change, type[PlanError]]] = {
    "id that is there": (Change("communities", add=communities("c9", "c1")), DuplicateId),
    "id twice in one frame": (Change("communities", add=communities("c9", "c9")), ContractError),
    "update of an absent row": (
        Change("communities", update=pd.DataFrame({"id": ["c1", "c9"], "note": "x"})),
        NotFound,
    ),
    "update without an id": (
        Change("communities", update=pd.DataFrame({"id": [None], "note": ["x"]})),
        NotFound,
    ),
    "update to a wrong value": (
        Change("communities", update=pd.DataFrame({"id": ["c1"], "stage": ["finished"]})),
        ContractError,
    ),
    "update of a type": (
        Change("communities", update=pd.DataFrame({"id": ["c1"], "households": ["many"]})),
        ContractError,
    ),
    "one row twice": (
        Change("communities", update=pd.DataFrame({"id": ["c1", "c1"], "note": "x"})),
        ContractError,
    ),
    "removal of an absent row": (Change("communities", remove=["c2", "c9"]), NotFound),
    "removal of a row that is named": (Change("communities", remove=["c1"]), ContractError),
    "no such layer": (Change("houses", add=communities("c9")), NotFound),
    "town of another district": (
        Change("communities", add=communities("c9", town="640381100")),
        ContractError,
    ),
    "building of no community": (Change("buildings", add=buildings("b9", community="c9")), ContractError),
    "no CRS": (Change("communities", add=communities("c9").set_crs(None, allow_override=True)), MissingCRS),
    "no CRS in a plain frame": (
        Change("communities", add=pd.DataFrame(communities("c9")).astype({"geometry": object})),
        MissingCRS,
    ),
    "another CRS": (
        Change("communities", update=communities("c1").set_crs(4545, allow_override=True)),
        WrongCRS,
    ),
    "a curve where areas are": (
        Change("communities", add=communities("c9").set_geometry([shapely.Point(1, 1)], crs=4544)),
        ContractError,
    ),
    "stale": (Change("communities", remove=["c2"], seen={"c2": 0}), StaleRevision),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_change_that_fails_leaves_nothing_of_itself(name: str, store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2")), Change("buildings", add=buildings("b1")))
    before = state(store)
    change, error = FAILING[name]
    with pytest.raises(error):
        put(store, Change("communities", add=communities("c8", "c7")), change)
    assert state(store) == before
    assert put(store, Change("communities", add=communities("c8", "c7"))).revision == 2
    assert not verify_chain(store)


def test_ids_are_never_used_again(store: Store) -> None:
    put(store, Change("communities", add=communities("c1")))
    put(store, Change("communities", remove=["c1", "c1"]))
    with pytest.raises(DuplicateId) as caught:
        put(store, Change("communities", add=communities("c2", "c1")))
    assert caught.value.code == "id_used_before"
    assert caught.value.facts == {"layer": "communities", "row": "c1", "count": 1}


def test_a_stale_edit_is_refused_with_both_revisions(store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2")))
    put(store, Change("communities", update=pd.DataFrame({"id": ["c1"], "note": ["先到"]})))
    late = Change("communities", update=pd.DataFrame({"id": ["c1"], "note": ["后到"]}), seen={"c1": 1})
    with pytest.raises(StaleRevision) as caught:
        put(store, late)
    assert caught.value.facts == {"layer": "communities", "row": "c1", "seen": 1, "current": 2}
    fresh = pd.DataFrame({"id": ["c2"], "note": ["另一行"]})
    assert put(store, Change("communities", update=fresh, seen={"c2": 1})).revision == 3
    with pytest.raises(NotFound):
        put(store, Change("communities", update=fresh, seen={"c3": 1}))


def test_what_a_row_names_may_come_in_the_same_change(store: Store) -> None:
    put(store, Change("buildings", add=buildings("b1")), Change("communities", add=communities("c1")))
    pipes = gpd.GeoDataFrame(
        {
            "id": ["l1", "l2"],
            "utility": "JS",
            "state": "planned",
            "replaces": ["l2", None],
            "serves_building": "b1",
        },
        geometry=[shapely.LineString([(0, 0), (1, 1)])] * 2,
        crs=4544,
    )
    put(store, Change("lines", add=pipes))
    assert fault(
        store, Change("lines", add=pipes.assign(id=["l3", "l4"], replaces=["l9", "l3"], owner="o1"))
    ) == {
        ("unknown_reference", "l3", "replaces", "l9"),
        ("unknown_reference", "l3", "owner", "o1"),
        ("unknown_reference", "l4", "owner", "o1"),
    }


def test_a_row_goes_only_with_or_after_those_that_name_it(store: Store) -> None:
    put(store, Change("communities", add=communities("c1")), Change("buildings", add=buildings("b1", "b2")))
    assert fault(store, Change("communities", remove=["c1"])) == {
        ("still_referenced", "c1", "buildings.community", "b1"),
        ("still_referenced", "c1", "buildings.community", "b2"),
    }
    gone = put(store, Change("communities", remove=["c1"]), Change("buildings", remove=["b2", "b1"]))
    assert gone == Recorded(2, 0, 0, 3)


def test_geometry_in_a_column_of_another_name_is_found(store: Store) -> None:
    put(store, Change("communities", add=communities("c1").rename_geometry("geom")))
    assert store.read("communities").geometry.iloc[0].area == 100


def test_a_row_without_outline_may_get_one_later(store: Store) -> None:
    put(store, Change("communities", add=pd.DataFrame(communities("c1")).drop(columns="geometry")))
    put(store, Change("communities", add=pd.DataFrame(communities("c2").set_geometry([None], crs=None))))
    assert store.read("communities").geometry.isna().all()
    put(store, Change("communities", update=communities("c2")[["id", "geometry"]]))
    assert store.read("communities").geometry.notna().tolist() == [False, True]
    with store.view() as view:
        assert not list(view.unsound())


def test_progress_counts_every_row_and_may_stop_the_record(store: Store) -> None:
    many = communities(*(f"c{number}" for number in range(11_000)))
    heard: list[tuple[int, int]] = []
    put(store, Change("communities", add=many), on_progress=lambda done, total: heard.append((done, total)))
    assert heard == [(5000, 11_000), (10_000, 11_000), (11_000, 11_000)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = store.revision()
    with pytest.raises(KeyboardInterrupt):
        put(store, Change("communities", remove=["c1"]), on_progress=stop)
    assert (store.revision(), len(store.read("communities"))) == (before, 11_000)


def test_the_time_needs_a_zone(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        put(store, at=datetime(2026, 7, 15))  # noqa: DTZ001


def test_events_can_be_asked_for_by_layer_row_and_number(store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2")), Change("buildings", add=buildings("c1")))
    put(store, Change("communities", update=pd.DataFrame({"id": ["c1"], "note": ["x"]})))
    history = store.events(layer="communities", ids=["c1"], newest_first=True)
    assert history["action"].tolist() == ["update", "add"]
    assert store.events(limit=2)["seq"].tolist() == [1, 2]
    assert store.events(newest_first=True, limit=1)["seq"].tolist() == [4]
    none = store.events(since=2)
    assert not len(none) and none.dtypes.equals(history.dtypes)


def test_the_chain_can_be_checked_by_anyone(store: Store) -> None:
    put(store, Change("communities", add=communities("c1", "c2")), actor="张三")
    with store.view() as view:
        events = list(view.chain())
    previous = GENESIS
    for event in events:
        plain = {**event._asdict(), "before": None, "after": orjson.loads(event.after or "null")}
        del plain["hash"]
        assert line(event).encode() == orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
        previous = hashlib.sha256(previous.encode() + line(event).encode()).hexdigest()
        assert event.hash == previous


@pytest.mark.parametrize(
    ("forgery", "expected"),
    [
        (
            "UPDATE tongchou_event SET after = replace(after, 'survey', 'renovation') WHERE seq = 2",
            [(2, "hash")],
        ),
        ("UPDATE tongchou_event SET actor = 'other' WHERE seq = 3", [(3, "hash")]),
        ("DELETE FROM tongchou_event WHERE seq = 2", [(3, "gap"), (3, "hash")]),
        ("UPDATE tongchou_event SET revision = 9 WHERE seq = 1", [(1, "hash"), (2, "order")]),
    ],
)
def test_a_forged_history_shows(
    forgery: str, expected: list[tuple[int, str]], store: Store, forge: Callable[[str], None]
) -> None:
    put(store, Change("communities", add=communities("c1", "c2", "c3")))
    assert not verify_chain(store)
    forge(forgery)
    assert [(problem.seq, problem.code) for problem in verify_chain(store)] == expected


def test_an_event_of_awkward_words_is_still_one_line_of_json() -> None:
    event = Event(1, 1, "t", 'a"b', "o\n", "l", "行 😀", "add", None, '{"x":1}', "")
    assert orjson.loads(line(event))["row_id"] == "行 😀"
    assert "\n" not in line(event)


@gpkg_only
def test_an_extent_is_exact_after_every_kind_of_change(store: Store) -> None:
    many = communities(*(f"c{number}" for number in range(6_000)))
    put(store, Change("communities", add=many))
    put(store, Change("communities", update=many.set_geometry(many.translate(500, 0))[["id", "geometry"]]))
    put(store, Change("communities", remove=many["id"].tolist()[:10] + many["id"].tolist()[-10:]))
    with store.view() as view:
        box = view._rows(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'communities'"
        )
    assert box == [tuple(store.read("communities").total_bounds.tolist())]
    with store.view() as view:
        dates = dict(view._rows("SELECT table_name, last_change FROM gpkg_contents"))
    assert dates["communities"] == "2026-07-15T00:30:00.000Z"
    assert dates["works"] == "1970-01-01T00:00:00.000Z"
