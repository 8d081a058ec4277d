"""Killed at any moment while eight people edit over HTTP: what was acknowledged is there, once and whole."""

import http.client
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyogrio
import pytest

from geo.store.opening import open_store
from geo.store.record import Change, record
from geo.store.verifying import verify
from tests.conftest import gpkg_only
from tests.edit_scenes import AT, fill, scene
from tests.live_service import Answer, Live, ask, live_service

WRITERS = 8
LOST = (OSError, http.client.HTTPException)


@dataclass
class Request:
    """One request as it was sent, to be sent again in the same words."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    note: str


@dataclass
class Writer:
    """One of eight, each at a row of its own: edits it, adds rows, and does both at once."""

    number: int
    token: str
    port: int
    tag: str = '"1"'
    sent: int = 0
    acknowledged: list[str] = field(default_factory=list)
    open: Request | None = None
    problems: list[Answer] = field(default_factory=list)

    @property
    def row(self) -> str:
        return f"own-{self.number}"

    def work(self, stop: threading.Event) -> None:
        """Send one request after the other until the service is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not stop.is_set():
            self.open = self.open or self.next()
            try:
                self.settle(
                    ask(
                        connection,
                        self.token,
                        self.open.method,
                        self.open.path,
                        self.open.body,
                        **self.open.headers,
                    )
                )
            except LOST:
                break
        connection.close()

    def next(self) -> Request:
        self.sent += 1
        note = f"{self.number}-{self.sent}"
        key = {"idempotency_key": note}
        new = {"community": "c1", "code": "roof", "note": note}
        if self.sent % 4 == 0:
            return Request("POST", "/api/rows/works", {"fields": new}, key, note)
        if self.sent % 4 == 2:
            seen = int(self.tag.strip('"'))
            own = {
                "action": "update",
                "layer": "works",
                "id": self.row,
                "seen": seen,
                "fields": {"note": note},
            }
            other = {"action": "add", "layer": "owners", "fields": {"name": note, "contact": note}}
            return Request("POST", "/api/changes", {"changes": [own, other]}, key, note)
        return Request(
            "PATCH",
            f"/api/rows/works/{self.row}",
            {"fields": {"note": note}},
            {**key, "if_match": self.tag},
            note,
        )

    def settle(self, answer: Answer) -> None:
        """Take an answer for what it says: kept, or a problem."""
        assert self.open is not None
        if answer.status not in (200, 201):
            self.problems.append(answer)
        elif self.open.method == "PATCH":
            self.tag = answer.headers["etag"]
        elif self.open.path == "/api/changes":
            self.tag = f'"{answer.body["rows"][0]["row_revision"]}"'
        self.acknowledged.append(self.open.note)
        self.open = None


@pytest.fixture
def live(location: str, tmp_path: Path, processes: ForkServerContext) -> Iterator[Live]:
    """A service over the scene with a row for each writer."""
    fill(location)
    rows = pd.DataFrame({"id": [f"own-{n}" for n in range(WRITERS)], "community": "c1", "code": "roof"})
    with open_store(location) as store:
        record(store, [Change("works", add=rows)], actor="i", at=AT, origin="t")
    with live_service(processes, location, tmp_path) as service:
        yield service


def writers_of(live: Live) -> list[Writer]:
    return [Writer(number, live.token, live.port, tag='"2"') for number in range(WRITERS)]


def one_round(live: Live, writers: list[Writer], chance: random.Random) -> float:
    """Start, settle what was left open, write, kill; how long it took to be ready."""
    took = live.start()
    stop = threading.Event()
    threads = [threading.Thread(target=writer.work, args=(stop,)) for writer in writers]
    before = sum(len(writer.acknowledged) for writer in writers)
    for thread in threads:
        thread.start()
    end = time.monotonic() + 20
    while sum(len(writer.acknowledged) for writer in writers) == before and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.5))
    live.kill()
    stop.set()
    for thread in threads:
        thread.join()
    return took


