"""Reading a PostGIS store as it was at one revision."""

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Dialect,
    Executable,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from geo.store.blobs import single
from geo.store.postgis_checks import unsound
from geo.store.protocol import Problem
from geo.store.sql_view import READ_AT_ONCE, SqlView, compiled
from geo.store.tables import Geometry

NAMES = count()

HEAD = Table(
    "tongchou_head",
    MetaData(),
    Column("one", Boolean, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

LAST_EVENT = select(HEAD.c.seq, HEAD.c.hash)
LAST_REVISION = f"SELECT revision FROM {HEAD.name}"


def storable(ids: Collection[str]) -> list[str]:
    """Those of ``ids`` that PostgreSQL can hold at all: without NUL."""
    return [row for row in ids if "\0" not in row]


class PostgisView(SqlView):
    """A read transaction at one snapshot of the database."""

    dialect: ClassVar[Dialect] = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]

    @staticmethod
    def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether ``column`` is one of the parameter ``ids``, an array."""
        return column == func.any(bindparam("ids"))

    @staticmethod
    def ids_value(ids: Collection[str]) -> list[str]:
        return storable(ids)

    @staticmethod
    def told(column: Any) -> Any:
        """Geometry as WKB, dates as ISO text, truth as 0 and 1: as the other store has them."""
        if isinstance(column.type, Geometry):
            return func.ST_AsBinary(column, literal_column("'NDR'"))
        if isinstance(column.type, Date):
            return cast(column, Text)
        return cast(column, Integer) if isinstance(column.type, Boolean) else column

    @staticmethod
    def shapes(values: list[Any]) -> list[bytes | None]:
        return [None if value is None else single(value) for value in values]

    def _cursor(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        driver: Any = self._connection.connection.dbapi_connection
        cursor = driver.cursor(binary=True)
        cursor.execute(sql, values or None)
        return cursor

    def _stream(self, statement: Executable) -> Iterator[tuple[Any, ...]]:
        sql, names, held = compiled(statement, self.dialect)
        driver: Any = self._connection.connection.dbapi_connection
        with driver.cursor(name=f"tongchou_{next(NAMES)}", binary=True) as cursor:
            cursor.itersize = READ_AT_ONCE
            cursor.execute(sql, tuple(held[name] for name in names) or None)
            yield from cursor

    def revision(self) -> int:
        return int(self._rows(LAST_REVISION)[0][0])

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, GENESIS) before the first."""
        ((seq, digest),) = self._select(LAST_EVENT)
        return int(seq), str(digest)

    def unsound(self) -> Iterator[Problem]:
        """What the tables, indexes, guards and shapes in the database say of themselves."""
        yield from unsound(self._rows)
