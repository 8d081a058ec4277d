"""The running service: how soon it answers, how much memory it holds, what a request takes over HTTP."""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.timing import Report, ms

PORT = 8137
PATHS = ("/", "/map", "/map?theme=lines", "/api/status", "/table", "/healthz")


def run(report: Report) -> None:
    report.title("The service over the sample")
    tongchou = Path(sys.executable).with_name("tongchou")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "sample.gpkg"
        subprocess.run([tongchou, "init", "--sample", "--store", store], check=True, capture_output=True)
        start = time.perf_counter()
        service = subprocess.Popen(
            [tongchou, "serve", "--port", str(PORT), "--store", store],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ready = _ready(start)
            _report(report, service.pid, ready)
        finally:
            service.terminate()
            service.wait(20)


def _get(path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=30) as answer:
        return bytes(answer.read())


def _ready(start: float) -> float:
    while time.perf_counter() - start < 60:
        try:
            _get("/healthz")
            return time.perf_counter() - start
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the service did not answer within a minute")


def _report(report: Report, pid: int, ready: float) -> None:
    report.head("", "first", "median of 30", "answer")
    for path in PATHS:
        seconds = []
        for _ in range(31):
            start = time.perf_counter()
            size = len(_get(path))
            seconds.append(time.perf_counter() - start)
        report.row(f"`{path}`", ms(seconds[0]), ms(statistics.median(seconds[1:])), f"{size / 1000:,.0f} kB")
    memory = psutil.Process(pid).memory_info().rss / 1e6
    report.say("")
    report.goal(f"the service answers `/healthz` within 3 s of its start: {ms(ready)}", met=ready < 3)
    report.goal(f"its memory after these requests under 300 MB: {memory:,.0f} MB", met=memory < 300)
