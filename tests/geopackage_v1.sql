-- The schema of a GeoPackage store of version 1, as version 1 made it. Blank lines part the statements.
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL,
    definition TEXT NOT NULL,
    description TEXT
)

CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY,
    data_type TEXT NOT NULL,
    identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE,
    min_y DOUBLE,
    max_x DOUBLE,
    max_y DOUBLE,
    srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
)

CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL,
    m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
)

CREATE TABLE gpkg_extensions (
    table_name TEXT,
    column_name TEXT,
    extension_name TEXT NOT NULL,
    definition TEXT NOT NULL,
    scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
)

CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)

CREATE TABLE boundaries (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    level TEXT,
    code TEXT,
    name TEXT,
    schematic BOOLEAN,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom MULTIPOLYGON,
    UNIQUE (id)
)

CREATE TABLE owners (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT,
    name_en TEXT,
    short_name TEXT,
    utilities TEXT,
    contact TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    UNIQUE (id)
)

CREATE TABLE communities (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT,
    town TEXT,
    committee TEXT,
    address TEXT,
    year_built INTEGER,
    stage TEXT,
    stage_due DATE,
    delay_reason TEXT,
    building_count INTEGER,
    households INTEGER,
    floor_area_dm2 INTEGER,
    investment_fen INTEGER,
    note TEXT,
    sample BOOLEAN,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom MULTIPOLYGON,
    UNIQUE (id)
)

CREATE TABLE buildings (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    community TEXT,
    town TEXT,
    number TEXT,
    storeys INTEGER,
    units INTEGER,
    households INTEGER,
    floor_area_dm2 INTEGER,
    year_built INTEGER,
    structure TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom MULTIPOLYGON,
    UNIQUE (id)
)

CREATE TABLE ground (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    kind TEXT,
    name TEXT,
    community TEXT,
    width_m DOUBLE,
    height_m DOUBLE,
    schematic BOOLEAN,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom GEOMETRY,
    UNIQUE (id)
)

CREATE TABLE nodes (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    number TEXT,
    utility TEXT,
    kind TEXT,
    owner TEXT,
    community TEXT,
    feature TEXT,
    appurtenance TEXT,
    ground_elevation_m DOUBLE,
    chamber_depth_m DOUBLE,
    chamber_width_mm DOUBLE,
    chamber_length_mm DOUBLE,
    rotation_deg DOUBLE,
    surveyed_on DATE,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom POINT,
    UNIQUE (id)
)

CREATE TABLE lines (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    owner TEXT,
    utility TEXT,
    kind TEXT,
    line_class TEXT,
    state TEXT,
    community TEXT,
    dig TEXT,
    trunk BOOLEAN,
    house_connection BOOLEAN,
    start_number TEXT,
    end_number TEXT,
    depth_start_m DOUBLE,
    depth_end_m DOUBLE,
    elevation_start_m DOUBLE,
    elevation_end_m DOUBLE,
    depth_reference TEXT,
    size_text TEXT,
    nominal_diameter_mm DOUBLE,
    outer_width_mm DOUBLE,
    outer_height_mm DOUBLE,
    material TEXT,
    laying TEXT,
    pressure_mpa DOUBLE,
    voltage_kv DOUBLE,
    cable_count INTEGER,
    hole_count INTEGER,
    holes_used INTEGER,
    flow INTEGER,
    year_laid INTEGER,
    surveyed_on DATE,
    road TEXT,
    replaces TEXT,
    connects_to TEXT,
    serves_building TEXT,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom MULTILINESTRING,
    UNIQUE (id)
)

CREATE TABLE digs (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    number TEXT,
    owner TEXT,
    community TEXT,
    utility TEXT,
    state TEXT,
    window_start DATE,
    window_end DATE,
    width_m DOUBLE,
    depth_m DOUBLE,
    surface TEXT,
    purpose TEXT,
    contractor TEXT,
    replaces TEXT,
    joins TEXT,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    geom GEOMETRY,
    UNIQUE (id)
)

CREATE TABLE works (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    community TEXT,
    building TEXT,
    code TEXT,
    quantity DOUBLE,
    unit TEXT,
    cost_fen INTEGER,
    progress_percent INTEGER,
    planned_start DATE,
    planned_end DATE,
    actual_start DATE,
    actual_end DATE,
    contractor TEXT,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    UNIQUE (id)
)

