"""The past: any revision again as it was, and undo; for every history that may be."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geo.errors import NotFound
from geo.store import snapshot
from geo.store.opening import create_store
from geo.store.past import frames_at, revision_at, row_at
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.reverting import undo
from geo.store.snapshot import Snapshot, SnapshotKeeper, load
from geo.store.verifying import verify
from tests.test_geo_store import district, full_store

AT = datetime(2026, 7, 15, tzinfo=UTC)

Ask = tuple[str, str, Sequence[int], int]

ASKS = st.tuples(
    st.sampled_from(("add", "update", "update", "remove", "restore")),
    st.sampled_from(("communities", "owners")),
    st.lists(st.integers(0, 6), max_size=4, unique=True),
    st.integers(0, 6),
)
HISTORIES = st.lists(st.lists(ASKS, min_size=1, max_size=3), min_size=1, max_size=7)


@dataclass
class Ids:
    """Which rows of a layer are there, in order, and which have gone."""

    there: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self, number: int) -> list[str]:
        self.count += number
        return [f"{place} 号" for place in range(self.count - number, self.count)]


def rows(layer: str, ids: Sequence[str], seed: int) -> pd.DataFrame:
    """Rows of every type there is, some values missing, by ``seed``."""
    if layer == "owners":
        return pd.DataFrame({"id": list(ids), "name": f"单位 {seed}", "contact": [None, "x"][seed % 2]})
    data = {
        "id": list(ids),
        "name": "朝阳",
        "town": "640302107",
        "stage": ["survey", "renovation"][seed % 2],
        "households": [None, seed, 2**52][seed % 3],
        "stage_due": [pd.NaT, pd.Timestamp(2026, 4, 1 + seed)][seed % 2],
        "sample": [None, True, False][seed % 3],
    }
    shape = [None, shapely.box(0.1, 0, 1 / 3 + seed, 1)][seed % 2]
    return gpd.GeoDataFrame(data, geometry=[shape] * len(ids), crs=4544)


def change_of(ask: Ask, ids: Ids) -> Change:
    """The change that is asked for, of rows that may be so changed; ``ids`` are moved on."""
    action, layer, places, seed = ask
    if action == "add":
        fresh = ids.fresh(len(places))
        ids.there += fresh
        return Change(layer, add=rows(layer, fresh, seed))
    pool = ids.gone if action == "restore" else ids.there
    chosen = [pool[place] for place in places if place < len(pool)]
    if action == "update":
        some = rows(layer, chosen, seed)
        columns = [name for number, name in enumerate(some.columns) if name == "id" or number % 3 != seed % 3]
        return Change(layer, update=some[columns])
    for row in chosen:
        pool.remove(row)
    if action == "restore":
        ids.there += chosen
        return Change(layer, restore=rows(layer, chosen, seed))
    ids.gone += chosen
    return Change(layer, remove=chosen)


def whole(store: Store) -> Snapshot:
    with store.view() as view:
        return load(view)


def assert_frames(left: Snapshot | dict[str, pd.DataFrame], right: Snapshot) -> None:
    frames = left.frames if isinstance(left, Snapshot) else left
    assert frames.keys() == right.frames.keys()
    for name, frame in right.frames.items():
        assert_frame_equal(pd.DataFrame(frames[name]), pd.DataFrame(frame))
        assert type(frames[name]) is type(frame)
        assert getattr(frames[name], "crs", None) == getattr(frame, "crs", None)


def unordered(shot: Snapshot) -> dict[str, pd.DataFrame]:
    """Rows without their order and row revision: a row that comes back stands at the end."""
    return {
        name: pd.DataFrame(frame).drop(columns="row_revision").sort_values("id", ignore_index=True)
        for name, frame in shot.frames.items()
    }


def lived(store: Store, history: Sequence[Sequence[Ask]]) -> dict[int, Snapshot]:
    """Record the history; the snapshot that was current at each revision."""
    keeper, ids = SnapshotKeeper(store), {"communities": Ids(), "owners": Ids()}
    shots = {0: keeper.current()}
    for asks in history:
        changes = [change_of(ask, ids[ask[1]]) for ask in asks]
        done = record(store, changes, actor="a", at=AT, origin="t")
        shots[done.revision] = keeper.current()
        assert_frames(keeper.current(), whole(store))
        for name in ids:
            assert keeper.current().frames[name]["id"].tolist() == ids[name].there
    return shots


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=HISTORIES, whole_layer=st.sampled_from([0, 2000]))
def test_every_revision_comes_again_as_it_was(history: Sequence[Sequence[Ask]], whole_layer: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "WHOLE_LAYER", whole_layer)
        with create_store(str(Path(folder) / "s.gpkg"), district()) as store:
            shots = lived(store, history)
            now = shots[max(shots)]
            with store.view() as view:
                for revision, shot in shots.items():
                    assert_frames(frames_at(view, now.frames, revision), shot)
            assert verify(store) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=HISTORIES)
def test_undo_of_the_last_revision_brings_back_what_was_before(history: Sequence[Sequence[Ask]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        create_store(str(Path(folder) / "s.gpkg"), district()) as store,
    ):
        shots = lived(store, history)
        last = max(shots)
        for revision in range(last, 0, -1):
            with store.view() as view:
                back = undo(view, revision)
            record(store, back, actor="a", at=AT, origin="revert")
            was, now = unordered(shots[revision - 1]), unordered(whole(store))
            for name, frame in was.items():
                assert_frame_equal(now[name], frame)
        with store.view() as view:
            for revision, shot in shots.items():
                assert_frames(frames_at(view, whole(store).frames, revision), shot)
        assert verify(store) == []


LIFE: Sequence[Sequence[Ask]] = (
    [("add", "communities", (0, 1, 2, 3), 1), ("add", "owners", (0, 1), 0)],
    [("update", "communities", (1,), 5), ("remove", "communities", (0,), 0)],
    [("restore", "communities", (0,), 3)],
    [("remove", "communities", (1, 2), 0), ("add", "communities", (0,), 2)],
    [("update", "communities", (0, 1), 3)],
)


def test_the_past_is_the_same_in_either_kind_of_store(location: str) -> None:
    with create_store(location, district()) as store:
        shots = lived(store, LIFE)
        with store.view() as view:
            for revision, shot in shots.items():
                assert_frames(frames_at(view, shots[5].frames, revision), shot)
            past = frames_at(view, shots[5].frames, 4)
            assert past["owners"] is shots[5].frames["owners"]
            for wrong in (-1, 6):
                with pytest.raises(NotFound) as caught:
                    frames_at(view, shots[5].frames, wrong)
                assert caught.value.code == "no_such_revision"
        assert verify(store) == []


def test_the_past_of_every_layer_and_type(location: str) -> None:
    with full_store(location) as store:
        before = whole(store)
        for name, frame in before.frames.items():
            edit = frame.iloc[:1].drop(columns="row_revision").assign(source="别处")
            record(store, [Change(name, update=edit)], actor="a", at=AT, origin="t")
        with store.view() as view:
            assert_frames(frames_at(view, whole(store).frames, 1), before)


def test_a_row_that_went_and_came_back_stands_where_it_stood_then(location: str) -> None:
    with create_store(location, district()) as store:
        shots = lived(store, LIFE[:3])
        assert shots[3].frames["communities"]["id"].tolist() == ["1 号", "2 号", "3 号", "0 号"]
        with store.view() as view:
            for revision, shot in shots.items():
                assert_frames(frames_at(view, shots[3].frames, revision), shot)


def test_a_moment_is_its_last_revision_in_any_time_zone(location: str) -> None:
    with create_store(location, district()) as store:
        for hour in (1, 2, 4):
            change = Change("owners", add=rows("owners", [str(hour)], 0))
            record(store, [change], actor="a", at=AT + timedelta(hours=hour), origin="t")
        with store.view() as view:
            beijing = timezone(timedelta(hours=8))
            moments = {
                AT: 0,
                AT + timedelta(hours=1): 1,
                AT + timedelta(hours=1, microseconds=-1): 0,
                AT + timedelta(hours=3): 2,
                datetime(2026, 7, 15, 10, 0, tzinfo=beijing): 2,
                AT + timedelta(days=900): 3,
            }
            assert {moment: revision_at(view, moment) for moment in moments} == moments
            with pytest.raises(ValueError, match="time zone"):
                revision_at(view, AT.replace(tzinfo=None))


def test_a_row_is_told_as_it_was_at_each_of_its_revisions(location: str) -> None:
    with create_store(location, district()) as store:
        lived(store, LIFE[:3])
        with store.view() as view:
            told = [row_at(view, "communities", "0 号", revision) for revision in range(5)]
            assert [row and row["stage_due"] for row in told] == [
                None,
                "2026-04-02",
                None,
                "2026-04-04",
                None,
            ]
            assert told[1] is not None and told[3] is not None
            assert told[1]["geometry"] == shapely.box(0.1, 0, 1 / 3 + 1, 1).wkb_hex.lower()
            assert told[3]["sample"] is None and told[1]["households"] == 1
            for nobody in ("无此行", "\0"):
                assert row_at(view, "communities", nobody, 1) is None
            removed, restored = (view.last_event("communities", "0 号", until) for until in (2, 9))
            assert removed is not None and (removed.action, removed.after) == ("remove", None)
            assert restored is not None and (restored.action, restored.revision) == ("restore", 3)
            assert view.last_event("owners", "0 号", 0) is None
