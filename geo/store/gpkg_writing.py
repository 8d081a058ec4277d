"""Writing to a GeoPackage store: one transaction over rows, events, revision and the layers' extents."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from pyproj import CRS
from sqlalchemy import Connection, Table, bindparam, delete, insert, update

from geo.layers import Layer
from geo.store.blobs import pack
from geo.store.gpkg_view import GeoPackageView
from geo.store.protocol import Event, KeptReceipt, Revision
from geo.store.rows import Rows
from geo.store.schema import srs_id
from geo.store.sql_view import SqlWriting, compiled
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, RECEIPT, REVISION, geometry_type

BOX_NAMES = ("min_x", "min_y", "max_x", "max_y")
BOX = "min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom))"


@cache
def _insert_sql(table: Table, skipped: str = "fid") -> tuple[str, tuple[str, ...]]:
    names = [column.name for column in table.c if column.name != skipped]
    statement = insert(table).values({name: bindparam(name) for name in names})
    return compiled(statement, GeoPackageView.dialect)[:2]


@cache
def _tuple_sql(table: Table, fields: tuple[str, ...]) -> str:
    """The insert of a tuple whose fields are the table's columns, in their order."""
    sql, order = _insert_sql(table)
    assert order == fields
    return sql


@cache
def _update_sql(layer: str, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    table = LAYER_TABLES[layer]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*names, "row_revision")}
    statement = update(table).where(table.c.id == bindparam("new_id")).values(values)
    sql, order, _ = compiled(statement, GeoPackageView.dialect)
    return sql, tuple(name.removeprefix("new_") for name in order)


class GeoPackageWriting(SqlWriting, GeoPackageView):
    """A write transaction: kept as a whole when its block ends well, else not at all."""

    def __init__(self, connection: Connection, crs: CRS) -> None:
        super().__init__(connection, crs)
        self._srs_id = srs_id(crs)
        self._written: set[str] = set()
        self._shrunk: set[str] = set()

    def insert(self, rows: Rows, revision: int | Sequence[int]) -> None:
        sql, order = _insert_sql(LAYER_TABLES[rows.layer.name])
        self._many(sql, self._values(rows, order, revision))
        self._widen(rows)

    def update(self, rows: Rows, names: Sequence[str], revision: int) -> None:
        """Write the named columns (``geometry`` among them or not) of rows that are there."""
        names = tuple(GEOMETRY_COLUMN if name == "geometry" else name for name in names)
        if GEOMETRY_COLUMN in names:
            self._note_edge(rows.layer, rows.ids)
        sql, order = _update_sql(rows.layer.name, names)
        self._many(sql, self._values(rows, order, revision))
        self._written.add(rows.layer.name)
        if GEOMETRY_COLUMN in names:
            self._widen(rows)

    def remove(self, layer: Layer, ids: Sequence[str]) -> None:
        self._note_edge(layer, ids)
        table = LAYER_TABLES[layer.name]
        self._select(delete(table).where(self.among(table.c.id)), ids=self.ids_value(ids))
        self._written.add(layer.name)

    def append(self, events: Sequence[Event]) -> None:
        self._many(_tuple_sql(EVENT, Event._fields), events)

    def keep_receipt(self, receipt: KeptReceipt) -> None:
        self._cursor(_tuple_sql(RECEIPT, KeptReceipt._fields), receipt)

    def add_revision(self, revision: Revision) -> None:
        """Number this transaction, and date and measure the layers that it wrote."""
        self._cursor(_tuple_sql(REVISION, Revision._fields), revision)
        for name in sorted(self._shrunk):
            self._set_extent(name, np.array(self._rows(f"SELECT {BOX} FROM {name}")[0], dtype="float64"))
        dated = [(f"{revision.at[:23]}Z", name) for name in sorted(self._written)]
        self._many("UPDATE gpkg_contents SET last_change = ? WHERE table_name = ?", dated)

    def _values(
        self, rows: Rows, order: Sequence[str], revision: int | Sequence[int]
    ) -> Iterable[tuple[Any, ...]]:
        revisions = [revision] * len(rows) if isinstance(revision, int) else revision
        columns: dict[str, Sequence[Any]] = {**rows.columns, "row_revision": revisions}
        if GEOMETRY_COLUMN in order:
            columns[GEOMETRY_COLUMN] = pack(rows.wkb, rows.bounds, geometry_type(rows.layer), self._srs_id)
        return zip(*(columns[name] for name in order), strict=True)

    def _extent(self, layer: Layer) -> np.ndarray:
        names = ", ".join(BOX_NAMES)
        box = self._rows(f"SELECT {names} FROM gpkg_contents WHERE table_name = ?", (layer.name,))
        return np.array(box[0], dtype="float64")

    def _set_extent(self, layer: str, box: np.ndarray) -> None:
        values = tuple(None if np.isnan(side) else float(side) for side in box)
        places = ", ".join(f"{name} = ?" for name in BOX_NAMES)
        self._cursor(f"UPDATE gpkg_contents SET {places} WHERE table_name = ?", (*values, layer))

    def _widen(self, rows: Rows) -> None:
        self._written.add(rows.layer.name)
        boxes = rows.bounds[~np.isnan(rows.bounds).any(axis=1)]
        if not len(boxes):
            return
        old = self._extent(rows.layer)
        low, high = np.fmin(old[:2], boxes[:, :2].min(axis=0)), np.fmax(old[2:], boxes[:, 2:].max(axis=0))
        self._set_extent(rows.layer.name, np.concatenate([low, high]))

    def _note_edge(self, layer: Layer, ids: Collection[str]) -> None:
        """Where a row that moves or goes made the extent as wide as it is, have it measured in the end."""
        if not layer.geometry or layer.name in self._shrunk:
            return
        query = f"SELECT {BOX} FROM {layer.name} WHERE id IN (SELECT value FROM json_each(?))"
        box = np.array(self._rows(query, (self.ids_value(ids),))[0], dtype="float64")
        if (box == self._extent(layer)).any():
            self._shrunk.add(layer.name)
