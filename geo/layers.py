"""The contract of every layer: columns, types, units, geometry type; ``geo.contract`` holds frames to it.

Frames in memory carry text as ``string``, integers as ``Int64``, reals as ``float64``, dates as
``datetime64[s]`` and truth as ``boolean``; a missing value is missing, never zero and never ``""``.
"""

from geo.contract import (
    AREA,
    BOOLEAN,
    DATE,
    DTYPES,
    INTEGER,
    PATH,
    REAL,
    SPOT,
    TEXT,
    Column,
    Fault,
    Layer,
    check,
    check_crs,
    check_part,
    conform,
    empty,
)
from geo.errors import NotFound
from geo.vocabulary import (
    BoundaryLevel,
    DepthReference,
    DigState,
    GroundKind,
    InspectionResult,
    LineState,
    Stage,
    Utility,
)

__all__ = [
    "AREA",
    "BOOLEAN",
    "BOUNDARIES",
    "BUILDINGS",
    "COMMUNITIES",
    "CONSENTS",
    "DATE",
    "DIGS",
    "DTYPES",
    "FILES",
    "GROUND",
    "INSPECTIONS",
    "INTEGER",
    "LAYERS",
    "LINES",
    "NODES",
    "OWNERS",
    "PATH",
    "REAL",
    "SPOT",
    "TEXT",
    "WORKS",
    "Column",
    "Fault",
    "Layer",
    "check",
    "check_crs",
    "check_part",
    "conform",
    "empty",
    "layer_named",
]

ID = Column("id", required=True)
SOURCE = Column("source")
SOURCE_ID = Column("source_id")
COMMUNITY = Column("community", refers_to="communities")
FIRST_YEAR, LAST_YEAR = 1900, 2100


def _layer(
    name: str, *columns: Column, geometry: tuple[str, ...] = (), geometry_required: bool = True
) -> Layer:
    return Layer(name, (ID, *columns, SOURCE, SOURCE_ID), geometry, geometry_required)


