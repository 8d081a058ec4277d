"""One writer at a time, readers at any time, and two processes that take turns."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import StaleRevision, StoreBusy
from geo.store.canonical import verify_chain
from geo.store.opening import create_store, open_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.snapshot import SnapshotKeeper
from geo.store.verifying import verify
from tests.test_geo_store import district

AT = datetime(2026, 7, 15, tzinfo=UTC)

BY: Any = {"actor": "a", "at": AT, "origin": "t"}

HOLD = """
import sys
from pathlib import Path
from geo.store.opening import open_store
with open_store(sys.argv[1]) as store, store.writing():
    print("holding", flush=True)
    sys.stdin.readline()
"""


def trees(*ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(place, place) for place in range(len(ids))]
    return gpd.GeoDataFrame({"id": list(ids), "kind": "tree"}, geometry=shapes, crs=4544)


def plant(store: Store, *ids: str) -> int:
    return record(store, [Change("ground", add=trees(*ids))], actor="a", at=AT, origin="t").revision


def test_two_threads_that_write_take_turns(location: str) -> None:
    with create_store(location, district()) as store, ThreadPoolExecutor(2) as pool:
        rounds = pool.map(lambda number: plant(store, f"{number}-a", f"{number}-b"), range(20))
        assert sorted(rounds) == list(range(1, 21))
        assert store.revision() == 20
        frame = store.read("ground")
        assert sorted(frame["row_revision"]) == sorted([*range(1, 21)] * 2)
        assert frame["row_revision"].is_monotonic_increasing
        assert not verify_chain(store)


def test_the_later_of_two_edits_of_one_row_is_stale(location: str) -> None:
    with create_store(location, district()) as store, ThreadPoolExecutor(4) as pool:
        plant(store, "a")

        def edit(width: int) -> bool:
            change = Change("ground", update=pd.DataFrame({"id": ["a"], "width_m": [width]}), seen={"a": 1})
            try:
                record(store, [change], actor="a", at=AT, origin="t")
            except StaleRevision:
                return False
            return True

        assert sum(pool.map(edit, range(1, 9))) == 1
        assert store.revision() == 2


def test_of_fifty_writers_on_one_row_exactly_one_wins_each_revision(location: str) -> None:
    writers, rounds = 50, 4
    together = threading.Barrier(writers, timeout=60)

    with create_store(location, district()) as store, ThreadPoolExecutor(writers) as pool:
        plant(store, "a")

        def compete(writer: int) -> list[int]:
            won = []
            for _ in range(rounds):
                seen = int(store.read("ground", ["a"])["row_revision"].iloc[0])
                together.wait()
                edit = pd.DataFrame({"id": ["a"], "width_m": [1000 * seen + writer]})
                try:
                    record(store, [Change("ground", update=edit, seen={"a": seen})], **BY)
                    won.append(seen)
                except StaleRevision as error:
                    assert error.facts["current"] == error.facts["seen"] + 1
                together.wait()
            return won

        wins = [won for writer in pool.map(compete, range(writers)) for won in writer]
        assert sorted(wins) == list(range(1, rounds + 1))
        events = store.events(layer="ground", ids=["a"])
        assert events["revision"].tolist() == list(range(1, rounds + 2))
        assert verify(store) == []


def test_readers_see_the_old_state_while_a_write_is_under_way(location: str) -> None:
    with create_store(location, district()) as store:
        plant(store, "a")
        keeper = SnapshotKeeper(store)
        seen: list[tuple[int, int, int]] = []

        def look(done: int, total: int) -> None:
            reader = threading.Thread(
                target=lambda: seen.append(
                    (store.revision(), len(store.read("ground")), keeper.current().revision)
                )
            )
            began = time.monotonic()
            reader.start()
            reader.join(timeout=10)
            assert time.monotonic() - began < 5

        record(store, [Change("ground", add=trees("b", "c"))], actor="a", at=AT, origin="t", on_progress=look)
        assert seen == [(1, 1, 1)]
        assert (store.revision(), len(store.read("ground")), keeper.current().revision) == (2, 3, 2)


def test_a_view_stays_at_its_revision(location: str) -> None:
    with create_store(location, district()) as store:
        plant(store, "a")
        with store.view() as view:
            assert view.revision() == 1
            plant(store, "b")
            assert (view.revision(), len(view.read("ground")), len(view.events())) == (1, 1, 1)
        assert store.revision() == 2


def test_many_readers_at_once(location: str) -> None:
    with create_store(location, district()) as store, ThreadPoolExecutor(24) as pool:
        plant(store, *"abcdef")
        keeper = SnapshotKeeper(store)
        assert set(pool.map(lambda _: (len(store.read("ground")), id(keeper.current())), range(100))) == {
            (6, id(keeper.current()))
        }


def test_a_store_that_another_keeps_is_busy(location: str) -> None:
    create_store(location, district()).close()
    with (
        open_store(location, busy_timeout_s=0.3) as store,
        open_store(location, busy_timeout_s=0.3) as second,
    ):
        with store.writing(), pytest.raises(StoreBusy):
            plant(second, "a")
        command = [sys.executable, "-c", HOLD, location]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None and other.stdin is not None
            assert other.stdout.readline() == "holding\n"
            with pytest.raises(StoreBusy):
                plant(store, "a")
            assert (store.revision(), len(store.read("ground"))) == (0, 0)
            other.stdin.write("\n")
        assert plant(store, "a") == 1
        assert second.revision() == 1


def test_a_thread_that_waits_too_long_for_its_turn_is_told_so(location: str) -> None:
    create_store(location, district()).close()
    with open_store(location, busy_timeout_s=0.2) as store, ThreadPoolExecutor(1) as pool:
        with store.writing():
            waiting = pool.submit(plant, store, "a")
            with pytest.raises(StoreBusy):
                waiting.result(timeout=30)
        assert plant(store, "a") == 1


def test_a_writer_that_is_killed_leaves_nothing(location: str) -> None:
    with create_store(location, district()) as store:
        plant(store, "a")
        script = HOLD.replace("store.writing():", "store.writing() as writing:").replace(
            "print(", "writing._cursor('DELETE FROM ground'); print("
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, location], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            other.stdout.readline()
            other.kill()
        assert plant(store, "b") == 2
        assert store.read("ground")["id"].tolist() == ["a", "b"]
        with store.view() as view:
            assert not list(view.unsound())
