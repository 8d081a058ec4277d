"""Writing to a PostGIS store: one transaction over rows, events and revision, behind the locked head row."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pyproj import CRS
from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from geo.layers import Layer
from geo.store.blobs import MULTI_CODES
from geo.store.postgis_view import HEAD, PostgisView
from geo.store.postgres import SCHEMA
from geo.store.protocol import Event, KeptReceipt, Revision
from geo.store.rows import Rows
from geo.store.schema import srs_id
from geo.store.sql_view import SqlWriting, compiled
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, META, RECEIPT, REVISION, geometry_type

SRID_FLAG = 0x20000000

PREPARE = (
    f"SELECT set_config('{SCHEMA}.record', 'on', true), set_config('lock_timeout', %s, true), "
    "set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') "
    "THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
)

LOCKED_HEAD = select(HEAD.c.revision, HEAD.c.seq, HEAD.c.hash).with_for_update()


@cache
def _update_sql(layer: str, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    table = LAYER_TABLES[layer]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*names, "row_revision")}
    if GEOMETRY_COLUMN in names:
        values[GEOMETRY_COLUMN] = func.ST_GeomFromEWKB(values[GEOMETRY_COLUMN])
    statement = update(table).where(table.c.id == bindparam("new_id")).values(values)
    sql, order, _ = compiled(statement, PostgisView.dialect)
    return sql, tuple(name.removeprefix("new_") for name in order)


@cache
def _copy_sql(table: Table, names: tuple[str, ...]) -> str:
    quote = PostgisView.dialect.identifier_preparer.quote
    return f"COPY {quote(table.name)} ({', '.join(map(quote, names))}) FROM STDIN"


def ewkb(wkb: Sequence[bytes | None], declared: str, srid: int) -> list[bytes | None]:
    """Little-endian WKB with the number of its CRS; a single geometry as ``declared``, a multi, has it."""
    multi = MULTI_CODES.get(declared, 0)
    one = struct.pack("<BIII", 1, multi | SRID_FLAG, srid, 1)
    number = struct.pack("<I", srid)
    flag = bytes([SRID_FLAG >> 24])
    return [
        None
        if blob is None
        else one + blob
        if multi and blob[1] != multi
        else blob[:4] + flag + number + blob[5:]
        for blob in wkb
    ]


class PostgisWriting(SqlWriting, PostgisView):
    """A write transaction: it waits its turn at the head row, then sees all that was written before."""

    def __init__(self, connection: Connection, crs: CRS, busy_timeout_s: float) -> None:
        super().__init__(connection, crs)
        self._srid = srs_id(crs)
        self._cursor(PREPARE, (f"{max(1, round(busy_timeout_s * 1000))}ms",))
        ((self._revision, seq, digest),) = self._select(LOCKED_HEAD)
        self._head = int(seq), str(digest)

    def describe(self, meta: Mapping[str, str]) -> None:
        """Say what an empty store is: all of ``meta`` but what the schema and the record say themselves."""
        said = {key: value for key, value in meta.items() if key not in ("schema_version", "revision")}
        self._copy(META, ("key", "value"), list(said.items()))

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, GENESIS) before the first."""
        return self._head

    def revision(self) -> int:
        return int(self._revision)

    def insert(self, rows: Rows, revision: int | Sequence[int]) -> None:
        table = LAYER_TABLES[rows.layer.name]
        names = tuple(column.name for column in table.c if column.name != "fid")
        values = self._values(rows, names, revision)
        if GEOMETRY_COLUMN in names:
            place = names.index(GEOMETRY_COLUMN)
            values = ((*row[:place], row[place] and row[place].hex(), *row[place + 1 :]) for row in values)
        self._copy(table, names, values)

    def update(self, rows: Rows, names: Sequence[str], revision: int) -> None:
        """Write the named columns (``geometry`` among them or not) of rows that are there."""
        names = tuple(GEOMETRY_COLUMN if name == "geometry" else name for name in names)
        sql, order = _update_sql(rows.layer.name, names)
        self._many(sql, list(self._values(rows, order, revision)))

    def remove(self, layer: Layer, ids: Sequence[str]) -> None:
        table = LAYER_TABLES[layer.name]
        sql, _, _ = compiled(delete(table).where(self.among(table.c.id)), self.dialect)
        self._cursor(sql, (self.ids_value(ids),))

    def append(self, events: Sequence[Event]) -> None:
        self._copy(EVENT, Event._fields, events)
        self._head = events[-1].seq, events[-1].hash

    def add_revision(self, revision: Revision) -> None:
        """Number this transaction and move the head on."""
        self._copy(REVISION, Revision._fields, [revision])
        seq, digest = self._head
        sql = f"UPDATE {HEAD.name} SET revision = %s, seq = %s, hash = %s"
        self._cursor(sql, (revision.revision, seq, digest))
        self._revision = revision.revision

    def keep_receipt(self, receipt: KeptReceipt) -> None:
        self._copy(RECEIPT, KeptReceipt._fields, [receipt])

    def _copy(self, table: Table, names: tuple[str, ...], values: Iterable[Sequence[Any]]) -> None:
        driver: Any = self._connection.connection.dbapi_connection
        with driver.cursor() as cursor, cursor.copy(_copy_sql(table, names)) as copy:
            for row in values:
                copy.write_row(row)

    def _values(
        self, rows: Rows, order: Sequence[str], revision: int | Sequence[int]
    ) -> Iterable[tuple[Any, ...]]:
        revisions = [revision] * len(rows) if isinstance(revision, int) else revision
        columns: dict[str, Sequence[Any]] = {**rows.columns, "row_revision": revisions}
        if GEOMETRY_COLUMN in order:
            columns[GEOMETRY_COLUMN] = ewkb(rows.wkb, geometry_type(rows.layer), self._srid)
        return zip(*(columns[name] for name in order), strict=True)
