"""Several services on one store: each sees the others' edits, and they take turns at one row."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path

from geo.store.opening import open_store
from geo.store.verifying import verify
from tests.edit_scenes import fill
from tests.live_service import Live, free_port, live_service


@contextmanager
def two_services(processes: ForkServerContext, location: str, folder: Path) -> Iterator[tuple[Live, Live]]:
    fill(location)
    with live_service(processes, location, folder) as first:
        second = replace(first, port=free_port())
        first.start()
        second.start()
        try:
            yield first, second
        finally:
            second.kill()


def stage_of(service: Live) -> str:
    """The stage of the first community as the service counts and shows it, out of its own memory."""
    rows = service.call("GET", "/api/communities").body["rows"]
    return next(row["stage"] for row in rows if row["id"] == "c1")


def test_an_edit_by_one_service_is_seen_by_the_other_within_a_second(
    processes: ForkServerContext, location: str, tmp_path: Path
) -> None:
    with two_services(processes, location, tmp_path) as services:
        assert [stage_of(service) for service in services] == ["survey", "survey"]
        for place, stage in enumerate(("selection", "preparation", "renovation")):
            here, there = services[place % 2], services[1 - place % 2]
            tag = here.call("GET", "/api/rows/communities/c1").headers["etag"]
            told = here.call("PATCH", "/api/rows/communities/c1", {"fields": {"stage": stage}}, if_match=tag)
            assert told.status == 200, told.body
            began = time.monotonic()
            assert stage_of(there) == stage
            assert time.monotonic() - began < 1
            assert there.call("GET", "/api/rows/communities/c1").headers["etag"] == told.headers["etag"]


def test_of_two_services_that_edit_one_row_at_once_one_wins_each_time(
    processes: ForkServerContext, location: str, tmp_path: Path
) -> None:
    with two_services(processes, location, tmp_path) as services, ThreadPoolExecutor(2) as pool:
        tag = services[0].call("GET", "/api/rows/communities/c1").headers["etag"]
        for number in range(10):
            asked = [
                pool.submit(
                    service.call,
                    "PATCH",
                    "/api/rows/communities/c1",
                    {"fields": {"note": f"{number}-{place}"}},
                    if_match=tag,
                )
                for place, service in enumerate(services)
            ]
            answers = [one.result() for one in asked]
            assert sorted(answer.status for answer in answers) == [200, 412]
            tag = next(answer.headers["etag"] for answer in answers if answer.status == 200)
    with open_store(location) as store:
        assert list(verify(store)) == []
        assert len(store.events(layer="communities", ids=["c1"])) == 11