def assert_whole(live: Live, writers: list[Writer], since: int) -> int:
    """Every acknowledged edit of the events after revision ``since`` is there, none torn, none twice."""
    assert [writer.problems for writer in writers] == [[]] * WRITERS
    with open_store(live.location) as store:
        assert verify(store) == []
        events = store.events()
        works = store.read("works").set_index("id")
        revision = store.revision()
    own = events[(events["origin"] == "api").to_numpy(bool)]
    told = [orjson.loads(text) for text in own["after"]]
    notes = pd.Series([row.get("contact") or row.get("note") for row in told], index=own.index)
    sizes = pd.DataFrame({"revision": own["revision"], "note": notes}).groupby("note")
    counts = sizes.size().to_dict()
    batches = [note for note in counts if int(note.split("-")[1]) % 4 == 2]
    assert {counts[note] for note in batches} <= {2} and (sizes["revision"].nunique() == 1).all()
    assert {count for note, count in counts.items() if note not in batches} <= {1}
    for writer in writers:
        assert set(writer.acknowledged) <= set(counts)
        sent = {*writer.acknowledged, writer.open.note if writer.open else ""}
        assert {note for note in counts if note.startswith(f"{writer.number}-")} <= sent
        last = [
            note for note in counts if note.startswith(f"{writer.number}-") and int(note.split("-")[1]) % 4
        ]
        assert works.loc[writer.row, "note"] == max(last, key=lambda note: int(note.split("-")[1]))
    assert revision >= since
    return revision


def kill_again_and_again(live: Live, rounds: int, *, look_every: int = 3) -> int:
    """How many acknowledged edits outlived the rounds; every one is looked for again and again."""
    chance, writers, revision, took = random.Random(640302), writers_of(live), 0, list[float]()
    for number in range(rounds):
        took.append(one_round(live, writers, chance))
        if number % look_every == look_every - 1 or number == rounds - 1:
            revision = assert_whole(live, writers, revision)
    assert min(len(writer.acknowledged) for writer in writers) > 0
    # Other tests and people share the machine: the slowest of many may have waited for them.
    assert statistics.median(took) < 3 and max(took) < 10
    return sum(len(writer.acknowledged) for writer in writers)


def test_edits_outlive_the_service(live: Live) -> None:
    assert kill_again_and_again(live, 30) >= 30


@gpkg_only
@pytest.mark.soak
def test_edits_outlive_a_thousand_kills(live: Live) -> None:
    assert kill_again_and_again(live, 1000, look_every=20) >= 1000


def read_by_gdal(path: str, seen: Connection) -> None:
    """Reads the live file through GDAL until it is told to stop; tells what it saw and what failed."""
    counts, wrong = [], []
    while not seen.poll():
        try:
            frame = pyogrio.read_dataframe(path, layer="works", use_arrow=bool(len(counts) % 2))
            counts.append(len(frame))
        except pyogrio.errors.DataSourceError as error:
            wrong.append(str(error))
    seen.send((counts, wrong))


@gpkg_only
def test_edits_outlive_the_service_while_gdal_reads_the_file(
    live: Live,
    processes: ForkServerContext,
) -> None:
    ours, theirs = processes.Pipe()
    reader = processes.Process(target=read_by_gdal, args=(live.location, theirs))
    reader.start()
    assert kill_again_and_again(live, 5) >= 5
    ours.send("stop")
    counts, wrong = ours.recv()
    reader.join()
    assert counts == sorted(counts) and len(counts) > 5 and not wrong


@contextmanager
def commands_beside(live: Live, folder: Path) -> Iterator[list[str]]:
    """``backup``, ``export`` and ``import`` in turn on the live store; gives what failed."""
    tongchou = str(Path(sys.executable).with_name("tongchou"))
    failed: list[str] = []
    done, stop = [0], threading.Event()

    def go() -> None:
        while not stop.is_set() or done[0] < 3:
            number = done[0]
            outline = (
                scene()["communities"]
                .iloc[:1]
                .assign(id=f"x{number}", name=f"新{number}", source_id=f"x{number}")
            )
            outline.geometry = outline.geometry.translate(0, -400 - 120 * number)
            file = folder / f"{number}.geojson"
            outline.to_crs(4326).to_file(file)
            for command in (
                ["backup", "--out", str(folder / f"{number}.gpkg")],
                ["export", "--layer", "works", "--out", str(folder / f"{number}.csv")],
                ["import", str(file), "--layer", "communities"],
            ):
                told = subprocess.run(
                    [tongchou, *command, "--store", live.location],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                done[0] += 1
                if told.returncode:
                    failed.append(told.stderr)

    worker = threading.Thread(target=go)
    worker.start()
    try:
        yield failed
    finally:
        stop.set()
        worker.join()


def test_edits_outlive_the_service_beside_import_export_and_backup(live: Live, tmp_path: Path) -> None:
    with commands_beside(live, tmp_path) as failed:
        assert kill_again_and_again(live, 4) >= 4
    assert failed == []
    with open_store(str(tmp_path / "0.gpkg")) as copy:
        assert verify(copy) == []
    with open_store(live.location) as store:
        assert "新0" in set(store.read("communities")["name"]) and verify(store) == []
