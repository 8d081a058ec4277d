"""Empty places for stores of both kinds, and the private PostgreSQL that one of them stands on."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from geo.district import read_district
from geo.store.locations import is_database
from geo.store.opening import migrate
from geo.store.sqlite import connect

DISTRICT = Path(__file__).parents[1] / "data" / "district.toml"
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
}
HBA = "local all keyed scram-sha-256\nlocal all all trust\n"


@dataclass
class Cluster:
    """A PostgreSQL of this test run: a socket in a folder of its own, one database to each test."""

    folder: Path
    server: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def location(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def run(self, sql: str, database: str = "postgres") -> None:
        with psycopg.connect(
            f"host={self.folder} user=postgres dbname={database}", autocommit=True
        ) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def fresh(self, template: str = "migrated") -> str:
        """The name of a new database made from ``template``: ``bare``, or ``migrated`` without a district."""
        name = f"t{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, database: str) -> None:
        self.run(f"DROP DATABASE {database} WITH (FORCE)")


def unprivileged() -> str | None:
    """PostgreSQL does not run as root: the user that Debian's package made for it."""
    return "postgres" if os.geteuid() == 0 else None


def command(name: str, *arguments: str) -> list[str]:
    return [str(BINARIES[-1] / name) if BINARIES else name, *arguments]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if not BINARIES and shutil.which("initdb") is None:
        pytest.skip("no PostgreSQL here: make debian installs it")
    user = unprivileged()
    with tempfile.TemporaryDirectory(prefix="tongchou-pg-") as name:
        folder, data = Path(name), Path(name) / "data"
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        options = ("-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D", str(data))
        subprocess.run(command("initdb", *options), user=user, check=True, capture_output=True, cwd="/")
        (data / "pg_hba.conf").write_text(HBA)
        settings = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command("postgres", "-D", str(data), "-k", str(folder), *settings),
                user=user,
                stderr=log,
                stdout=log,
                cwd="/",
            )
        made = Cluster(folder, server)
        try:
            prepare(made)
            yield made
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def prepare(cluster: Cluster) -> None:
    """Wait for the server, and make the templates."""
    for _ in range(300):
        try:
            cluster.run("CREATE DATABASE bare")
            break
        except psycopg.OperationalError:
            assert cluster.server.poll() is None, (cluster.folder / "log").read_text()
            time.sleep(0.1)
    cluster.run("CREATE EXTENSION postgis", "bare")
    cluster.run("CREATE DATABASE migrated TEMPLATE bare STRATEGY file_copy")
    migrate(cluster.location("migrated"), read_district(DISTRICT))


gpkg_only = pytest.mark.parametrize("location", ["gpkg"], indirect=True)
postgis_only = pytest.mark.parametrize("location", ["postgis"], indirect=True)


@pytest.fixture(params=["gpkg", "postgis"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty place for a store, of either kind in turn."""
    if request.param == "gpkg":
        yield str(tmp_path / "区.gpkg")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    database = cluster.fresh()
    yield cluster.location(database)
    cluster.drop(database)


@pytest.fixture
def forge(location: str) -> Callable[[str], None]:
    """Alters the store at ``location`` past every guard, as only somebody who owns the machine can."""

    def alter(sql: str) -> None:
        if is_database(location):
            place = location.replace("?", "?options=-csearch_path%3Dtongchou,public&")
            with psycopg.connect(place) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(sql)  # type: ignore[call-overload]
            return
        with closing(connect(Path(location), busy_timeout_s=5, writes=True)) as file:
            file.executescript(sql)

    return alter


@pytest.fixture
def places(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes as many empty places of a kind as a test wants."""
    numbers = count()

    def place(kind: str) -> str:
        if kind == "gpkg":
            return str(tmp_path / f"place-{next(numbers)}.gpkg")
        cluster: Cluster = request.getfixturevalue("cluster")
        database = cluster.fresh()
        request.addfinalizer(lambda: cluster.drop(database))
        return cluster.location(database)

    return place
