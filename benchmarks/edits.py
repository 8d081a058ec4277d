"""Edits over HTTP: twenty a second on the sample, synchronous=FULL, while maps are read."""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from api.accounts.accounts import open_accounts
from api.accounts.database import accounts_location
from benchmarks.timing import Report, ms
from geo.store.opening import open_store
from geo.store.verifying import verify
from geo.vocabulary import Role

PORT = 8138
EDITS_A_SECOND = 20
SECONDS = 60
WRITERS = 8
READERS = 2
PAUSE_S = 1.0
"""Between two maps or pages of one reader. Every edit makes them new: none comes from the cache."""
READ = ("/map", "/map?theme=lines", "/", "/api/status", "/map?theme=works")


@dataclass
class Load:
    """What edits and maps took, from the moment at which each was due."""

    edits: list[float] = field(default_factory=list)
    maps: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


def run(report: Report, seconds: int = SECONDS) -> None:
    report.title("Edits while maps are read")
    tongchou = Path(sys.executable).with_name("tongchou")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "sample.gpkg"
        subprocess.run([tongchou, "init", "--sample", "--store", store], check=True, capture_output=True)
        token = _token(str(store))
        service = subprocess.Popen(
            [tongchou, "serve", "--port", str(PORT), "--store", store],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            load = _load(token, seconds)
        finally:
            service.terminate()
            service.wait(20)
        with open_store(str(store)) as written:
            whole, revisions = not verify(written), written.revision() - 1
    _report(report, load, seconds, whole and revisions == len(load.edits) - len(load.refused))


def _token(store: str) -> str:
    accounts = open_accounts(accounts_location(store, None), idle_s=3600, life_s=3600)
    planner = accounts.people.add("benchmark", Role.PLANNER)
    token: str = accounts.tokens.make(planner.id, "benchmark", ("read", "edit"), 1)[1]
    accounts.close()
    return token


def _load(token: str, seconds: int) -> Load:
    load, stop = Load(), threading.Event()
    _wait(token)
    rows = [f"{row['id']}" for row in _works(token)][:WRITERS]
    readers = [threading.Thread(target=_read, args=(token, load, stop, first)) for first in range(READERS)]
    for reader in readers:
        reader.start()
    time.sleep(1)
    start = time.perf_counter() + 0.1
    with ThreadPoolExecutor(WRITERS) as pool:
        for writer, row in enumerate(rows):
            due = [start + turn / EDITS_A_SECOND for turn in range(writer, seconds * EDITS_A_SECOND, WRITERS)]
            pool.submit(_write, token, row, due, load)
    stop.set()
    for reader in readers:
        reader.join()
    return load


def _wait(token: str) -> None:
    end = time.perf_counter() + 60
    while time.perf_counter() < end:
        try:
            if _ask(_connection(), token, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the service did not answer within a minute")


def _works(token: str) -> list[dict[str, str]]:
    community = json.loads(_ask(_connection(), token, "GET", "/api/communities?limit=1")[2])["rows"][0]["id"]
    works: list[dict[str, str]] = json.loads(
        _ask(_connection(), token, "GET", f"/api/community/{community}")[2]
    )["works"]
    return works


def _connection() -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)


def _ask(
    connection: http.client.HTTPConnection,
    token: str,
    method: str,
    path: str,
    body: object = None,
    tag: str = "",
) -> tuple[int, str, bytes]:
    """Status, tag and body of one answer."""
    headers = {"authorization": f"Bearer {token}"} | ({"if-match": tag} if tag else {})
    content = None if body is None else json.dumps(body).encode()
    if content:
        headers["content-type"] = "application/json"
    connection.request(method, path, content, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("etag", ""), answer.read()


def _write(token: str, row: str, due: list[float], load: Load) -> None:
    connection, path = _connection(), f"/api/rows/works/{row}"
    tag = _ask(connection, token, "GET", path)[1]
    for turn, moment in enumerate(due):
        time.sleep(max(0.0, moment - time.perf_counter()))
        body = {"fields": {"progress_percent": turn % 101, "note": f"turn {turn}"}}
        status, fresh, _ = _ask(connection, token, "PATCH", path, body, tag)
        load.edits.append(time.perf_counter() - moment)
        tag = fresh or tag
        if status != 200:
            load.refused.append(status)


def _read(token: str, load: Load, stop: threading.Event, first: int) -> None:
    connection, turn = _connection(), first
    while not stop.is_set():
        start = time.perf_counter()
        _ask(connection, token, "GET", READ[turn % len(READ)])
        load.maps.append(time.perf_counter() - start)
        turn += 1
        stop.wait(PAUSE_S)


def _report(report: Report, load: Load, seconds: int, whole: bool) -> None:
    edits, maps = sorted(load.edits), sorted(load.maps)
    report.head("", "count", "median", "99 %", "slowest")
    for name, told in (
        (f"edits, {EDITS_A_SECOND} a second for {seconds} s", edits),
        ("maps and pages", maps),
    ):
        last = told[min(len(told) - 1, int(0.99 * len(told)))]
        report.row(name, len(told), ms(statistics.median(told)), ms(last), ms(told[-1]))
    report.say("")
    worst = edits[min(len(edits) - 1, int(0.99 * len(edits)))]
    report.goal(f"99 % of the edits within 100 ms of when they were due: {ms(worst)}", met=worst < 0.1)
    report.goal("every edit is one revision, the chain is whole", met=whole and not load.refused)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    run(Report(), parser.parse_args().seconds)
