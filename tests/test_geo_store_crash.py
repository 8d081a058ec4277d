"""Killed at any moment: what was acknowledged is there, nothing is torn, nothing is there twice."""

import multiprocessing
import random
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.store.opening import create_store, open_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.verifying import verify
from tests.conftest import gpkg_only, postgis_only
from tests.test_geo_store import district

AT = datetime(2026, 7, 15, tzinfo=UTC)
THREADS = 8

Acknowledged = dict[str, int]


def trees(*ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(place, place) for place in range(len(ids))]
    return gpd.GeoDataFrame({"id": list(ids), "kind": "tree"}, geometry=shapes, crs=4544)


def write(location: str, round_: int, told: Connection) -> None:
    """Plants trees from eight threads, two layers a record, and tells each one that was recorded."""
    telling = threading.Lock()

    def plant(thread: int, store: Store) -> None:
        for number in range(1_000_000):
            name = f"{round_}-{thread}-{number}"
            owner = pd.DataFrame({"id": [name], "name": [name]})
            changes = [Change("ground", add=trees(name)), Change("owners", add=owner)]
            recorded = record(store, changes, actor=f"u{thread}", at=AT, origin="t")
            with telling:
                told.send((name, recorded.revision))

    with open_store(location, busy_timeout_s=60) as store:
        threads = [threading.Thread(target=plant, args=(thread, store)) for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def read(path: str, seen: Connection) -> None:
    """Reads the live file through GDAL until it is told to stop; tells what failed."""
    counts, wrong = [], []
    while not seen.poll():
        try:
            frame = pyogrio.read_dataframe(path, layer="ground", use_arrow=bool(len(counts) % 2))
            counts.append(len(frame))
        except pyogrio.errors.DataSourceError as error:
            wrong.append(str(error))
    seen.send((counts, wrong))


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Makes processes that have imported everything already, of which no other test's threads are part."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def killed_once(
    context: ForkServerContext, location: str, round_: int, chance: random.Random
) -> Acknowledged:
    """What a writing process had acknowledged when it was killed."""
    ours, theirs = context.Pipe()
    writer: ForkServerProcess = context.Process(target=write, args=(location, round_, theirs))
    writer.start()
    theirs.close()
    acknowledged: Acknowledged = {}
    end = None
    try:
        while end is None or time.monotonic() < end:
            if ours.poll(60 if end is None else max(0.0, end - time.monotonic())):
                acknowledged.update([ours.recv()])
                end = end or time.monotonic() + chance.uniform(0, 0.3)
        writer.kill()
        while True:
            acknowledged.update([ours.recv()])
    except EOFError:
        pass
    writer.join()
    assert writer.exitcode == -9
    return acknowledged


def assert_whole(location: str, acknowledged: Acknowledged) -> None:
    began = time.monotonic()
    with open_store(location) as store:
        store.revision()
        assert time.monotonic() - began < 3
        assert verify(store) == []
        events = store.events()
    assert (events.groupby("revision").size() == 2).all()
    assert (events.groupby(["layer", "row_id"]).size() == 1).all()
    revisions = events[events["layer"] == "ground"].set_index("row_id")["revision"].to_dict()
    assert {name: revisions.get(name) for name in acknowledged} == acknowledged


def kill_again_and_again(context: ForkServerContext, location: str, rounds: int) -> int:
    """How many acknowledged records outlived the rounds, each looked for after each of them."""
    chance = random.Random(640302)
    acknowledged: Acknowledged = {}
    for round_ in range(rounds):
        acknowledged |= killed_once(context, location, round_, chance)
        assert_whole(location, acknowledged)
    return len(acknowledged)


@gpkg_only
def test_a_file_outlives_its_writers(location: str, processes: ForkServerContext) -> None:
    create_store(location, district()).close()
    assert kill_again_and_again(processes, location, 20) >= 20


@gpkg_only
def test_a_file_outlives_its_writers_while_gdal_reads_it(location: str, processes: ForkServerContext) -> None:
    create_store(location, district()).close()
    ours, theirs = processes.Pipe()
    reader: ForkServerProcess = processes.Process(target=read, args=(location, theirs))
    reader.start()
    assert kill_again_and_again(processes, location, 10) >= 10
    ours.send("stop")
    counts, wrong = ours.recv()
    reader.join()
    assert counts == sorted(counts) and counts[-1] > 10
    assert not wrong


@gpkg_only
@pytest.mark.soak
def test_a_file_outlives_a_thousand_kills(location: str, processes: ForkServerContext) -> None:
    create_store(location, district()).close()
    assert kill_again_and_again(processes, location, 1000) >= 1000


@postgis_only
def test_a_database_outlives_its_writers(location: str, processes: ForkServerContext) -> None:
    create_store(location, district()).close()
    assert kill_again_and_again(processes, location, 10) >= 10
