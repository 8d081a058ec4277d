"""Many writers on one row, and a disk that fails: one winner each time, and nothing by halves."""

import resource
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path

import psutil
import pytest

from api.attachments import hash_of
from geo.store.opening import open_store
from geo.store.verifying import verify
from tests.conftest import gpkg_only
from tests.edit_scenes import Site, fill
from tests.live_service import NUMBERS, Answer, Live, live_service

WRITERS = 50
ROUNDS = 3
C1, W1 = "/api/rows/communities/c1", "/api/rows/works/w1"


def test_fifty_writers_and_one_winner_for_each_version(site: Site) -> None:
    client = site.planner
    start = threading.Barrier(WRITERS)

    def write(number: int) -> list[tuple[int, str]]:
        told = []
        seen = '"1"'
        for _ in range(ROUNDS):
            start.wait()
            answer = client.patch(
                C1, json={"fields": {"note": f"{number} of {seen}"}}, headers={"if-match": seen}
            )
            told.append((answer.status_code, seen))
            if answer.status_code == 412:
                sides = answer.json()
                assert sides["yours"]["fields"]["note"] == f"{number} of {seen}"
                assert sides["theirs"]["fields"]["note"].endswith(seen)
                assert sides["base"]["row_revision"] == int(seen.strip('"'))
            start.wait()
            seen = client.get(C1).headers["etag"]
        return told

    with ThreadPoolExecutor(WRITERS) as pool:
        told = [one for some in pool.map(write, range(WRITERS)) for one in some]
    assert {status for status, _ in told} == {200, 412}
    won = [seen for status, seen in told if status == 200]
    assert len(won) == len(set(won)) == ROUNDS
    store = site.services.store
    assert list(store.events(since=1)["revision"]) == [2, 3, 4]
    assert verify(store) == []


@pytest.fixture
def live(location: str, tmp_path: Path, processes: ForkServerContext) -> Iterator[Live]:
    fill(location)
    with live_service(processes, location, tmp_path) as service:
        service.start()
        yield service


def edit(live: Live, note: str, seen: str) -> Answer:
    return live.call("PATCH", W1, {"fields": {"note": note}}, if_match=seen)


def assert_refused(live: Live, answer: Answer, *codes: str) -> None:
    """The edit is refused in words, and everything else goes on from what was there before."""
    assert (answer.status, answer.body["code"]) in [(507 if c == "store_full" else 503, c) for c in codes]
    assert answer.headers["content-type"] == "application/problem+json" and answer.body["title"]
    assert live.call("GET", W1).body["fields"]["note"] == "before"
    for path in ("/healthz", "/readyz", "/map", "/api/status", "/api/history"):
        assert live.call("GET", path).status == 200, path


def assert_whole(live: Live, revision: int) -> None:
    with open_store(live.location) as store:
        assert verify(store) == []
        assert store.revision() == revision


@gpkg_only
def test_a_file_that_may_not_grow(live: Live) -> None:
    """The quota of the process is used up, and given back: only root could fill a disk."""
    assert edit(live, "before", '"1"').status == 200
    assert live.process is not None
    process = psutil.Process(live.process.pid)
    process.rlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    refused = edit(live, "after", '"2"')
    assert_refused(live, refused, "store_full", "store_disk_failed")
    assert live.call("POST", "/api/files?name=a.pdf&community=c1", b"%PDF-1.4").status == 507
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    done = edit(live, "after", '"2"')
    assert done.status == 200 and done.headers["etag"] == '"3"'
    assert live.call("POST", "/api/files?name=a.pdf&community=c1", b"%PDF-1.4").status == 201
    live.kill()
    assert_whole(live, 4)


@gpkg_only
@pytest.mark.skipif(not NUMBERS, reason="no numbers of system calls for this machine")
@pytest.mark.parametrize(
    ("sickness", "codes"),
    [(signal.SIGUSR1, ["store_disk_failed"]), (signal.SIGUSR2, ["store_full"])],
    ids=["fsync fails", "no space"],
)
def test_a_disk_that_fails(live: Live, sickness: signal.Signals, codes: list[str]) -> None:
    assert edit(live, "before", '"1"').status == 200
    live.fall(sickness)
    for _ in range(3):
        assert_refused(live, edit(live, "after", '"2"'), *codes)
    upload = live.call("POST", "/api/files?name=a.pdf&community=c1", b"%PDF-1.4")
    assert upload.status in (503, 507), upload.body
    # At most a whole file that no row names.
    left = [path for path in (live.folder / "files").rglob("*") if path.is_file()]
    assert all(hash_of(path) == path.name for path in left)
    live.kill()
    with open_store(live.location) as store:
        assert verify(store) == []
        assert store.read("works", ["w1"])["note"].iloc[0] in ("before", "after")
    live.start()
    seen = live.call("GET", W1).headers["etag"]
    assert edit(live, "well again", seen).status == 200
    live.kill()
    assert verify_note(live) == "well again"


def verify_note(live: Live) -> str:
    with open_store(live.location) as store:
        assert verify(store) == []
        note: str = store.read("works", ["w1"])["note"].iloc[0]
        return note