CREATE TABLE tongchou_event (
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    origin TEXT NOT NULL,
    layer TEXT NOT NULL,
    row_id TEXT NOT NULL,
    action TEXT NOT NULL,
    "before" TEXT,
    "after" TEXT,
    hash TEXT NOT NULL,
    PRIMARY KEY (seq)
)

CREATE INDEX tongchou_event_revision ON tongchou_event (revision)

CREATE INDEX tongchou_event_row ON tongchou_event (layer, row_id)

CREATE TABLE tongchou_meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
)

CREATE TABLE tongchou_revision (
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    origin TEXT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (revision)
)

CREATE VIRTUAL TABLE "rtree_boundaries_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_boundaries_geom_insert" AFTER INSERT ON "boundaries"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_boundaries_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_boundaries_geom_update2" AFTER UPDATE OF "geom" ON "boundaries"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_boundaries_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_boundaries_geom_update4" AFTER UPDATE ON "boundaries"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_boundaries_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_boundaries_geom_update5" AFTER UPDATE ON "boundaries"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_boundaries_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_boundaries_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_boundaries_geom_update6" AFTER UPDATE OF "geom" ON "boundaries"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_boundaries_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_boundaries_geom_update7" AFTER UPDATE OF "geom" ON "boundaries"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_boundaries_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_boundaries_geom_delete" AFTER DELETE ON "boundaries"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_boundaries_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_communities_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_communities_geom_insert" AFTER INSERT ON "communities"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_communities_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_communities_geom_update2" AFTER UPDATE OF "geom" ON "communities"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_communities_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_communities_geom_update4" AFTER UPDATE ON "communities"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_communities_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_communities_geom_update5" AFTER UPDATE ON "communities"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_communities_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_communities_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_communities_geom_update6" AFTER UPDATE OF "geom" ON "communities"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_communities_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_communities_geom_update7" AFTER UPDATE OF "geom" ON "communities"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_communities_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_communities_geom_delete" AFTER DELETE ON "communities"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_communities_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_buildings_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_buildings_geom_insert" AFTER INSERT ON "buildings"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_buildings_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_buildings_geom_update2" AFTER UPDATE OF "geom" ON "buildings"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_buildings_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_buildings_geom_update4" AFTER UPDATE ON "buildings"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_buildings_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_buildings_geom_update5" AFTER UPDATE ON "buildings"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_buildings_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_buildings_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_buildings_geom_update6" AFTER UPDATE OF "geom" ON "buildings"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_buildings_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_buildings_geom_update7" AFTER UPDATE OF "geom" ON "buildings"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_buildings_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_buildings_geom_delete" AFTER DELETE ON "buildings"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_buildings_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_ground_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_ground_geom_insert" AFTER INSERT ON "ground"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_ground_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_ground_geom_update2" AFTER UPDATE OF "geom" ON "ground"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_ground_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_ground_geom_update4" AFTER UPDATE ON "ground"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_ground_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_ground_geom_update5" AFTER UPDATE ON "ground"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_ground_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_ground_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_ground_geom_update6" AFTER UPDATE OF "geom" ON "ground"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_ground_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_ground_geom_update7" AFTER UPDATE OF "geom" ON "ground"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_ground_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_ground_geom_delete" AFTER DELETE ON "ground"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_ground_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_nodes_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_nodes_geom_insert" AFTER INSERT ON "nodes"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_nodes_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_nodes_geom_update2" AFTER UPDATE OF "geom" ON "nodes"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_nodes_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_nodes_geom_update4" AFTER UPDATE ON "nodes"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_nodes_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_nodes_geom_update5" AFTER UPDATE ON "nodes"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_nodes_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_nodes_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_nodes_geom_update6" AFTER UPDATE OF "geom" ON "nodes"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_nodes_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_nodes_geom_update7" AFTER UPDATE OF "geom" ON "nodes"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_nodes_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_nodes_geom_delete" AFTER DELETE ON "nodes"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_nodes_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_lines_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_lines_geom_insert" AFTER INSERT ON "lines"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_lines_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_lines_geom_update2" AFTER UPDATE OF "geom" ON "lines"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_lines_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_lines_geom_update4" AFTER UPDATE ON "lines"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_lines_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_lines_geom_update5" AFTER UPDATE ON "lines"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_lines_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_lines_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_lines_geom_update6" AFTER UPDATE OF "geom" ON "lines"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_lines_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_lines_geom_update7" AFTER UPDATE OF "geom" ON "lines"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_lines_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_lines_geom_delete" AFTER DELETE ON "lines"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_lines_geom" WHERE id = OLD."fid";
END

