"""Reading a GeoPackage store as it was at one revision."""

import json
from collections.abc import Collection, Iterator
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Dialect, bindparam, func, select
from sqlalchemy.dialects import sqlite

from geo.store.blobs import unpack
from geo.store.canonical import GENESIS
from geo.store.gpkg_checks import unsound
from geo.store.protocol import Problem
from geo.store.sql_view import SqlView
from geo.store.tables import EVENT, REVISION

LAST_REVISION = f"SELECT coalesce(max(revision), 0) FROM {REVISION.name}"

LAST_EVENT = select(EVENT.c.seq, EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)


class GeoPackageView(SqlView):
    """A read transaction on the file."""

    dialect: ClassVar[Dialect] = sqlite.dialect(paramstyle="qmark")

    @staticmethod
    def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether ``column`` is one of the parameter ``ids``, a JSON array."""
        given = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
        return column.in_(given.scalar_subquery())

    @staticmethod
    def ids_value(ids: Collection[str]) -> str:
        return json.dumps(list(ids), ensure_ascii=False)

    @staticmethod
    def shapes(values: list[Any]) -> list[bytes | None]:
        return unpack(values)

    def revision(self) -> int:
        return int(self._rows(LAST_REVISION)[0][0])

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, GENESIS) before the first."""
        last = self._select(LAST_EVENT)
        return (int(last[0][0]), str(last[0][1])) if last else (0, GENESIS)

    def unsound(self) -> Iterator[Problem]:
        """What SQLite, the R-trees and the guards say of the file."""
        yield from unsound(self._rows)
