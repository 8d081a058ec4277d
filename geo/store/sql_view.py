"""Reading a store by SQL as it was at one revision, in the words that both databases understand."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd
from pyproj import CRS
from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
)

from geo.layers import Layer, layer_named
from geo.store.protocol import Event, KeptReceipt, Revision, Standing
from geo.store.rows import Rows, from_values, to_frame
from geo.store.steps import COMING
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, META, RECEIPT, REVISION

EVENT_FIELDS = tuple(EVENT.c[name] for name in Event._fields)
REVISION_FIELDS = tuple(REVISION.c[name] for name in Revision._fields)
SHOWN_FIELDS = ("revision", "seq", "at", "actor", "origin", "layer", "row_id", "action", "before", "after")

CAME = or_(*(EVENT.c.action == action for action in COMING))
TOUCHED = (
    select(EVENT.c.layer, EVENT.c.row_id, func.max(case((CAME, 1), else_=0)))
    .where(EVENT.c.revision > bindparam("since"))
    .group_by(EVENT.c.layer, EVENT.c.row_id)
)
FIRST = (
    select(func.min(EVENT.c.seq))
    .where(EVENT.c.revision > bindparam("since"))
    .group_by(EVENT.c.layer, EVENT.c.row_id)
)
BEFORE = select(EVENT.c.layer, EVENT.c.row_id, EVENT.c.before).where(EVENT.c.seq.in_(FIRST))
STOOD = (
    select(EVENT.c.row_id, func.max(EVENT.c.revision), func.max(case((CAME, EVENT.c.seq))))
    .where(EVENT.c.layer == bindparam("layer"), EVENT.c.revision <= bindparam("until"))
    .group_by(EVENT.c.row_id)
)
LAST_OF_ROW = (
    select(*EVENT_FIELDS)
    .where(EVENT.c.layer == bindparam("layer"), EVENT.c.row_id == bindparam("row"))
    .where(EVENT.c.revision <= bindparam("until"))
    .order_by(EVENT.c.seq.desc())
    .limit(1)
)

ONE_RECEIPT = select(*RECEIPT.c).where(RECEIPT.c.key == bindparam("key"))
REVISION_AT = select(func.coalesce(func.max(REVISION.c.revision), 0)).where(REVISION.c.at <= bindparam("at"))
ALL_META = select(META.c.key, META.c.value)

READ_AT_ONCE = 1000


@lru_cache(maxsize=512)
def compiled(statement: Executable, dialect: Dialect) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """SQL, the order of its parameters and the values that it holds already."""
    form = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    return form.string, tuple(form.positiontup or ()), form.params


@cache
def _rows_sql(kind: "type[SqlView]", layer: str, by_id: bool) -> str:
    """All rows of a layer, or those of the given ids, in the order in which they came."""
    table = LAYER_TABLES[layer]
    query = select(*(kind.told(column) for column in table.c if column.name != "fid")).order_by(table.c.fid)
    return compiled(query.where(kind.among(table.c.id)) if by_id else query, kind.dialect)[0]


@cache
def _known(kind: "type[SqlView]", layer: str) -> Executable:
    table = LAYER_TABLES[layer]
    return select(table.c.id).where(kind.among(table.c.id))


@cache
def _retired(kind: "type[SqlView]", layer: str) -> Executable:
    removed = select(EVENT.c.row_id).where(EVENT.c.layer == layer, EVENT.c.action == "remove")
    return removed.where(kind.among(EVENT.c.row_id))


@cache
def _referring(kind: "type[SqlView]", layer: str, column: str) -> Executable:
    table = LAYER_TABLES[layer]
    return select(table.c.id, table.c[column]).where(kind.among(table.c[column]))


class SqlView(ABC):
    """A read transaction. ``crs`` is the store's CRS."""

    dialect: ClassVar[Dialect]

    def __init__(self, connection: Connection, crs: CRS) -> None:
        self._connection = connection
        self._crs = crs

    @staticmethod
    @abstractmethod
    def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether ``column`` is one of the parameter ``ids``."""

    @staticmethod
    @abstractmethod
    def ids_value(ids: Collection[str]) -> Any:
        """The parameter ``ids`` as the driver takes it."""

    @staticmethod
    def told(column: Any) -> Any:
        """How a layer's column is asked for, so that its values come as plain ones."""
        return column

    @staticmethod
    @abstractmethod
    def shapes(values: list[Any]) -> list[bytes | None]:
        """Little-endian WKB from what the geometry column gave; a multi of one part is that part."""

    @property
    def crs(self) -> CRS:
        return self._crs

    def _cursor(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        cursor = self._connection.connection.cursor()
        cursor.execute(sql, values)
        return cursor

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor(sql, values).fetchall()
        return rows

    def _select(self, statement: Executable, **values: Any) -> list[tuple[Any, ...]]:
        sql, names, held = compiled(statement, self.dialect)
        return self._rows(sql, tuple({**held, **values}[name] for name in names))

    def _stream(self, statement: Executable) -> Iterator[tuple[Any, ...]]:
        sql, names, held = compiled(statement, self.dialect)
        yield from self._cursor(sql, tuple(held[name] for name in names))

    @abstractmethod
    def revision(self) -> int:
        """Number of the last transaction that this one sees."""

    def meta(self) -> Mapping[str, str]:
        """What the store says of itself, ``revision`` among it."""
        stored = dict(self._select(ALL_META))
        return MappingProxyType({**stored, "revision": str(self.revision())})

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame:
        """Rows of a layer in the order in which they came, typed as contracted, with ``row_revision``.

        A GeoDataFrame in the store's CRS where the layer has geometry. Unknown ``ids`` are left out.
        """
        layer = layer_named(layer) if isinstance(layer, str) else layer
        values, wkb = self._values_of(layer, ids)
        return to_frame(layer, values, wkb, self._crs)

    def rows(self, layer: Layer, ids: Collection[str] | None = None) -> tuple[Rows, list[int]]:
        """What ``read`` gives as plain values, and the row revisions."""
        values, wkb = self._values_of(layer, ids)
        return from_values(layer, values, wkb), values["row_revision"]

    def _values_of(
        self, layer: Layer, ids: Collection[str] | None
    ) -> tuple[dict[str, list[Any]], list[bytes | None]]:
        names = [column.name for column in LAYER_TABLES[layer.name].c if column.name != "fid"]
        values: dict[str, list[Any]] = {name: [] for name in names}
        sql = _rows_sql(type(self), layer.name, ids is not None)
        cursor = self._cursor(sql, () if ids is None else (self.ids_value(ids),))
        while rows := cursor.fetchmany(READ_AT_ONCE):
            for column, part in zip(values.values(), zip(*rows, strict=True), strict=True):
                column.extend(part)
        return values, self.shapes(values.pop(GEOMETRY_COLUMN, []))

    def events(
        self,
        *,
        since: int = 0,
        until: int | None = None,
        layer: str | None = None,
        ids: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame:
        """The history after revision ``since`` up to ``until``: ``at`` in UTC, the rows as JSON text."""
        query = select(*(EVENT.c[name] for name in SHOWN_FIELDS)).where(EVENT.c.revision > since)
        query = query.order_by(EVENT.c.seq.desc() if newest_first else EVENT.c.seq)
        if until is not None:
            query = query.where(EVENT.c.revision <= until)
        if layer is not None:
            query = query.where(EVENT.c.layer == layer)
        if ids is not None:
            query = query.where(self.among(EVENT.c.row_id))
        if limit is not None:
            query = query.limit(limit)
        rows = self._select(query, **({} if ids is None else {"ids": self.ids_value(ids)}))
        frame = pd.DataFrame(rows, columns=list(SHOWN_FIELDS)).astype("string")
        frame["at"] = pd.to_datetime(frame["at"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        return frame.astype({"revision": "Int64", "seq": "Int64"})

    def last_event(self, layer: str, row: str, until: int) -> Event | None:
        """The last event of a row up to revision ``until``; ``None`` where there was none yet."""
        rows = [] if "\0" in row else self._select(LAST_OF_ROW, layer=layer, row=row, until=until)
        return Event._make(rows[0]) if rows else None

    def touched(self, since: int) -> Mapping[str, Mapping[str, bool]]:
        """By layer the ids that events after revision ``since`` name, and whether the row came in since."""
        found: dict[str, dict[str, bool]] = {}
        for layer, row, came in self._select(TOUCHED, since=since):
            found.setdefault(layer, {})[row] = bool(came)
        return found

    def before(self, since: int) -> Mapping[str, Mapping[str, str | None]]:
        """By layer the rows touched after revision ``since`` as they were then, as canonical JSON."""
        found: dict[str, dict[str, str | None]] = {}
        for layer, row, text in self._select(BEFORE, since=since):
            found.setdefault(layer, {})[row] = text
        return found

    def stood(self, layer: str, until: int, ids: Collection[str] | None = None) -> Mapping[str, Standing]:
        """How the rows that a layer had had by revision ``until`` stood; all of them without ``ids``."""
        given = {} if ids is None else {"ids": self.ids_value(ids)}
        query = STOOD if ids is None else STOOD.where(self.among(EVENT.c.row_id))
        rows = self._select(query, layer=layer, until=until, **given)
        return {row: Standing(revision, born) for row, revision, born in rows}

    def receipt(self, key: str) -> KeptReceipt | None:
        """The receipt of that key, if it was given."""
        rows = self._select(ONE_RECEIPT, key=key)
        return KeptReceipt(*rows[0]) if rows else None

    def receipts(self) -> Iterator[KeptReceipt]:
        """Every receipt, by its key."""
        yield from map(KeptReceipt._make, self._stream(select(*RECEIPT.c).order_by(RECEIPT.c.key)))

    def revision_at(self, at: str) -> int:
        """The last revision whose stamp is not after ``at``; 0 if there is none."""
        return int(self._select(REVISION_AT, at=at)[0][0])

    def chain(self, since: int = 0) -> Iterator[Event]:
        """Every event after revision ``since``, oldest first."""
        query: Select[Any] = select(*EVENT_FIELDS).order_by(EVENT.c.seq)
        yield from map(Event._make, self._stream(query.where(EVENT.c.revision > since) if since else query))

    def revisions(self) -> Iterator[Revision]:
        """Every revision, oldest first."""
        query: Select[Any] = select(*REVISION_FIELDS).order_by(REVISION.c.revision)
        yield from map(Revision._make, self._stream(query))


class SqlWriting(SqlView):
    """What a write transaction asks before it writes."""

    def known(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that are in the layer now."""
        return self._ids(_known(type(self), layer.name), ids)

    def retired(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that were in the layer once and have been removed."""
        return self._ids(_retired(type(self), layer.name), ids)

    def referring(self, layer: Layer, column: str, ids: Collection[str]) -> list[tuple[str, str]]:
        """(row id, value) of the layer's rows whose ``column`` is one of ``ids``."""
        query = _referring(type(self), layer.name, column)
        return [(str(row), str(value)) for row, value in self._select(query, ids=self.ids_value(ids))]

    def _ids(self, query: Executable, ids: Collection[str]) -> set[str]:
        return {row[0] for row in self._select(query, ids=self.ids_value(ids))} if ids else set()

    def _many(self, sql: str, values: Any) -> None:
        cursor: Any = self._connection.connection.cursor()
        cursor.executemany(sql, values)
