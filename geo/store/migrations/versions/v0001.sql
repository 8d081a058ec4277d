-- The layers and the record of version 1. Blank lines part the statements; <srid> is the store's CRS.
CREATE TABLE tongchou.boundaries (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    level text,
    code text,
    name text,
    schematic boolean,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(MULTIPOLYGON, <srid>)
)

CREATE INDEX boundaries_geom ON tongchou.boundaries USING gist (geom)

CREATE TABLE tongchou.owners (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    name text,
    name_en text,
    short_name text,
    utilities text,
    contact text,
    source text,
    source_id text,
    row_revision bigint NOT NULL
)

CREATE TABLE tongchou.communities (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    name text,
    town text,
    committee text,
    address text,
    year_built bigint,
    stage text,
    stage_due date,
    delay_reason text,
    building_count bigint,
    households bigint,
    floor_area_dm2 bigint,
    investment_fen bigint,
    note text,
    sample boolean,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(MULTIPOLYGON, <srid>)
)

CREATE INDEX communities_geom ON tongchou.communities USING gist (geom)

CREATE TABLE tongchou.buildings (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    community text,
    town text,
    number text,
    storeys bigint,
    units bigint,
    households bigint,
    floor_area_dm2 bigint,
    year_built bigint,
    structure text,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(MULTIPOLYGON, <srid>)
)

CREATE INDEX buildings_geom ON tongchou.buildings USING gist (geom)

CREATE TABLE tongchou.ground (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text,
    name text,
    community text,
    width_m double precision,
    height_m double precision,
    schematic boolean,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(GEOMETRY, <srid>)
)

CREATE INDEX ground_geom ON tongchou.ground USING gist (geom)

CREATE TABLE tongchou.nodes (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    number text,
    utility text,
    kind text,
    owner text,
    community text,
    feature text,
    appurtenance text,
    ground_elevation_m double precision,
    chamber_depth_m double precision,
    chamber_width_mm double precision,
    chamber_length_mm double precision,
    rotation_deg double precision,
    surveyed_on date,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(POINT, <srid>)
)

CREATE INDEX nodes_geom ON tongchou.nodes USING gist (geom)

CREATE TABLE tongchou.lines (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    owner text,
    utility text,
    kind text,
    line_class text,
    state text,
    community text,
    dig text,
    trunk boolean,
    house_connection boolean,
    start_number text,
    end_number text,
    depth_start_m double precision,
    depth_end_m double precision,
    elevation_start_m double precision,
    elevation_end_m double precision,
    depth_reference text,
    size_text text,
    nominal_diameter_mm double precision,
    outer_width_mm double precision,
    outer_height_mm double precision,
    material text,
    laying text,
    pressure_mpa double precision,
    voltage_kv double precision,
    cable_count bigint,
    hole_count bigint,
    holes_used bigint,
    flow bigint,
    year_laid bigint,
    surveyed_on date,
    road text,
    replaces text,
    connects_to text,
    serves_building text,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(MULTILINESTRING, <srid>)
)

CREATE INDEX lines_geom ON tongchou.lines USING gist (geom)

CREATE TABLE tongchou.digs (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    number text,
    owner text,
    community text,
    utility text,
    state text,
    window_start date,
    window_end date,
    width_m double precision,
    depth_m double precision,
    surface text,
    purpose text,
    contractor text,
    replaces text,
    joins text,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL,
    geom geometry(GEOMETRY, <srid>)
)

CREATE INDEX digs_geom ON tongchou.digs USING gist (geom)

CREATE TABLE tongchou.works (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    community text,
    building text,
    code text,
    quantity double precision,
    unit text,
    cost_fen bigint,
    progress_percent bigint,
    planned_start date,
    planned_end date,
    actual_start date,
    actual_end date,
    contractor text,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL
)

CREATE TABLE tongchou.tongchou_event (
    seq bigint PRIMARY KEY,
    revision bigint NOT NULL,
    at text NOT NULL,
    actor text NOT NULL,
    origin text NOT NULL,
    layer text NOT NULL,
    row_id text NOT NULL,
    action text NOT NULL,
    before text,
    after text,
    hash text NOT NULL
)

CREATE INDEX tongchou_event_revision ON tongchou.tongchou_event (revision)

CREATE INDEX tongchou_event_row ON tongchou.tongchou_event (layer, row_id)

CREATE TABLE tongchou.tongchou_meta (
    key text PRIMARY KEY,
    value text NOT NULL
)

CREATE TABLE tongchou.tongchou_revision (
    revision bigint PRIMARY KEY,
    at text NOT NULL,
    actor text NOT NULL,
    origin text NOT NULL,
    summary text NOT NULL
)

CREATE TABLE tongchou.tongchou_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL
)

INSERT INTO tongchou.tongchou_head (revision, seq, hash) VALUES (0, 0, repeat('0', 64))

INSERT INTO tongchou.tongchou_meta VALUES ('schema_version', '1')

CREATE FUNCTION tongchou.refuse_unrecorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('tongchou.record', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'table % changes by the record only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION tongchou.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is only added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.boundaries
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.owners
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.communities
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.buildings
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.ground
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.nodes
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.lines
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.digs
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.works
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.tongchou_meta
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.tongchou_head
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT ON tongchou.tongchou_event
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON tongchou.tongchou_event
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse()

CREATE TRIGGER tongchou_guard BEFORE INSERT ON tongchou.tongchou_revision
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON tongchou.tongchou_revision
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse()
