"""Backups, restoring and moving between the two kinds: the same history, byte for byte, or nothing."""

import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from geo.errors import StoreExists, StoreMissing, StoreUnsuitable
from geo.layers import LAYERS
from geo.store.backups import Copied, backup, copy_history, restore
from geo.store.opening import open_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.verifying import verify
from tests.test_geo_store import AT, full_store

KINDS = ("gpkg", "postgis")


def lived_in(location: str) -> Store:
    """A store with adds, updates and removals in its history, and a row that came after one that went."""
    store = full_store(location)
    edit = pd.DataFrame({"id": ["communities-0 号"], "note": ["改"]})
    record(store, [Change("communities", update=edit)], actor="张三", at=AT, origin="t", summary="说明")
    record(store, [Change("works", remove=["works-1 号"])], actor="a", at=AT, origin="t")
    fresh = pd.DataFrame({"id": ["w9"], "community": ["communities-0 号"], "code": ["x"]})
    record(store, [Change("works", add=fresh)], actor="a", at=AT, origin="t")
    return store


def assert_same_store(left: Store, right: Store) -> None:
    with left.view() as one, right.view() as other:
        assert list(one.chain()) == list(other.chain())
        assert list(one.revisions()) == list(other.revisions())
        assert (one.meta(), one.head()) == (other.meta(), other.head())
        for name in LAYERS:
            assert_frame_equal(pd.DataFrame(one.read(name)), pd.DataFrame(other.read(name)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_district_moves_with_its_whole_history(kind: str, other: str, places: Callable[[str], str]) -> None:
    source, target = places(kind), places(other)
    lived_in(source).close()
    copied = copy_history(source, target)
    with open_store(source) as old, open_store(target) as new:
        assert_same_store(old, new)
        assert copied == Copied(4, 39, new.events()["seq"].size and list(_chain(new))[-1])
        for store in (old, new):
            edit = pd.DataFrame({"id": ["w9"], "note": ["两边一样"]})
            record(store, [Change("works", update=edit)], actor="a", at=AT, origin="t")
        assert_same_store(old, new)
        assert verify(new) == []
    with pytest.raises(StoreExists):
        copy_history(source, target)


def _chain(store: Store) -> list[str]:
    with store.view() as view:
        return [event.hash for event in view.chain()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_backup_comes_back_into_an_empty_place(
    kind: str, other: str, places: Callable[[str], str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept" / "backup.gpkg"
    with lived_in(places(kind)) as store:
        made = backup(store, kept)
        assert [entry.name for entry in kept.parent.iterdir()] == ["backup.gpkg"]
        with pytest.raises(StoreExists):
            backup(store, kept)
        target = places(other)
        before = kept.read_bytes()
        assert restore(kept, target) == made
        assert kept.read_bytes() == before
        with open_store(target) as again:
            assert_same_store(store, again)
    with pytest.raises(StoreExists):
        restore(kept, target)
    with pytest.raises(StoreMissing):
        restore(tmp_path / "nothing.gpkg", places(other))


def test_a_backup_is_whole_while_others_write(location: str, tmp_path: Path) -> None:
    with full_store(location) as store:
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                edit = pd.DataFrame({"id": ["works-0 号"], "note": [str(number)]})
                record(store, [Change("works", update=edit)], actor="a", at=AT, origin="t")
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            revisions = [backup(store, tmp_path / f"{number}.gpkg").revision for number in range(3)]
        finally:
            stop.set()
            writer.join()
        assert revisions == sorted(revisions) and revisions[-1] <= store.revision()
        assert verify(store) == []


def test_what_is_broken_is_not_copied(
    location: str, forge: Callable[[str], None], places: Callable[[str], str], tmp_path: Path
) -> None:
    with full_store(location) as store:
        forge("UPDATE communities SET note = '别的' WHERE id = 'communities-1 号'")
        with pytest.raises(StoreUnsuitable) as caught:
            backup(store, tmp_path / "backup" / "b.gpkg")
        assert caught.value.code == "copy_broken"
        assert "communities-1 号" in str(caught.value)
        assert not list((tmp_path / "backup").iterdir())
    for kind in KINDS:
        target = places(kind)
        with pytest.raises(StoreUnsuitable):
            copy_history(location, target)
        with pytest.raises(StoreMissing):
            open_store(target)