CREATE VIRTUAL TABLE "rtree_digs_geom" USING rtree(id, minx, maxx, miny, maxy)

CREATE TRIGGER "rtree_digs_geom_insert" AFTER INSERT ON "digs"
WHEN NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")
BEGIN
    INSERT OR REPLACE INTO "rtree_digs_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_digs_geom_update2" AFTER UPDATE OF "geom" ON "digs"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_digs_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "rtree_digs_geom_update4" AFTER UPDATE ON "digs"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_digs_geom" WHERE id IN (OLD."fid", NEW."fid");
END

CREATE TRIGGER "rtree_digs_geom_update5" AFTER UPDATE ON "digs"
WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
    DELETE FROM "rtree_digs_geom" WHERE id = OLD."fid";
    INSERT OR REPLACE INTO "rtree_digs_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_digs_geom_update6" AFTER UPDATE OF "geom" ON "digs"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" NOTNULL AND NOT ST_IsEmpty(OLD."geom"))
BEGIN
    UPDATE "rtree_digs_geom" SET
        minx = ST_MinX(NEW."geom"), maxx = ST_MaxX(NEW."geom"),
        miny = ST_MinY(NEW."geom"), maxy = ST_MaxY(NEW."geom")
    WHERE id = NEW."fid";
END

CREATE TRIGGER "rtree_digs_geom_update7" AFTER UPDATE OF "geom" ON "digs"
WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
    AND (OLD."geom" ISNULL OR ST_IsEmpty(OLD."geom"))
BEGIN
    INSERT INTO "rtree_digs_geom" VALUES (
        NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")
    );
END

CREATE TRIGGER "rtree_digs_geom_delete" AFTER DELETE ON "digs"
WHEN OLD."geom" NOT NULL
BEGIN
    DELETE FROM "rtree_digs_geom" WHERE id = OLD."fid";
END

CREATE TRIGGER "tongchou_guard_boundaries_insert" BEFORE INSERT ON "boundaries" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_boundaries_update" BEFORE UPDATE ON "boundaries" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_boundaries_delete" BEFORE DELETE ON "boundaries" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_owners_insert" BEFORE INSERT ON "owners" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_owners_update" BEFORE UPDATE ON "owners" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_owners_delete" BEFORE DELETE ON "owners" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_communities_insert" BEFORE INSERT ON "communities" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_communities_update" BEFORE UPDATE ON "communities" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_communities_delete" BEFORE DELETE ON "communities" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_buildings_insert" BEFORE INSERT ON "buildings" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_buildings_update" BEFORE UPDATE ON "buildings" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_buildings_delete" BEFORE DELETE ON "buildings" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_ground_insert" BEFORE INSERT ON "ground" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_ground_update" BEFORE UPDATE ON "ground" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_ground_delete" BEFORE DELETE ON "ground" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_nodes_insert" BEFORE INSERT ON "nodes" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_nodes_update" BEFORE UPDATE ON "nodes" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_nodes_delete" BEFORE DELETE ON "nodes" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_lines_insert" BEFORE INSERT ON "lines" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_lines_update" BEFORE UPDATE ON "lines" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_lines_delete" BEFORE DELETE ON "lines" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_digs_insert" BEFORE INSERT ON "digs" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_digs_update" BEFORE UPDATE ON "digs" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_digs_delete" BEFORE DELETE ON "digs" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_works_insert" BEFORE INSERT ON "works" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_works_update" BEFORE UPDATE ON "works" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_works_delete" BEFORE DELETE ON "works" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_event_insert" BEFORE INSERT ON "tongchou_event" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_event_update" BEFORE UPDATE ON "tongchou_event" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_event_delete" BEFORE DELETE ON "tongchou_event" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_meta_insert" BEFORE INSERT ON "tongchou_meta" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_meta_update" BEFORE UPDATE ON "tongchou_meta" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_meta_delete" BEFORE DELETE ON "tongchou_meta" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_revision_insert" BEFORE INSERT ON "tongchou_revision" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_revision_update" BEFORE UPDATE ON "tongchou_revision" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_revision_delete" BEFORE DELETE ON "tongchou_revision" BEGIN SELECT tongchou_guard(); END
