"""The schema of a PostGIS store: made and moved on by its owner, only checked by the service."""

import io
from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from pyproj import CRS
from sqlalchemy import Connection, select, text

from geo.errors import StoreMissing, StoreUnsuitable
from geo.layers import LAYERS
from geo.store.postgres import SCHEMA, Place, make_engine, translated
from geo.store.schema import srs_id
from geo.store.tables import EVENT, META, RECEIPT, REVISION, SCHEMA_VERSION

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK = 0x7463
MAY_EXTEND = (
    "SELECT rolsuper AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis') "
    "FROM pg_roles WHERE rolname = current_user"
)
SERVICES = (
    "SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee "
    f"WHERE c.oid = '{SCHEMA}.{EVENT.name}'::regclass AND a.privilege_type = 'INSERT' AND r.oid <> c.relowner"
)
GRANTS = {
    "SELECT, INSERT, UPDATE, DELETE": tuple(LAYERS),
    "SELECT, INSERT": (EVENT.name, REVISION.name, META.name, RECEIPT.name),
    "SELECT, UPDATE": ("tongchou_head",),
    "SELECT": ("alembic_version",),
}


def migrate_database(place: Place, crs: CRS, service: str | None) -> None:
    """Bring the schema to this program's version, as its owner, and say what the role ``service`` may do.

    Without ``service`` that is said of every role that a service runs as already.
    Raises ``StoreUnsuitable``: ``store_not_permitted``, ``store_without_postgis``, ``store_encoding``,
    ``store_schema`` (newer than the program) or ``store_no_role``.
    """
    engine = make_engine(place)
    try:
        with translated(place), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            _refuse_newer(connection, place)
            _prepare(connection, place)
            upgrade(connection, crs)
            for role in {service} if service is not None else _services(connection):
                _grant(connection, place, role)
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection, place: Place) -> None:
    found = _version(connection)
    if found is not None and found > SCHEMA_VERSION:
        raise StoreUnsuitable("store_schema", path=place.shown, found=found, known=SCHEMA_VERSION)


def _prepare(connection: Connection, place: Place) -> None:
    if connection.scalar(text("SHOW server_encoding")) != "UTF8":
        raise StoreUnsuitable("store_encoding", path=place.shown)
    if not connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'")):
        if not connection.scalar(text(MAY_EXTEND)):
            raise StoreUnsuitable("store_without_postgis", path=place.shown)
        connection.execute(text("CREATE EXTENSION postgis"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))


def upgrade(connection: Connection, crs: CRS, version: str = "head") -> None:
    """Run the migrations up to ``version`` in the connection's transaction."""
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["srid"] = srs_id(crs)
    connection.execute(text(f"SELECT set_config('{SCHEMA}.record', 'on', true)"))
    command.upgrade(config, version)


def _grant(connection: Connection, place: Place, service: str) -> None:
    if not connection.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = :role"), {"role": service}):
        raise StoreUnsuitable("store_no_role", path=place.shown, role=service)
    quote = connection.dialect.identifier_preparer.quote_identifier
    role = quote(service)
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}".replace("%", "%%"))
    for rights, tables in GRANTS.items():
        names = ", ".join(f"{SCHEMA}.{name}" for name in tables)
        connection.exec_driver_sql(f"REVOKE ALL ON {names} FROM {role}".replace("%", "%%"))
        connection.exec_driver_sql(f"GRANT {rights} ON {names} TO {role}".replace("%", "%%"))


def _services(connection: Connection) -> set[str]:
    """The roles that a service runs as already: they may add events and do not own them."""
    return {str(role) for (role,) in connection.execute(text(SERVICES))}


def _version(connection: Connection) -> int | None:
    """The version of the schema, or ``None`` where there is none."""
    there = text("SELECT to_regclass(:name) IS NOT NULL")
    if not connection.scalar(there, {"name": f"{SCHEMA}.{META.name}"}):
        return None
    found = connection.scalar(select(META.c.value).where(META.c.key == "schema_version"))
    return None if found is None else int(found)


def described_database(place: Place) -> Mapping[str, str]:
    """What the store in a database says of itself.

    Raises ``StoreMissing`` where there is none, ``StoreUnsuitable`` (``store_schema``) for another version.
    """
    meta = stored_meta(place)
    if "district" not in meta:
        raise StoreMissing(path=place.shown)
    return meta


def is_migrated(place: Place) -> bool:
    """Whether the database has a schema of ours, of whatever version."""
    engine = make_engine(place)
    try:
        with translated(place), engine.connect() as connection:
            return _version(connection) is not None
    finally:
        engine.dispose()


def stored_meta(place: Place) -> Mapping[str, str]:
    """Meta of a migrated schema, with or without a district in it; raises as ``described_database`` does."""
    engine = make_engine(place)
    try:
        with translated(place), engine.connect() as connection:
            found = _version(connection)
            if found is None:
                raise StoreMissing(path=place.shown)
            if found != SCHEMA_VERSION:
                raise StoreUnsuitable("store_schema", path=place.shown, found=found, known=SCHEMA_VERSION)
            rows = connection.execute(select(META.c.key, META.c.value))
            return {str(key): str(value) for key, value in rows}
    finally:
        engine.dispose()
