"""The fixed parts of a GeoPackage: its own tables, R-tree and guard triggers, and how layers are entered.

After OGC 12-128r18 (GeoPackage 1.4); its statements are in ``geopackage.sql`` and ``rtree.sql``.
"""

from collections.abc import Iterator
from datetime import date
from importlib.resources import files

from pyproj import CRS
from sqlalchemy import Connection

from geo.layers import LAYERS, Layer
from geo.store.sqlite import GUARD
from geo.store.styles import qml, styled_layers
from geo.store.tables import GEOMETRY_COLUMN, LAYER_TABLES, RECORD_TABLES, geometry_type, metadata

APPLICATION_ID = 0x47504B47
USER_VERSION = 10400
LOCAL_SRS_ID = 100000

GUARDED = ("insert", "update", "delete")
INDEXED = ("insert", "update2", "update4", "update5", "update6", "update7", "delete")

SPATIAL_REF_SYS = "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)"
CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id) "
    "VALUES (?, ?, ?, ?, ?)"
)
GEOMETRY_COLUMNS = "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)"
LAYER_STYLES = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
    "styleQML, useAsDefault, update_time) VALUES ('', '', ?, ?, ?, ?, 1, ?)"
)


def build(connection: Connection, crs: CRS, as_of: date | None) -> None:
    """Make every table and trigger of an empty store, in the connection's transaction.

    ``as_of`` stands where the format asks for a time of change; without it that is the epoch.
    """
    stamp = f"{(as_of or date(1970, 1, 1)).isoformat()}T00:00:00.000Z"
    run = connection.exec_driver_sql
    run(f"PRAGMA application_id = {APPLICATION_ID}")
    run(f"PRAGMA user_version = {USER_VERSION}")
    for statement in statements("geopackage"):
        run(statement)
    metadata.create_all(connection, checkfirst=False)
    for row in _reference_systems(crs):
        run(SPATIAL_REF_SYS, row)
    for layer in LAYERS.values():
        _enter(connection, layer, srs_id(crs), stamp)
    _enter_styles(connection, stamp)
    for name in (*LAYER_TABLES, *(table.name for table in RECORD_TABLES)):
        for statement in guards(name):
            run(statement)


def statements(name: str) -> list[str]:
    """The statements of ``name``.sql, in order."""
    return files("geo").joinpath("store", f"{name}.sql").read_text(encoding="utf-8").strip().split("\n\n")


def srs_id(crs: CRS) -> int:
    """The number of ``crs`` in the file: its EPSG code, or one of our own."""
    authority = crs.to_authority()
    return int(authority[1]) if authority and authority[0] == "EPSG" else LOCAL_SRS_ID


def _reference_systems(crs: CRS) -> Iterator[tuple[str, int, str, int, str, str]]:
    yield (
        "Undefined Cartesian SRS",
        -1,
        "NONE",
        -1,
        "undefined",
        "undefined Cartesian coordinate reference system",
    )
    yield (
        "Undefined geographic SRS",
        0,
        "NONE",
        0,
        "undefined",
        "undefined geographic coordinate reference system",
    )
    wgs84 = CRS.from_epsg(4326)
    yield "WGS 84 geodetic", 4326, "EPSG", 4326, wgs84.to_wkt("WKT1_GDAL"), "longitude/latitude on WGS 84"
    number = srs_id(crs)
    organization = "NONE" if number == LOCAL_SRS_ID else "EPSG"
    yield crs.name, number, organization, number, crs.to_wkt("WKT1_GDAL"), ""


def _enter(connection: Connection, layer: Layer, srs: int, stamp: str) -> None:
    run = connection.exec_driver_sql
    if not layer.geometry:
        run(CONTENTS, (layer.name, "attributes", layer.name, stamp, 0))
        return
    run(CONTENTS, (layer.name, "features", layer.name, stamp, srs))
    run(GEOMETRY_COLUMNS, (layer.name, GEOMETRY_COLUMN, geometry_type(layer), srs))
    for statement in statements("rtree"):
        run(statement.replace("<t>", layer.name).replace("<c>", GEOMETRY_COLUMN).replace("<i>", "fid"))


def _enter_styles(connection: Connection, stamp: str) -> None:
    connection.exec_driver_sql(CONTENTS, ("layer_styles", "attributes", "layer_styles", stamp, 0))
    for name in styled_layers():
        connection.exec_driver_sql(LAYER_STYLES, (name, GEOMETRY_COLUMN, name, qml(name), stamp))


def trigger_names(table: str) -> tuple[str, ...]:
    """Names of the triggers that a table of the store must have."""
    guarding = tuple(f"tongchou_guard_{table}_{action}" for action in GUARDED)
    if table not in LAYERS or not LAYERS[table].geometry:
        return guarding
    return (*guarding, *(f"rtree_{table}_{GEOMETRY_COLUMN}_{action}" for action in INDEXED))


def guards(table: str) -> Iterator[str]:
    """Triggers that fail on every connection but ours, because the function they call is not there."""
    for action in GUARDED:
        yield (
            f'CREATE TRIGGER "tongchou_guard_{table}_{action}" BEFORE {action.upper()} ON "{table}" '
            f"BEGIN SELECT {GUARD}(); END"
        )
