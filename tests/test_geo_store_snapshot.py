"""The snapshot: moved on by the events in between it equals a reload, row for row."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geo.layers import LAYERS
from geo.store import snapshot
from geo.store.opening import create_store, open_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.snapshot import Snapshot, SnapshotKeeper, load
from tests.test_geo_store import district, full_store

AT = datetime(2026, 7, 15, tzinfo=UTC)

Plan = Sequence[tuple[str, Sequence[int], bool]]


def whole(store: Store) -> Snapshot:
    with store.view() as view:
        return load(view)


def assert_same(left: Snapshot, right: Snapshot) -> None:
    assert (left.revision, left.meta) == (right.revision, right.meta)
    for name in LAYERS:
        assert_frame_equal(pd.DataFrame(left.frames[name]), pd.DataFrame(right.frames[name]))
        if LAYERS[name].geometry:
            assert left.frames[name].crs == right.frames[name].crs
            assert len(left.tree(name)) == len(right.tree(name))


def grounds(ids: Sequence[str], size: int) -> gpd.GeoDataFrame:
    shapes = [
        shapely.Point(size, place) if size % 2 else shapely.box(0, 0, size, 1) for place in range(len(ids))
    ]
    return gpd.GeoDataFrame(
        {"id": list(ids), "kind": "tree", "width_m": float(size)}, geometry=shapes, crs=4544
    )


PLANS = st.lists(
    st.tuples(
        st.sampled_from(("add", "update", "remove")),
        st.lists(st.integers(0, 7), max_size=4, unique=True),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=PLANS, whole_layer=st.sampled_from([0, 2, 2000]))
def test_moved_on_equals_reloaded(plan: Plan, whole_layer: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "WHOLE_LAYER", whole_layer)
        with create_store(str(Path(folder) / "s.gpkg"), district()) as store:
            keeper = SnapshotKeeper(store)
            there: list[str] = []
            for number, (action, places, look) in enumerate(plan):
                there = carry_out(store, action, places, there, number)
                if look:
                    assert_same(keeper.current(), whole(store))
            assert_same(keeper.current(), whole(store))
            assert keeper.current().frames["ground"]["id"].tolist() == there


def carry_out(store: Store, action: str, places: Sequence[int], there: list[str], number: int) -> list[str]:
    chosen = [there[place] for place in places if place < len(there)]
    if action == "add":
        fresh = [f"{number}-{place}" for place in places]
        record(store, [Change("ground", add=grounds(fresh, number + 1))], actor="a", at=AT, origin="t")
        return there + fresh
    if action == "update":
        record(store, [Change("ground", update=grounds(chosen, number + 1))], actor="a", at=AT, origin="t")
        return there
    record(store, [Change("ground", remove=chosen)], actor="a", at=AT, origin="t")
    return [row for row in there if row not in chosen]


def test_a_snapshot_stays_as_it_was_and_untouched_layers_are_shared(location: str) -> None:
    with full_store(location) as store:
        keeper = SnapshotKeeper(store)
        old = keeper.current()
        assert keeper.current() is old
        tree = old.tree("buildings")
        works = old.frames["works"]["progress_percent"].copy()
        edit = pd.DataFrame({"id": ["works-0 号"], "progress_percent": [1]})
        record(store, [Change("works", update=edit)], actor="a", at=AT, origin="t")
        new = keeper.current()
        assert (old.revision, new.revision) == (1, 2)
        assert old.frames["works"]["progress_percent"].equals(works)
        assert new.frames["works"]["progress_percent"].tolist()[0] == 1
        assert new.frames["buildings"] is old.frames["buildings"]
        assert new.tree("buildings") is tree
        assert new.meta["revision"] == "2"
        with pytest.raises(TypeError):
            new.frames["works"] = new.frames["works"]  # type: ignore[index]


def test_the_tree_finds_rows_by_their_position(location: str) -> None:
    with create_store(location, district()) as store:
        record(store, [Change("ground", add=grounds(["a", "b", "c"], 3))], actor="a", at=AT, origin="t")
        record(store, [Change("ground", remove=["a"])], actor="a", at=AT, origin="t")
        now = SnapshotKeeper(store).current()
        found = now.tree("ground").query(shapely.Point(3, 2).buffer(0.1))
        assert now.frames["ground"]["id"].iloc[found].tolist() == ["c"]
        by_hand = Snapshot(now.revision, now.meta, now.frames)
        assert by_hand.tree("ground") is by_hand.tree("ground")


def test_what_another_opening_of_the_store_records_is_seen_at_once(location: str) -> None:
    with full_store(location) as store, open_store(location) as other:
        keeper = SnapshotKeeper(store)
        before = len(keeper.current().frames["ground"])
        record(other, [Change("ground", add=grounds(["new"], 1))], actor="a", at=AT, origin="t")
        assert len(keeper.current().frames["ground"]) == before + 1
