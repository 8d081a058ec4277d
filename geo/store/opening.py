"""Opening a store by its location, and making a new one."""

import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pyproj import CRS

from geo.district import District
from geo.errors import StoreExists, StoreMissing, StoreUnsuitable
from geo.store.gpkg import BUSY_TIMEOUT_S, GeoPackageStore, make_file
from geo.store.places import COMPANIONS, is_live, refuse_network_drive
from geo.store.postgis import PostgisStore, make_database_store
from geo.store.postgis_schema import is_migrated, migrate_database
from geo.store.postgres import is_database, place_of
from geo.store.protocol import Store
from geo.store.tables import SCHEMA_VERSION

__all__ = ["Store", "create_from", "create_store", "is_live", "migrate", "open_store", "store_path"]

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


def store_path(location: str) -> Path:
    """The file that a location names: a path, or ``gpkg:PATH``.

    Raises ``StoreUnsuitable`` (``store_kind_unsupported``) for what is no file.
    """
    scheme = SCHEME.match(location)
    if scheme:
        raise StoreUnsuitable("store_kind_unsupported", kind=scheme[1])
    return Path(location.removeprefix("gpkg:")).expanduser()


def open_store(location: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
    """Open the store at ``location``; a writer that waits for another too long gets ``StoreBusy``.

    A GeoPackage of an older schema is migrated first, with a backup beside it. Raises ``StoreMissing`` where
    there is nothing, ``StoreUnsuitable`` where it is not a store of ours, is of a newer schema, lies on a
    network drive, SQLite is too old, or a database is of an older schema, which is its owner's to migrate.
    """
    if is_database(location):
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
    """Make an empty store that says ``meta`` of itself, and open it; raises as ``create_store`` does.

    A database whose schema is not there yet is migrated first, if the role in ``location`` may do that.
    """
    if is_database(location):
        place = place_of(location)
        crs = CRS.from_user_input(meta["crs"])
        if not is_migrated(place):
            migrate_database(place, crs, None)
        make_database_store(place, meta)
        return PostgisStore(place)
    path = store_path(location)
    refuse_network_drive(path)
    refuse_taken(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        make_file(fresh, meta)
        put_in_place(fresh, path)
    return GeoPackageStore(path)


def migrate(location: str, district: District, *, service: str | None = None) -> None:
    """Bring the schema of the store at ``location`` to this program's version.

    For a database: as its owner; the schema is made if there is none, and the role ``service`` is given what
    the service needs and no more. For a GeoPackage: what opening it does. Raises as ``open_store`` does.
    """
    if is_database(location):
        migrate_database(place_of(location), district.crs, service)
    else:
        open_store(location).close()


def refuse_taken(path: Path) -> None:
    """Raise ``StoreExists`` where a store's file, or what belongs to one, is there already."""
    for taken in (path, *map(Path, (f"{path}{end}" for end in COMPANIONS))):
        if taken.exists():
            raise StoreExists(path=str(taken))


def _meta(district: District, sample: bool, as_of: date | None) -> Mapping[str, str]:
    meta = {
        "district": district.code,
        "crs": district.crs_name() if district.crs.to_authority() else district.crs.to_wkt(),
        "towns": ",".join(district.town_codes()),
        "schema_version": str(SCHEMA_VERSION),
        "sample": "true" if sample else "false",
    }
    return {**meta, "as_of": as_of.isoformat()} if as_of else meta


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a finished file its name, in one step; ``StoreExists`` if the name was taken meanwhile."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError as error:
        raise StoreExists(path=str(path)) from error
    except OSError:
        if path.exists():
            raise StoreExists(path=str(path)) from None
        fresh.rename(path)
