"""Reading a GeoPackage store as it was at one revision."""

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import pandas as pd
from pyproj import CRS
from sqlalchemy import Connection, Executable, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.selectable import ScalarSelect

from geo.layers import Layer, layer_named
from geo.store.blobs import unpack
from geo.store.protocol import Event
from geo.store.rows import to_frame
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, META, REVISION

LAST_REVISION = f"SELECT coalesce(max(revision), 0) FROM {REVISION.name}"
EVENT_FIELDS = tuple(EVENT.c[name] for name in Event._fields)
SHOWN_FIELDS = ("revision", "seq", "at", "actor", "origin", "layer", "row_id", "action", "before", "after")

READ_AT_ONCE = 1000

DIALECT = sqlite.dialect(paramstyle="qmark")


def given_ids() -> ScalarSelect[Any]:
    """The ids in the parameter ``ids``, a JSON array, as a subquery."""
    return select(func.json_each(bindparam("ids")).table_valued("value").c.value).scalar_subquery()


def ids_text(ids: Collection[str]) -> str:
    return json.dumps(list(ids), ensure_ascii=False)


def compiled(statement: Executable) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """SQL, the order of its parameters and the values that it holds already."""
    form = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
    return form.string, tuple(form.positiontup or ()), form.params


@cache
def rows_query(layer: str, by_id: bool) -> str:
    """All rows of a layer, or those of the given ids, in the order in which they came."""
    table = LAYER_TABLES[layer]
    query = select(*(column for column in table.c if column.name != "fid")).order_by(table.c.fid)
    return compiled(query.where(table.c.id.in_(given_ids())) if by_id else query)[0]


class GeoPackageView:
    """A read transaction. ``crs`` is the store's CRS."""

    def __init__(self, connection: Connection, crs: CRS, srs_id: int) -> None:
        self._connection = connection
        self._crs = crs
        self._srs_id = srs_id

    @property
    def crs(self) -> CRS:
        return self._crs

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor(sql, values).fetchall()
        return rows

    def _cursor(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        cursor = self._connection.connection.cursor()
        cursor.execute(sql, values)
        return cursor

    def _select(self, statement: Executable, **values: Any) -> list[tuple[Any, ...]]:
        sql, names, held = compiled(statement)
        return self._rows(sql, tuple({**held, **values}[name] for name in names))

    def revision(self) -> int:
        return int(self._rows(LAST_REVISION)[0][0])

    def meta(self) -> Mapping[str, str]:
        """What the store says of itself, ``revision`` among it."""
        stored = dict(self._select(select(META.c.key, META.c.value)))
        return MappingProxyType({**stored, "revision": str(self.revision())})

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame:
        """Rows of a layer in the order in which they came, typed as contracted, with ``row_revision``.

        A GeoDataFrame in the store's CRS where the layer has geometry. Unknown ``ids`` are left out.
        """
        layer = layer_named(layer) if isinstance(layer, str) else layer
        names = [column.name for column in LAYER_TABLES[layer.name].c if column.name != "fid"]
        values: dict[str, list[Any]] = {name: [] for name in names}
        cursor = self._cursor(
            rows_query(layer.name, ids is not None), () if ids is None else (ids_text(ids),)
        )
        while rows := cursor.fetchmany(READ_AT_ONCE):
            for column, part in zip(values.values(), zip(*rows, strict=True), strict=True):
                column.extend(part)
        return to_frame(layer, values, unpack(values.pop(GEOMETRY_COLUMN, [])), self._crs)

    def events(
        self,
        *,
        since: int = 0,
        layer: str | None = None,
        ids: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame:
        """The history after revision ``since``: ``at`` in UTC, before and after as JSON text."""
        query = select(*(EVENT.c[name] for name in SHOWN_FIELDS)).where(EVENT.c.revision > since)
        query = query.order_by(EVENT.c.seq.desc() if newest_first else EVENT.c.seq)
        if layer is not None:
            query = query.where(EVENT.c.layer == layer)
        if ids is not None:
            query = query.where(EVENT.c.row_id.in_(given_ids()))
        if limit is not None:
            query = query.limit(limit)
        rows = self._select(query, **({} if ids is None else {"ids": ids_text(ids)}))
        frame = pd.DataFrame(rows, columns=list(SHOWN_FIELDS)).astype("string")
        frame["at"] = pd.to_datetime(frame["at"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        return frame.astype({"revision": "Int64", "seq": "Int64"})

    def touched(self, since: int) -> Mapping[str, list[str]]:
        """Ids of the rows that events after revision ``since`` name, by layer."""
        rows = self._select(select(EVENT.c.layer, EVENT.c.row_id).distinct().where(EVENT.c.revision > since))
        found: dict[str, list[str]] = {}
        for layer, row in rows:
            found.setdefault(layer, []).append(row)
        return found

    def chain(self) -> Iterator[Event]:
        """Every event, oldest first."""
        cursor = self._cursor(compiled(select(*EVENT_FIELDS).order_by(EVENT.c.seq))[0])
        yield from map(Event._make, cursor)
