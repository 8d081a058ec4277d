"""Opening a store by its location, and making a new one.

The driver of a database and its migrations are imported where a database is named: they hold 20 MB that a
service on a file has no use for.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from pyproj import CRS

from geo.district import District
from geo.errors import StoreMissing, StoreUnsuitable
from geo.store import gpkg
from geo.store.gpkg import GeoPackageStore
from geo.store.locations import is_database
from geo.store.places import is_live
from geo.store.placing import put_in_place, refuse_taken
from geo.store.protocol import Store, Writing
from geo.store.sqlite import BUSY_TIMEOUT_S
from geo.store.tables import SCHEMA_VERSION

__all__ = [
    "Store",
    "create_from",
    "create_store",
    "filling",
    "is_database",
    "is_live",
    "migrate",
    "open_store",
    "put_in_place",
    "refuse_taken",
    "shown",
    "store_path",
]

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


def store_path(location: str) -> Path:
    """The file that a location names: a path, or ``gpkg:PATH``.

    Raises ``StoreUnsuitable`` (``store_kind_unsupported``) for what is no file.
    """
    scheme = SCHEME.match(location)
    if scheme:
        raise StoreUnsuitable("store_kind_unsupported", kind=scheme[1])
    return Path(location.removeprefix("gpkg:")).expanduser()


def shown(location: str) -> str:
    """A location as people may read it: without password."""
    if not is_database(location):
        return str(store_path(location))
    from geo.store.postgres import place_of

    return place_of(location).shown


def open_store(location: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
    """Open the store at ``location``; a writer that waits for another too long gets ``StoreBusy``.

    A GeoPackage of an older schema is migrated first, with a backup beside it. Raises ``StoreMissing`` where
    there is nothing, ``StoreUnsuitable`` where it is not a store of ours, is of a newer schema, lies on a
    network drive, SQLite is too old, or a database is of an older schema, which is its owner's to migrate.
    """
    if is_database(location):
        from geo.store.postgis import PostgisStore
        from geo.store.postgres import place_of

        return PostgisStore(place_of(location), busy_timeout_s=busy_timeout_s)
    path = store_path(location)
    if not path.exists():
        raise StoreMissing(path=str(path))
    return GeoPackageStore(path, busy_timeout_s=busy_timeout_s)


def create_store(
    location: str, district: District, *, sample: bool = False, as_of: date | None = None
) -> Store:
    """Make an empty store for ``district`` and open it: the whole of it appears at once or not at all.

    Raises ``StoreExists`` where there is something already, be it only the ``-wal`` of a store that was
    deleted: SQLite would play it into the new one.
    """
    return create_from(location, _meta(district, sample, as_of))


def create_from(location: str, meta: Mapping[str, str]) -> Store:
    """Make an empty store that says ``meta`` of itself, and open it; raises as ``create_store`` does."""
    with filling(location, meta):
        pass
    return open_store(location)


def filling(location: str, meta: Mapping[str, str]) -> AbstractContextManager[Writing]:
    """A new store that says ``meta`` of itself, to be filled in one transaction; raises ``StoreExists``.

    When the block ends well the store is there, else there is none. A database whose schema is not there yet
    is migrated first, if the role in ``location`` may do that.
    """
    if not is_database(location):
        return gpkg.filling(store_path(location), meta)
    from geo.store import postgis
    from geo.store.postgis_schema import is_migrated, migrate_database
    from geo.store.postgres import place_of

    place = place_of(location)
    if not is_migrated(place):
        migrate_database(place, CRS.from_user_input(meta["crs"]), None)
    return postgis.filling(place, meta)


def migrate(location: str, district: District, *, service: str | None = None) -> None:
    """Bring the schema of the store at ``location`` to this program's version.

    For a database: as its owner; the schema is made if there is none, and the role ``service`` is given what
    the service needs and no more. For a GeoPackage: what opening it does. Raises as ``open_store`` does.
    """
    if is_database(location):
        from geo.store.postgis_schema import migrate_database
        from geo.store.postgres import place_of

        migrate_database(place_of(location), district.crs, service)
    else:
        open_store(location).close()


def _meta(district: District, sample: bool, as_of: date | None) -> Mapping[str, str]:
    meta = {
        "district": district.code,
        "crs": district.crs_name() if district.crs.to_authority() else district.crs.to_wkt(),
        "towns": ",".join(district.town_codes()),
        "schema_version": str(SCHEMA_VERSION),
        "sample": "true" if sample else "false",
    }
    return {**meta, "as_of": as_of.isoformat()} if as_of else meta
