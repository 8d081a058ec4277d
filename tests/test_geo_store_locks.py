"""One copy of SQLite touches the live file: nothing else in the process opens it, its -wal or its -shm.

``foreign_opens`` runs any code in a process of its own and tells what else opened the file there. It watches
in two ways that patch nothing: Python's audit events name each ``open`` and each connection of the standard
library's SQLite; inotify counts the opens of the file by whatever code (GDAL, Arrow, another SQLite), which
must not be more than the connections that SQLAlchemy's pools have made to it.
"""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from geo.store.opening import create_store
from tests.test_geo_store import DISTRICT, district

WATCH = """
def _watch(live, report):
    import atexit, collections, ctypes, json, os, struct, sys, traceback
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    folder, name = os.path.split(os.path.realpath(live))
    names = {name + end for end in ("", "-wal", "-shm")}
    found, connected, opened, excess, told = [], [0], collections.Counter(), collections.Counter(), [0]
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.inotify_init1(os.O_NONBLOCK)
    if queue < 0 or libc.inotify_add_watch(queue, os.fsencode(folder), 0x20) < 0:
        raise OSError(ctypes.get_errno(), "inotify")

    def named(place):
        text = os.fsdecode(place).removeprefix("file:").split("?")[0]
        where, last = os.path.split(os.path.realpath(text))
        return where == folder and last in names

    def hear(kind, arguments):
        if kind in ("open", "sqlite3.connect") and isinstance(arguments[0], (str, bytes, os.PathLike)):
            if named(arguments[0]):
                place = traceback.extract_stack()[-2]
                found.append(f"{kind} by {place.filename}:{place.lineno} {place.name}")

    def drain(*_):
        while True:
            try:
                block = os.read(queue, 1 << 16)
            except BlockingIOError:
                return
            while block:
                _, mask, _, length = struct.unpack_from("iIII", block)
                last = os.fsdecode(block[16 : 16 + length].rstrip(b"\\0"))
                if mask & 0x4000:
                    found.append("inotify queue overflowed")
                if last in names:
                    opened[last] += 1
                block = block[16 + length :]

    def count(connection, _):
        drain()
        (_, _, place), *_ = connection.execute("PRAGMA database_list").fetchall()
        connected[0] += bool(place) and named(place)

    def look():
        drain()
        for last, times in opened.items():
            if times - connected[0] > excess[last]:
                found.append(f"{last} opened {times} times for {connected[0]} connections")
                excess[last] = times - connected[0]
        fresh = found[told[0] :]
        told[0] = len(found)
        return fresh

    def tell():
        look()
        with open(report, "w", encoding="utf-8") as out:
            json.dump({"connections": connected[0], "found": found}, out)

    event.listen(Pool, "connect", count)
    sys.addaudithook(hear)
    atexit.register(tell)
    return look


import sys as _sys
look = _watch(*_sys.argv[1:3])
del _sys.argv[1:3]
"""


def watched_command(live: Path, report: Path, body: str, *arguments: str) -> list[str]:
    """The command line of a process that runs ``body`` under watch and writes its report when it ends.

    In ``body``, ``look()`` gives what has been found since the last look.
    No other process may open the file meanwhile: inotify does not tell one from the other.
    """
    return [sys.executable, "-c", f"{WATCH}\n{body}", str(live), str(report), *arguments]


def foreign_opens(live: Path, report: Path, body: str, *arguments: str) -> list[str]:
    """What but the store's own SQLite opened ``live`` in a process that runs ``body``."""
    command = watched_command(live, report, body, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told = orjson.loads(report.read_bytes())
    assert told["connections"], "the process did not open the store"
    found: list[str] = told["found"]
    return found


EVERYTHING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from geo.layers import LAYERS
from geo.store.canonical import verify_chain
from geo.store.export import copy_store
from geo.store.opening import is_live, open_store
from geo.store.record import Change, record
from geo.store.snapshot import SnapshotKeeper
from tests.test_geo_store import frame_of

path = Path(sys.argv[1])
at = datetime(2026, 7, 15, tzinfo=UTC)
with open_store(str(path)) as store, open_store(f"gpkg:{path}") as second:
    changes = [Change(name, add=frame_of(layer)) for name, layer in LAYERS.items()]
    record(store, changes, actor="a", at=at, origin="t")
    keeper = SnapshotKeeper(second)
    keeper.current().tree("lines")
    record(second, [Change("works", remove=["works-1 号"])], actor="a", at=at, origin="t")
    assert keeper.current().revision == 2
    assert is_live(path) and not verify_chain(store) and len(store.events())
    copy_store(store, path.with_name("copy.gpkg"))
"""

OFFENCES = {
    "open": "open(path, 'rb').close()",
    "os.open": "import os; os.close(os.open(path, os.O_RDONLY))",
    "pathlib": "from pathlib import Path; Path(path).read_bytes()",
    "hash": "import hashlib; hashlib.file_digest(open(path, 'rb'), 'sha256')",
    "copy": "import shutil; shutil.copyfile(path, path + '.copy')",
    "wal": "open(path + '-wal', 'rb').close()",
    "shm": "open(path + '-shm', 'rb').close()",
    "relative": "import os; os.chdir(os.path.dirname(path)); open(os.path.basename(path), 'rb').close()",
    "link": "import os; os.symlink(path, path + '.link'); open(path + '.link', 'rb').close()",
    "sqlite": "import sqlite3; sqlite3.connect(path).execute('select 1 from sqlite_master').close()",
    "info": "import pyogrio; pyogrio.read_info(path, layer='lines')",
    "layers": "import pyogrio; pyogrio.list_layers(path)",
    "frame": "import geopandas; geopandas.read_file(path, layer='lines')",
    "arrow": "import pyarrow; pyarrow.OSFile(path, 'rb').close()",
}


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "s.gpkg"
    create_store(str(path), district()).close()
    return path


def test_nothing_but_the_stores_own_sqlite_opens_the_live_file(live: Path, tmp_path: Path) -> None:
    assert foreign_opens(live, tmp_path / "report", EVERYTHING, str(live)) == []


def test_the_watch_sees_every_other_way_in(live: Path, tmp_path: Path) -> None:
    body = f"""
import sys
from geo.store.opening import open_store
path = sys.argv[1]
store = open_store(path)
store.revision()
assert not look()
for name, offence in {OFFENCES!r}.items():
    exec(offence)
    if not look():
        print(name)
store.revision()
assert not look()
"""
    command = watched_command(live, tmp_path / "report", body, str(live))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_making_a_store_opens_only_the_file_that_is_not_live_yet(tmp_path: Path) -> None:
    body = """
import sys
from pathlib import Path
from geo.district import read_district
from geo.store.opening import create_store
create_store(sys.argv[1], read_district(Path(sys.argv[2]))).close()
"""
    path = tmp_path / "s.gpkg"
    assert foreign_opens(path, tmp_path / "report", body, str(path), str(DISTRICT)) == []