BOUNDARIES = _layer(
    "boundaries",
    Column("level", required=True, choices=BoundaryLevel),
    Column("code", required=True),
    Column("name", required=True),
    Column("schematic", BOOLEAN),
    geometry=AREA,
)
COMMUNITIES = _layer(
    "communities",
    Column("name", required=True),
    Column("town", required=True, refers_to="towns"),
    Column("committee"),
    Column("address"),
    Column("year_built", INTEGER, "year", low=FIRST_YEAR, high=LAST_YEAR),
    Column("stage", required=True, choices=Stage),
    Column("stage_due", DATE),
    Column("delay_reason"),
    Column("building_count", INTEGER, "buildings", low=0),
    Column("households", INTEGER, "households", low=0),
    Column("floor_area_dm2", INTEGER, "0.01 m2", low=0),
    Column("investment_fen", INTEGER, "fen", low=0),
    Column("note"),
    Column("sample", BOOLEAN),
    geometry=AREA,
    geometry_required=False,
)
BUILDINGS = _layer(
    "buildings",
    COMMUNITY,
    Column("town", refers_to="towns"),
    Column("number"),
    Column("storeys", INTEGER, "storeys", low=0, high=200),
    Column("units", INTEGER, "stairwells", low=0),
    Column("households", INTEGER, "households", low=0),
    Column("floor_area_dm2", INTEGER, "0.01 m2", low=0),
    Column("year_built", INTEGER, "year", low=FIRST_YEAR, high=LAST_YEAR),
    Column("structure"),
    geometry=AREA,
)
OWNERS = _layer(
    "owners",
    Column("name", required=True),
    Column("name_en"),
    Column("short_name"),
    Column("utilities"),
    Column("contact"),
)
LINES = _layer(
    "lines",
    Column("owner", refers_to="owners"),
    Column("utility", required=True, choices=Utility),
    Column("kind"),
    Column("line_class"),
    Column("state", required=True, choices=LineState),
    COMMUNITY,
    Column("dig", refers_to="digs"),
    Column("trunk", BOOLEAN),
    Column("house_connection", BOOLEAN),
    Column("start_number"),
    Column("end_number"),
    Column("depth_start_m", REAL, "m", low=-30, high=100),
    Column("depth_end_m", REAL, "m", low=-30, high=100),
    Column("elevation_start_m", REAL, "m"),
    Column("elevation_end_m", REAL, "m"),
    Column("depth_reference", choices=DepthReference),
    Column("size_text"),
    Column("nominal_diameter_mm", REAL, "mm", low=0),
    Column("outer_width_mm", REAL, "mm", low=0),
    Column("outer_height_mm", REAL, "mm", low=0),
    Column("material"),
    Column("laying"),
    Column("pressure_mpa", REAL, "MPa", low=0),
    Column("voltage_kv", REAL, "kV", low=0),
    Column("cable_count", INTEGER, low=0),
    Column("hole_count", INTEGER, low=0),
    Column("holes_used", INTEGER, low=0),
    Column("flow", INTEGER),
    Column("year_laid", INTEGER, "year", low=FIRST_YEAR, high=LAST_YEAR),
    Column("surveyed_on", DATE),
    Column("road"),
    Column("replaces", refers_to="lines"),
    Column("connects_to", refers_to="lines"),
    Column("serves_building", refers_to="buildings"),
    Column("note"),
    geometry=PATH,
)
NODES = _layer(
    "nodes",
    Column("number"),
    Column("utility", required=True, choices=Utility),
    Column("kind"),
    Column("owner", refers_to="owners"),
    COMMUNITY,
    Column("feature"),
    Column("appurtenance"),
    Column("ground_elevation_m", REAL, "m"),
    Column("chamber_depth_m", REAL, "m", low=0, high=100),
    Column("chamber_width_mm", REAL, "mm", low=0),
    Column("chamber_length_mm", REAL, "mm", low=0),
    Column("rotation_deg", REAL, "degree"),
    Column("surveyed_on", DATE),
    Column("note"),
    geometry=SPOT,
)
GROUND = _layer(
    "ground",
    Column("kind", required=True, choices=GroundKind),
    Column("name"),
    COMMUNITY,
    Column("width_m", REAL, "m", low=0),
    Column("height_m", REAL, "m", low=0),
    Column("schematic", BOOLEAN),
    geometry=(*AREA, *PATH, *SPOT, "MultiPoint"),
)
DIGS = _layer(
    "digs",
    Column("number"),
    Column("owner", refers_to="owners"),
    COMMUNITY,
    Column("utility", choices=Utility),
    Column("state", required=True, choices=DigState),
    Column("window_start", DATE),
    Column("window_end", DATE),
    Column("width_m", REAL, "m", low=0, high=50),
    Column("depth_m", REAL, "m", low=0, high=50),
    Column("surface"),
    Column("purpose"),
    Column("contractor"),
    Column("replaces", refers_to="lines"),
    Column("joins", refers_to="digs"),
    Column("note"),
    geometry=(*PATH, *AREA),
)
WORKS = _layer(
    "works",
    Column("community", required=True, refers_to="communities"),
    Column("building", refers_to="buildings"),
    Column("code", required=True),
    Column("quantity", REAL, low=0),
    Column("unit"),
    Column("cost_fen", INTEGER, "fen", low=0),
    Column("progress_percent", INTEGER, "%", low=0, high=100),
    Column("planned_start", DATE),
    Column("planned_end", DATE),
    Column("actual_start", DATE),
    Column("actual_end", DATE),
    Column("contractor"),
    Column("note"),
)

INSPECTIONS = _layer(
    "inspections",
    Column("community", required=True, refers_to="communities"),
    Column("building", refers_to="buildings"),
    Column("work", refers_to="works"),
    Column("inspected_on", DATE, required=True),
    Column("result", required=True, choices=InspectionResult),
    Column("note"),
)
FILES = _layer(
    "files",
    COMMUNITY,
    Column("dig", refers_to="digs"),
    Column("name", required=True),
    Column("media_type", required=True),
    Column("size_bytes", INTEGER, "bytes", required=True, low=0),
    Column("sha256", required=True),
    Column("caption"),
    Column("taken_on", DATE),
)
CONSENTS = _layer(
    "consents",
    Column("dig", required=True, refers_to="digs"),
    Column("line", required=True, refers_to="lines"),
    Column("agreed_on", DATE),
    Column("note"),
)

LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        BOUNDARIES,
        OWNERS,
        COMMUNITIES,
        BUILDINGS,
        GROUND,
        NODES,
        LINES,
        DIGS,
        WORKS,
        INSPECTIONS,
        FILES,
        CONSENTS,
    )
}


def layer_named(name: str) -> Layer:
    """The layer of that name, or ``NotFound``."""
    if name not in LAYERS:
        raise NotFound("no_such_layer", layer=name, known=", ".join(LAYERS))
    return LAYERS[name]
