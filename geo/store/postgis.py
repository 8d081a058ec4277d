"""The store on a server: one schema of a PostgreSQL database with PostGIS, for several processes at once."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyproj import CRS

from geo.errors import StoreBusy, StoreExists
from geo.store import gpkg
from geo.store.history import pour
from geo.store.postgis_schema import described_database, stored_meta
from geo.store.postgis_view import LAST_REVISION, PostgisView
from geo.store.postgis_writing import PostgisWriting
from geo.store.postgres import Place, make_engine, translated
from geo.store.sql_store import SqlStore
from geo.store.sqlite import BUSY_TIMEOUT_S


class PostgisStore(SqlStore):
    """An open database. Every thread of every process may read at any time; writers take turns."""

    def __init__(self, place: Place, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open the store in the database; raises what ``described_database`` raises."""
        self._place = place
        self._busy_timeout_s = busy_timeout_s
        super().__init__(place.shown, CRS.from_user_input(described_database(place)["crs"]))
        self._engine = make_engine(place)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._asking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = threading.Lock()

    @contextmanager
    def view(self) -> Iterator[PostgisView]:
        """The store at one revision, whatever is written meanwhile."""
        self._refuse_closed()
        with translated(self._place), self._reading.begin() as connection:
            yield PostgisView(connection, self._crs)

    @contextmanager
    def writing(self) -> Iterator[PostgisWriting]:
        """One write transaction, kept if the block ends well; ``StoreBusy`` if another does not end."""
        self._refuse_closed()
        if not self._turn.acquire(timeout=self._busy_timeout_s):
            raise StoreBusy(path=self._place.shown)
        try:
            with translated(self._place), self._engine.begin() as connection:
                yield PostgisWriting(connection, self._crs, self._busy_timeout_s)
        finally:
            self._turn.release()

    def revision(self) -> int:
        """Number of the last transaction; one number read, cheap enough for every request."""
        self._refuse_closed()
        with translated(self._place), self._asking.connect() as connection:
            return int(connection.exec_driver_sql(LAST_REVISION).scalar_one())

    def backup(self, path: Path) -> None:
        """Write the store as it is now, with its whole history, to a new GeoPackage; writers go on."""
        with self.view() as view, gpkg.filling(path, view.meta()) as writing:
            pour(view, writing)

    def close(self) -> None:
        """Close every connection; the store is of no use afterwards."""
        self._closed = True
        self._engine.dispose()


@contextmanager
def filling(place: Place, meta: Mapping[str, str]) -> Iterator[PostgisWriting]:
    """Enter a district into a migrated schema that has none, and fill it, in one transaction.

    The store is there when the block ends well, else there is none. Raises ``StoreExists``.
    """
    stored_meta(place)
    engine = make_engine(place)
    try:
        with translated(place), engine.begin() as connection:
            writing = PostgisWriting(connection, CRS.from_user_input(meta["crs"]), BUSY_TIMEOUT_S)
            if "district" in writing.meta():
                raise StoreExists(path=place.shown)
            writing.describe(meta)
            yield writing
    finally:
        engine.dispose()
