"""The one schema of a store, derived from the layers' contract."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

from geo.layers import AREA, BOOLEAN, DATE, INTEGER, LAYERS, PATH, REAL, SPOT, TEXT, Layer

SCHEMA_VERSION = 2

GEOMETRY_COLUMN = "geom"

SQL_TYPES: Mapping[str, TypeEngine[Any]] = {
    TEXT: Text(),
    INTEGER: BigInteger().with_variant(Integer(), "sqlite"),
    REAL: Double(),
    DATE: Date(),
    BOOLEAN: Boolean(),
}


class Geometry(UserDefinedType[bytes]):
    """A geometry column declared as the type of geometry that it holds."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        return self.kind


def geometry_type(layer: Layer) -> str:
    """The declared geometry type of ``layer``: the multi type of one family, ``GEOMETRY`` for a mixture.

    Where it is a multi type a single geometry is stored as a multi geometry of one part.
    """
    families = {AREA: "MULTIPOLYGON", PATH: "MULTILINESTRING", SPOT: "POINT"}
    return families.get(layer.geometry, "GEOMETRY")


metadata = MetaData()


def _layer_table(layer: Layer) -> Table:
    columns: list[Column[Any]] = [
        Column("fid", Integer, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        *(Column(column.name, SQL_TYPES[column.kind]) for column in layer.columns if column.name != "id"),
        Column("row_revision", Integer, nullable=False),
    ]
    if layer.geometry:
        columns.append(Column(GEOMETRY_COLUMN, Geometry(geometry_type(layer))))
    table: Table = Table(layer.name, metadata, *columns, sqlite_autoincrement=True)
    return table


LAYER_TABLES: Mapping[str, Table] = {name: _layer_table(layer) for name, layer in LAYERS.items()}

EVENT = Table(
    "tongchou_event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("row_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("hash", Text, nullable=False),
    Index("tongchou_event_revision", "revision"),
    Index("tongchou_event_row", "layer", "row_id"),
)

META = Table(
    "tongchou_meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

REVISION = Table(
    "tongchou_revision",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("summary", Text, nullable=False),
)

RECEIPT = Table(
    "tongchou_receipt",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Text, nullable=False),
)

RECORD_TABLES = (EVENT, META, REVISION, RECEIPT)
