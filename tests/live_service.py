"""A service in a process of its own, to be killed or have its disk taken away, and who calls it."""

import ctypes
import errno
import http.client
import json
import multiprocessing
import os
import platform
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.accounts.accounts import open_accounts
from api.cli import run
from api.commands import serving  # noqa: F401  (imported once, before services are forked)
from geo.store import postgis  # noqa: F401  (as above: otherwise each service imports it when it is timed)
from geo.vocabulary import Role

NUMBERS = {
    "x86_64": {"fsync": 74, "fdatasync": 75, "pwrite64": 18, "seccomp": 317},
    "aarch64": {"fsync": 82, "fdatasync": 83, "pwrite64": 68, "seccomp": 277},
}.get(platform.machine(), {})
SICKNESSES = {
    signal.SIGUSR1: (("fsync", "fdatasync"), errno.EIO),
    signal.SIGUSR2: (("pwrite64",), errno.ENOSPC),
}
"""What a signal does to the service: from then on these calls fail with that error, for good."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Filter(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    ]


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]


def fail_from_now_on(calls: tuple[str, ...], error: int) -> None:
    """Have the kernel refuse system calls of this process and all its threads: a filter by seccomp."""
    load, jump, give, allow, refuse = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
    steps = [Filter(load, 0, 0, 0)]
    steps += [Filter(jump, len(calls) - place, 0, NUMBERS[call]) for place, call in enumerate(calls)]
    steps += [Filter(give, 0, 0, allow), Filter(give, 0, 0, refuse | error)]
    program = Program(len(steps), (Filter * len(steps))(*steps))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    if libc.syscall(NUMBERS["seccomp"], 1, 1, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "seccomp")


def serve(location: str, environment: dict[str, str], port: int) -> None:
    """What the process does: ``tongchou serve``, with an ear for the sicknesses."""
    os.environ.update(environment)
    for number, (calls, error) in SICKNESSES.items():
        signal.signal(number, lambda *_, calls=calls, error=error: fail_from_now_on(calls, error))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os._exit(run(["serve", "--store", location, "--port", str(port), "--json"]))


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Makes processes that have imported everything already, of which no test's threads are part."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    first = context.Process(target=os.getpid)
    first.start()
    first.join()
    return context


@dataclass
class Live:
    """A service that comes and goes over one store, always at the same address."""

    context: ForkServerContext
    location: str
    folder: Path
    port: int
    token: str
    process: ForkServerProcess | None = None

    def start(self) -> float:
        """Start the service; how many seconds it took until it was ready."""
        environment = {
            "TONGCHOU_ACCOUNTS": str(self.folder / "accounts.sqlite"),
            "TONGCHOU_FILES": str(self.folder / "files"),
        }
        began = time.monotonic()
        self.process = self.context.Process(target=serve, args=(self.location, environment, self.port))
        self.process.start()
        while time.monotonic() - began < 60:
            try:
                if self.call("GET", "/readyz").status == 200:
                    return time.monotonic() - began
            except OSError:
                assert self.process.exitcode is None, self.process.exitcode
                time.sleep(0.01)
        raise TimeoutError("the service did not get ready")

    def fall(self, sickness: signal.Signals) -> None:
        """Have the service's disk fail from now on."""
        assert self.process is not None and self.process.pid is not None
        os.kill(self.process.pid, sickness)
        time.sleep(0.1)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return ask(connection, self.token, method, path, body, **headers)
        finally:
            connection.close()


def ask(
    connection: http.client.HTTPConnection, token: str, method: str, path: str, body: Any, **headers: str
) -> Answer:
    """One request with the token; ``headers`` have underscores for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    if content is not None:
        named.setdefault("content-type", "application/json")
    connection.request(method, path, content, {**named, "authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    told = answer.read()
    kind = answer.headers.get("content-type", "")
    return Answer(answer.status, dict(answer.headers), json.loads(told) if "json" in kind else told)


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@contextmanager
def live_service(context: ForkServerContext, location: str, folder: Path) -> Iterator[Live]:
    """A service over the store at ``location``, not started yet, and a planner's token for it."""
    accounts = open_accounts(str(folder / "accounts.sqlite"), idle_s=3600, life_s=3600)
    planner = accounts.people.add("planner", Role.PLANNER)
    _, token = accounts.tokens.make(planner.id, "test", ("read", "edit"), 1)
    accounts.close()
    live = Live(context, location, folder, free_port(), token)
    try:
        yield live
    finally:
        if live.process is not None and live.process.is_alive():
            live.process.kill()
            live.process.join()
