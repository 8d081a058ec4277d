"""A receipt makes a record count once, however often it comes and whatever happens in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import BadInput, NotFound
from geo.store.backups import backup, copy_history, restore
from geo.store.opening import create_store, open_store
from geo.store.protocol import KeptReceipt, Store
from geo.store.record import Change, Receipt, Recorded, replayed
from geo.store.verifying import verify
from tests.test_geo_record import communities, put
from tests.test_geo_store import district

RECEIPT = Receipt("张三 POST /api/rows", "d1")


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with create_store(location, district()) as store:
        yield store


def test_the_same_receipt_counts_once(store: Store) -> None:
    change = Change("communities", add=communities("c1"))
    assert put(store, change, receipt=RECEIPT) == Recorded(1, 1, 0, 0)
    put(store, Change("communities", add=communities("c2")))
    assert put(store, change, receipt=RECEIPT) == Recorded(1, 0, 0, 0, replayed=True)
    assert store.revision() == 2
    assert store.read("communities")["id"].tolist() == ["c1", "c2"]
    with store.view() as view:
        assert replayed(view, RECEIPT) == Recorded(1, 0, 0, 0, replayed=True)
        assert replayed(view, Receipt("other", "d1")) is replayed(view, None) is None
        kept = KeptReceipt(*RECEIPT, 1, "2026-07-15T00:30:00.000000Z")
        assert view.receipt(RECEIPT.key) == kept
        assert list(view.receipts()) == [kept]
    assert verify(store) == []


def test_the_same_key_for_something_else_is_refused(store: Store) -> None:
    put(store, Change("communities", add=communities("c1")), receipt=RECEIPT)
    with pytest.raises(BadInput) as caught:
        put(store, Change("communities", add=communities("c2")), receipt=RECEIPT._replace(digest="d2"))
    assert caught.value.code == "idempotency_key_reused"
    assert store.revision() == 1


def test_a_record_that_changes_nothing_keeps_its_receipt(store: Store) -> None:
    put(store, Change("communities", add=communities("c1")))
    edit = Change("communities", update=pd.DataFrame({"id": ["c1"], "stage": ["survey"]}))
    assert put(store, edit, receipt=RECEIPT) == Recorded(1, 0, 0, 0)
    put(store, Change("communities", update=pd.DataFrame({"id": ["c1"], "stage": ["selection"]})))
    assert put(store, edit, receipt=RECEIPT) == Recorded(1, 0, 0, 0, replayed=True)
    assert store.read("communities")["stage"].tolist() == ["selection"]


def test_what_failed_leaves_no_receipt(store: Store) -> None:
    with pytest.raises(NotFound):
        put(store, Change("communities", remove=["c1"]), receipt=RECEIPT)
    put(store, Change("communities", add=communities("c1")))
    assert put(store, Change("communities", remove=["c1"]), receipt=RECEIPT) == Recorded(2, 0, 0, 1)


def test_many_who_send_the_same_at_once_are_recorded_once(store: Store) -> None:
    def send(_: int) -> Recorded:
        return put(store, Change("communities", add=communities("c1")), receipt=RECEIPT)

    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(send, range(36)))
    assert {one.revision for one in told} == {1}
    assert [one.replayed for one in told].count(False) == 1
    assert len(store.read("communities")) == store.revision() == 1


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
@pytest.mark.parametrize("other", ["gpkg", "postgis"])
def test_receipts_go_with_a_district_wherever_it_moves(
    kind: str, other: str, places: Callable[[str], str], tmp_path: Path
) -> None:
    source, copied, restored = places(kind), places(other), places(other)
    change = Change("communities", add=communities("c1"))
    with create_store(source, district()) as store:
        put(store, change, receipt=RECEIPT)
        backup(store, tmp_path / "kept.gpkg")
    copy_history(source, copied)
    restore(tmp_path / "kept.gpkg", restored)
    for location in (copied, restored):
        with open_store(location) as store:
            assert put(store, change, receipt=RECEIPT).replayed
            assert store.revision() == 1
