"""The accounts' own store: a file beside the district's, or a schema of its own in the same database."""

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, insert, select
from sqlalchemy.pool import QueuePool

from api.accounts.tables import META, SCHEMA_VERSION, metadata
from geo.errors import StoreUnsuitable
from geo.store.locations import is_database
from geo.store.places import refuse_network_drive
from geo.store.sqlite import BUSY_TIMEOUT_S, driver, translated

ENDING = ".accounts.sqlite"
CONNECTIONS = 8
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=OFF",
    "trusted_schema=OFF",
    "secure_delete=ON",
)
SECRET = "secret"
VERSION = "schema_version"


class Database(Protocol):
    """Transactions on the accounts' tables."""

    secret: str

    def reading(self) -> AbstractContextManager[Connection]:
        """A context with a connection that only looks."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A context with a connection in a transaction that is kept when the context ends well."""

    def close(self) -> None: ...


def accounts_location(store: str, named: str | None) -> str:
    """Where the accounts of the store at ``store`` are: where ``named`` says, else beside it."""
    if named:
        return named
    if is_database(store):
        return store
    path = Path(store.removeprefix("gpkg:")).expanduser()
    return str(path.with_name(f"{path.stem}{ENDING}"))


def open_database(location: str) -> Database:
    """Open the accounts at ``location``; a file is made if there is none.

    Raises ``StoreUnsuitable``: ``store_on_network``, ``store_schema`` for another version than ours, or
    ``accounts_missing`` where a database's owner has not made the schema yet.
    """
    if is_database(location):
        # The driver of a database holds 20 MB that a service on a file has no use for.
        from api.accounts.postgres import AccountsSchema
        from geo.store.postgres import place_of

        return AccountsSchema(place_of(location))
    return AccountsFile(Path(location).expanduser())


def migrate_accounts(location: str, service: str | None) -> None:
    """Make what is missing of the accounts at ``location``, as the owner of the database.

    The role ``service`` is given what the service needs and no more; a file needs none of that. Raises as
    ``open_database`` does.
    """
    if not is_database(location):
        open_database(location).close()
        return
    from api.accounts.postgres import make_schema
    from geo.store.postgres import place_of

    make_schema(place_of(location), service)


class AccountsFile:
    """The accounts in a SQLite file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        refuse_network_drive(path)
        self._path = path
        _touch(path)
        self._engine = _engine(path)
        with self.writing() as connection:
            metadata.create_all(connection)
            if connection.execute(select(META.c.key).limit(1)).first() is None:
                first_meta(connection)
            self.secret = known_secret(connection, str(path))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with translated(self._path), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with translated(self._path), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def close(self) -> None:
        self._engine.dispose()


def _touch(path: Path) -> None:
    """Make the file, for its owner's eyes only, before anything is written into it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return


def _engine(path: Path) -> Engine:
    return create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        module=driver(),
        creator=lambda: _connect(path),
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=-1,
        hide_parameters=True,
    )


def _connect(path: Path) -> Any:
    connection = driver().connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def first_meta(connection: Connection) -> None:
    """Write the key that signs, and the version, into accounts that have just been made."""
    known = {SECRET: secrets.token_urlsafe(32), VERSION: str(SCHEMA_VERSION)}
    connection.execute(insert(META), [{"key": key, "value": value} for key, value in known.items()])


def known_secret(connection: Connection, path: str) -> str:
    """The key that signs; ``StoreUnsuitable`` (``store_schema``) for accounts of another version."""
    known = {str(key): str(value) for key, value in connection.execute(select(META.c.key, META.c.value))}
    if known.get(VERSION) != str(SCHEMA_VERSION):
        raise StoreUnsuitable("store_schema", path=path, found=known.get(VERSION), known=SCHEMA_VERSION)
    return known[SECRET]
