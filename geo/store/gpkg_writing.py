"""Writing to a GeoPackage store: one transaction over rows, events, revision and the layers' extents."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from pyproj import CRS
from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from geo.layers import Layer
from geo.store.blobs import pack
from geo.store.canonical import GENESIS
from geo.store.gpkg_view import GeoPackageView, compiled, given_ids, ids_text
from geo.store.protocol import Event
from geo.store.rows import Rows
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, REVISION, geometry_type

BOX_NAMES = ("min_x", "min_y", "max_x", "max_y")
BOX = "min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom))"


@cache
def _insert_sql(layer: str) -> tuple[str, tuple[str, ...]]:
    names = [column.name for column in LAYER_TABLES[layer].c if column.name != "fid"]
    sql, order, _ = compiled(insert(LAYER_TABLES[layer]).values({name: bindparam(name) for name in names}))
    return sql, order


@cache
def _update_sql(layer: str, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    table = LAYER_TABLES[layer]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*names, "row_revision")}
    sql, order, _ = compiled(update(table).where(table.c.id == bindparam("new_id")).values(values))
    return sql, tuple(name.removeprefix("new_") for name in order)


class GeoPackageWriting(GeoPackageView):
    """A write transaction: kept as a whole when its block ends well, else not at all."""

    def __init__(self, connection: Connection, crs: CRS, srs_id: int) -> None:
        super().__init__(connection, crs, srs_id)
        self._written: set[str] = set()
        self._shrunk: set[str] = set()

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, GENESIS) before the first."""
        last = self._select(select(EVENT.c.seq, EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1))
        return (int(last[0][0]), str(last[0][1])) if last else (0, GENESIS)

    def known(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that are in the layer now."""
        table = LAYER_TABLES[layer.name]
        return self._ids(select(table.c.id).where(table.c.id.in_(given_ids())), ids)

    def retired(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that were in the layer once and have been removed."""
        removed = select(EVENT.c.row_id).where(EVENT.c.layer == layer.name, EVENT.c.action == "remove")
        return self._ids(removed.where(EVENT.c.row_id.in_(given_ids())), ids)

    def referring(self, layer: Layer, column: str, ids: Collection[str]) -> list[tuple[str, str]]:
        """(row id, value) of the layer's rows whose ``column`` is one of ``ids``."""
        table = LAYER_TABLES[layer.name]
        query = select(table.c.id, table.c[column]).where(table.c[column].in_(given_ids()))
        return [(str(row), str(value)) for row, value in self._select(query, ids=ids_text(ids))]

    def _ids(self, query: Executable, ids: Collection[str]) -> set[str]:
        return {row[0] for row in self._select(query, ids=ids_text(ids))} if ids else set()

    def insert(self, rows: Rows, revision: int) -> None:
        sql, order = _insert_sql(rows.layer.name)
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
        self._cursor(compiled(delete(table).where(table.c.id.in_(given_ids())))[0], (ids_text(ids),))
        self._written.add(layer.name)

    def append(self, events: Sequence[Event]) -> None:
        sql, order, _ = compiled(insert(EVENT).values({name: bindparam(name) for name in Event._fields}))
        if order != Event._fields:
            raise AssertionError(order)
        self._many(sql, events)

    def add_revision(self, revision: int, *, at: str, actor: str, origin: str, summary: str) -> None:
        """Number this transaction, and date and measure the layers that it wrote."""
        names = ("revision", "at", "actor", "origin", "summary")
        sql, order, _ = compiled(insert(REVISION).values({name: bindparam(name) for name in names}))
        given = dict(zip(names, (revision, at, actor, origin, summary), strict=True))
        self._cursor(sql, tuple(given[name] for name in order))
        for name in sorted(self._shrunk):
            self._set_extent(name, np.array(self._rows(f"SELECT {BOX} FROM {name}")[0], dtype="float64"))
        dated = [(f"{at[:23]}Z", name) for name in sorted(self._written)]
        self._many("UPDATE gpkg_contents SET last_change = ? WHERE table_name = ?", dated)

    def _many(self, sql: str, values: Iterable[tuple[Any, ...]]) -> None:
        cursor: Any = self._connection.connection.cursor()
        cursor.executemany(sql, values)

    def _values(self, rows: Rows, order: Sequence[str], revision: int) -> Iterable[tuple[Any, ...]]:
        columns: dict[str, Sequence[Any]] = {**rows.columns, "row_revision": [revision] * len(rows)}
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
        box = np.array(self._rows(query, (ids_text(ids),))[0], dtype="float64")
        if (box == self._extent(layer)).any():
            self._shrunk.add(layer.name)
