"""The embedded store: one GeoPackage file that QGIS opens while the service runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import sqlalchemy
from pyproj import CRS
from sqlalchemy import select

from geo.errors import StoreBusy, StoreUnsuitable
from geo.store import places
from geo.store.gpkg_view import LAST_REVISION, GeoPackageView
from geo.store.gpkg_writing import GeoPackageWriting
from geo.store.migrating import migrate_file
from geo.store.placing import placing, refuse_taken
from geo.store.schema import APPLICATION_ID, build
from geo.store.sql_store import SqlStore
from geo.store.sqlite import BUSY_TIMEOUT_S, copy_from, make_engine, translated
from geo.store.tables import META, SCHEMA_VERSION


class GeoPackageStore(SqlStore):
    """An open GeoPackage. Every thread may read at any time; writers take turns."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open the store in the file at ``path``; raises ``StoreUnsuitable`` where it cannot be used."""
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        places.refuse_network_drive(path)
        meta = described(path)
        if int(meta["schema_version"]) < SCHEMA_VERSION:
            migrate_file(path, int(meta["schema_version"]), busy_timeout_s=busy_timeout_s)
        super().__init__(str(path), CRS.from_user_input(meta["crs"]))
        self._reading = make_engine(path, busy_timeout_s=busy_timeout_s, writes=False)
        self._writing = make_engine(path, busy_timeout_s=busy_timeout_s, writes=True)
        self._key, self._live = places.enter(path)

    @contextmanager
    def view(self) -> Iterator[GeoPackageView]:
        """The store at one revision, whatever is written meanwhile."""
        self._refuse_closed()
        with translated(self.path), self._reading.begin() as connection:
            yield GeoPackageView(connection, self._crs)

    @contextmanager
    def writing(self) -> Iterator[GeoPackageWriting]:
        """One write transaction, kept if the block ends well; ``StoreBusy`` if another does not end."""
        self._refuse_closed()
        if not self._live.writing.acquire(timeout=self._busy_timeout_s):
            raise StoreBusy(path=str(self.path))
        try:
            with translated(self.path), self._writing.begin() as connection:
                yield GeoPackageWriting(connection, self._crs)
        finally:
            self._live.writing.release()

    def revision(self) -> int:
        """Number of the last transaction; one number read, cheap enough for every request."""
        self._refuse_closed()
        with translated(self.path):
            connection = self._reading.raw_connection()
            try:
                return int(connection.cursor().execute(LAST_REVISION).fetchone()[0])
            finally:
                connection.close()

    def backup(self, path: Path) -> None:
        """Write the store as it is now to a new file by SQLite's backup; writers are not held up."""
        self._refuse_closed()
        copy_from(self._reading, self.path, path)

    def close(self) -> None:
        """Close every connection; afterwards the file is an ordinary file and the store of no use."""
        if self._closed:
            return
        self._closed = True
        self._reading.dispose()
        self._writing.dispose()
        places.leave(self._key)


@contextmanager
def filling(path: Path, meta: Mapping[str, str]) -> Iterator[GeoPackageWriting]:
    """A new store that says ``meta`` of itself, to be filled in one transaction.

    The whole file is there when the block ends well, else nothing. Raises ``StoreExists``.
    """
    places.refuse_network_drive(path)
    refuse_taken(path)
    with placing(path) as fresh:
        make_file(fresh, meta)
        with GeoPackageStore(fresh) as store, store.writing() as writing:
            yield writing


def described(path: Path) -> Mapping[str, str]:
    """What the file at ``path`` says of itself; ``StoreUnsuitable`` if it is not ours or is newer."""
    engine = make_engine(path, busy_timeout_s=BUSY_TIMEOUT_S, writes=False)
    try:
        with translated(path), engine.connect() as connection:
            number = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
            if number != APPLICATION_ID or not sqlalchemy.inspect(connection).has_table(META.name):
                raise StoreUnsuitable("store_foreign", path=str(path))
            meta = {
                str(key): str(value) for key, value in connection.execute(select(META.c.key, META.c.value))
            }
    finally:
        engine.dispose()
    found = int(meta["schema_version"])
    if found > SCHEMA_VERSION:
        raise StoreUnsuitable("store_schema", path=str(path), found=found, known=SCHEMA_VERSION)
    return meta


def make_file(path: Path, meta: Mapping[str, str]) -> None:
    """Write an empty store that says ``meta`` of itself to a new file, and close it."""
    as_of = date.fromisoformat(meta["as_of"]) if "as_of" in meta else None
    engine = make_engine(path, busy_timeout_s=BUSY_TIMEOUT_S, writes=True, create=True)
    with translated(path):
        with engine.begin() as connection:
            build(connection, CRS.from_user_input(meta["crs"]), as_of)
            said = [{"key": key, "value": value} for key, value in meta.items() if key != "revision"]
            connection.execute(META.insert(), said)
        engine.dispose()
