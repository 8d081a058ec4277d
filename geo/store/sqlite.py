"""The one copy of SQLite: which driver, how a connection is made, and its errors in the domain's words."""

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from geo.errors import StoreBusy, StoreError, StoreUnsuitable
from geo.store import blobs

OLDEST_SQLITE = (3, 51, 3)
GUARD = "tongchou_guard"
READERS = 8
BUSY_TIMEOUT_S = 15.0

PRAGMAS = ("synchronous=FULL", "foreign_keys=OFF", "trusted_schema=ON")
READER_PRAGMAS = ("query_only=ON", "cache_size=-8192")
WRITER_PRAGMAS = ("journal_mode=WAL", "cache_size=-65536", "journal_size_limit=33554432")


@cache
def driver() -> ModuleType:
    """The DB-API module with a SQLite at or past 3.51.3: the standard library's, else ``pysqlite3``.

    Raises ``StoreUnsuitable`` (``sqlite_too_old``) where neither is new enough.
    """
    candidates: list[ModuleType] = [sqlite3]
    with suppress(ModuleNotFoundError):
        candidates.append(importlib.import_module("pysqlite3.dbapi2"))
    for module in candidates:
        if tuple(module.sqlite_version_info) >= OLDEST_SQLITE:
            return module
    raise StoreUnsuitable(
        "sqlite_too_old",
        found=", ".join(module.sqlite_version for module in candidates),
        needed=".".join(map(str, OLDEST_SQLITE)),
    )


def connect(path: Path, *, busy_timeout_s: float, writes: bool, create: bool = False) -> Any:
    """A DB-API connection in autocommit, with the GeoPackage functions registered.

    ``writes`` false refuses every change on this connection; the file must exist unless ``create``.
    """
    connection = driver().connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    register_functions(connection)
    for pragma in (*PRAGMAS, *(WRITER_PRAGMAS if writes else READER_PRAGMAS)):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def register_functions(connection: Any) -> None:
    """Register what the R-tree triggers and the guard triggers call."""
    for place, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        connection.create_function(name, 1, blobs.side(place), deterministic=True)
    connection.create_function("ST_IsEmpty", 1, blobs.is_empty, deterministic=True)
    connection.create_function(GUARD, 0, lambda: 1)


def make_engine(path: Path, *, busy_timeout_s: float, writes: bool, create: bool = False) -> Engine:
    """An engine whose transactions begin as written: IMMEDIATE where it ``writes``, else a read snapshot."""
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        module=driver(),
        creator=lambda: connect(path, busy_timeout_s=busy_timeout_s, writes=writes, create=create),
        poolclass=QueuePool,
        pool_size=1 if writes else READERS,
        max_overflow=0 if writes else -1,
        pool_timeout=busy_timeout_s,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def copy_file(source: Path, target: Path) -> None:
    """Copy a GeoPackage by SQLite's backup to a new file, closed and whole; writers are not held up."""
    engine = make_engine(source, busy_timeout_s=BUSY_TIMEOUT_S, writes=False)
    try:
        copy_from(engine, source, target)
    finally:
        engine.dispose()


def copy_from(engine: Engine, source: Path, target: Path) -> None:
    """Copy the GeoPackage that ``engine`` reads, as ``copy_file`` does."""
    with (
        translated(source),
        closing(engine.raw_connection()) as live,
        closing(driver().connect(str(target))) as copy,
    ):
        connection: Any = live.dbapi_connection
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the driver's errors into the store's: the one door at which they are known."""
    try:
        yield
    except DBAPIError as error:
        raise _in_our_words(error.orig, path) from error
    except driver().Error as error:
        raise _in_our_words(error, path) from error


def _in_our_words(error: BaseException | None, path: Path) -> StoreError:
    code = str(getattr(error, "sqlite_errorname", ""))
    text = str(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "is locked" in text:
        return StoreBusy(path=str(path))
    if code in ("SQLITE_NOTADB", "SQLITE_CORRUPT") or "not a database" in text or "malformed" in text:
        return StoreUnsuitable("store_unreadable", path=str(path), problem=text)
    if code == "SQLITE_FULL" or "disk is full" in text:
        return StoreError("store_full", path=str(path))
    if code.startswith("SQLITE_IOERR"):
        return StoreError("store_disk_failed", path=str(path), problem=text)
    if code.startswith("SQLITE_READONLY") or "readonly" in text:
        return StoreUnsuitable("store_read_only", path=str(path), problem=text)
    return StoreError("store_failed", path=str(path), problem=text)
